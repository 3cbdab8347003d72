"""The history of prompts."""

from foveate_shared.forms.prompt_history import LENGTH, Recall, in_one_line, remembered


def test_the_newest_is_first_and_each_is_there_once():
    history = remembered(("a", "b", "c"), " b ")
    assert history == ("b", "a", "c")
    assert remembered(history, "  ") == history


def test_the_oldest_is_forgotten():
    history = tuple(str(number) for number in range(LENGTH))
    assert remembered(history, "new") == ("new", *history[:-1])


def test_a_menus_line():
    assert in_one_line("a\n b") == "a b"
    assert in_one_line("word " * 40, 12) == "word word w…"


def test_older_newer_and_back_to_the_draft():
    recall, history = Recall(), ("new", "old")
    assert recall.older(history, "draft") == "new"
    assert recall.older(history, "new") == "old"
    assert recall.older(history, "old") == "old"
    assert recall.newer(history, "old") == "new"
    assert recall.newer(history, "new") == "draft"
    assert recall.newer(history, "draft") == "draft"


def test_what_was_edited_begins_a_new_walk():
    recall, history = Recall(), ("new", "old")
    assert recall.older(history, "") == "new"
    assert recall.newer(history, "new, edited") == "new, edited"
    assert recall.older(history, "new, edited") == "new"
    assert recall.newer(history, "new") == "new, edited"


def test_the_prompt_just_used_is_not_offered_as_older():
    assert Recall().older(("same", "other"), "same") == "other"
    assert Recall().older((), "typed") == "typed"
