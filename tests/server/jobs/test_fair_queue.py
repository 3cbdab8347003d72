"""Who is next."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from foveate_server.jobs.fair_queue import FairQueue, QueueEntry


def entry(name, owner="a", job="j", priority=0):
    return QueueEntry(name, job, owner, priority)


def drain(scheduler, seconds=1.0):
    """Run all that waits, one after the other; return the keys in order."""
    order = []
    while found := scheduler.next():
        order.append(found.key)
        scheduler.finished(found.owner, seconds)
    return order


def test_within_an_owner_priority_counts_first_and_then_age():
    scheduler = FairQueue()
    for name, priority in (("first", 0), ("second", 0), ("urgent", 5), ("later", -1)):
        scheduler.add(entry(name, priority=priority))
    assert drain(scheduler) == ["urgent", "first", "second", "later"]
    assert scheduler.next() is None


def test_priority_means_nothing_to_other_owners():
    scheduler = FairQueue()
    for number in range(2):
        scheduler.add(entry(f"a{number}", priority=100))
        scheduler.add(entry(f"b{number}", owner="b"))
    assert drain(scheduler) == ["a0", "b0", "a1", "b1"]


def test_who_takes_long_comes_less_often():
    scheduler = FairQueue()
    for number in range(6):
        scheduler.add(entry(f"slow{number}", owner="slow"))
        scheduler.add(entry(f"fast{number}", owner="fast"))
    order = []
    while found := scheduler.next():
        order.append(found.owner)
        scheduler.finished(found.owner, 4.0 if found.owner == "slow" else 1.0)
    assert Counter(order[:7])["fast"] >= 5


def test_idling_saves_nothing_up():
    scheduler = FairQueue()
    for number in range(20):
        scheduler.add(entry(f"a{number}"))
    for _ in range(10):
        scheduler.finished(scheduler.next().owner, 1.0)
    for number in range(5):
        scheduler.add(entry(f"b{number}", owner="b"))
    assert [key[0] for key in drain(scheduler)[:6]] in (["a", "b"] * 3, ["b", "a"] * 3)


def test_leaving_does_not_wipe_out_what_was_taken():
    scheduler = FairQueue()
    scheduler.add(entry("a", owner="a"))
    scheduler.add(entry("b0", owner="b"))
    scheduler.finished(scheduler.next().owner, 100.0)  # a took long, and has nothing more for now
    scheduler.add(entry("a again", owner="a"))
    scheduler.add(entry("b1", owner="b"))
    assert drain(scheduler) == ["b0", "b1", "a again"]


def test_removing_a_job_leaves_the_others():
    scheduler = FairQueue()
    for number in range(3):
        scheduler.add(entry(f"x{number}", job="x"))
        scheduler.add(entry(f"y{number}", job="y"))
    assert scheduler.remove_job("x") == 3
    assert scheduler.remove_job("x") == 0
    assert drain(scheduler) == ["y0", "y1", "y2"]


def test_a_key_waits_once():
    scheduler = FairQueue()
    scheduler.add(entry("k"))
    with pytest.raises(ValueError, match="waits already"):
        scheduler.add(entry("k"))


entries = st.lists(
    st.tuples(st.sampled_from("abcd"), st.integers(0, 5), st.integers(-3, 3)), min_size=1, max_size=30
)  # (owner, job, priority)


def filled(given_entries):
    scheduler = FairQueue()
    for number, (owner, job, priority) in enumerate(given_entries):
        scheduler.add(entry(f"k{number}", owner, (owner, job), priority))
    return scheduler


@settings(max_examples=100)
@given(entries)
def test_positions_foretell_the_order(given_entries):
    scheduler = filled(given_entries)
    positions = scheduler.positions()
    seen = {}
    number = 0
    while found := scheduler.next():
        number += 1
        seen.setdefault(found.job, number)
        scheduler.finished(found.owner, 1.0)  # as expected
    assert seen == positions


@settings(max_examples=100)
@given(entries)
def test_everything_runs_once(given_entries):
    keys = drain(filled(given_entries))
    assert sorted(keys) == sorted(f"k{number}" for number in range(len(given_entries)))


@settings(max_examples=100)
@given(st.lists(st.tuples(st.sampled_from("abc"), st.floats(0.05, 5.0)), min_size=30, max_size=60))
def test_nobody_starves_and_shares_stay_close(steps):
    """All owners always have work; whatever their items take, their device time differs by little."""
    scheduler = FairQueue()
    for owner in "abc":
        for number in range(60):
            scheduler.add(entry(f"{owner}{number}", owner))
    taken = Counter(dict.fromkeys("abc", 0.0))
    longest = max(seconds for _, seconds in steps)
    for _, seconds in steps:
        found = scheduler.next()
        scheduler.finished(found.owner, seconds)
        taken[found.owner] += seconds
        assert max(taken.values()) - min(taken.values()) <= longest + 1.0


@settings(max_examples=60)
@given(st.lists(st.floats(0.01, 50.0), min_size=1, max_size=30))
def test_a_newcomer_waits_for_at_most_one_item_of_each_other(costs):
    scheduler = FairQueue()
    for owner in "ab":
        for number in range(40):
            scheduler.add(entry(f"{owner}{number}", owner))
    for seconds in costs:
        scheduler.finished(scheduler.next().owner, seconds)
    scheduler.add(entry("new", "c"))
    following = [scheduler.next().owner for _ in range(3)]
    assert "c" in following


def models(*names, owner="a"):
    return [QueueEntry(f"{owner}-{number}-{name}", name, owner, 0, name) for number, name in enumerate(names)]


def test_items_of_the_loaded_model_come_in_a_row():
    scheduler = FairQueue()
    for each in models("x", "y", "x", "y", "x"):
        scheduler.add(each)
    assert scheduler.positions() == {"x": 1, "y": 2}
    assert [key[-1] for key in drain(scheduler)] == ["x", "x", "x", "y", "y"]


def test_the_loaded_model_neither_beats_priority_nor_other_owners():
    scheduler = FairQueue()
    for each in (*models("x", "y", "x"), *models("y", "y", owner="b"), QueueEntry("urgent", "u", "a", 5, "y")):
        scheduler.add(each)
    assert drain(scheduler) == ["urgent", "b-0-y", "a-1-y", "b-1-y", "a-0-x", "a-2-x"]


def test_another_model_of_the_same_owner_does_not_wait_for_ever():
    scheduler = FairQueue()
    scheduler.add(QueueEntry("first", "x", "a", 0, "x"))
    scheduler.add(QueueEntry("other", "y", "a", 0, "y"))
    order = []
    for number in range(40):
        scheduler.add(QueueEntry(f"more-{number}", "x", "a", 0, "x"))
        found = scheduler.next()
        order.append(found.key)
        scheduler.finished(found.owner, 1.0)
    assert 2 < order.index("other") < 20


def test_an_entry_may_be_taken_out_of_its_turn_and_is_paid_for():
    scheduler = FairQueue()
    for name, owner, job in (("a1", "a", "j"), ("b1", "b", "k"), ("b2", "b", "l"), ("b3", "b", "k")):
        scheduler.add(entry(name, owner, job))
    assert [each.key for each in scheduler.first_of_jobs()] == ["a1", "b1", "b2"]
    scheduler.take(entry("b2", owner="b"))
    scheduler.finished("b", 50.0)
    scheduler.add(entry("a2"))
    assert drain(scheduler) == ["a1", "a2", "b1", "b3"]


def test_what_was_not_run_costs_nothing():
    scheduler = FairQueue()
    for name, owner in (("a1", "a"), ("a2", "a"), ("b1", "b")):
        scheduler.add(entry(name, owner=owner))
    for _ in range(5):
        scheduler.take(entry("a1"))
        scheduler.finished("a", None)
        scheduler.add(entry("a1"))
    assert drain(scheduler) == ["a2", "b1", "a1"]
