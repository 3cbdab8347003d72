"""What is typed into the preferences is checked at once, and one is told that a connection has yet to take it."""

from types import SimpleNamespace

import pytest

LINE = f"foveate://studio.example:7317?token={'t' * 32}&fingerprint=sha256:{'ab' * 32}"


@pytest.fixture
def fields(load, rt):
    """Return the preferences' fields."""
    load.bpy.types.AddonPreferences = type("AddonPreferences", (), {})
    return load("preferences").FoveatePreferences.__annotations__


@pytest.mark.parametrize(
    ("field", "typed", "problem"),
    [
        ("remote_url", "htp:/foo bar", "address is not one"),
        ("remote_url", "http://studio.example:7317", "must be encrypted"),
        ("remote_fingerprint", "abc", "fingerprint is not one"),
        ("remote_token", "two words", "token is empty or has characters"),
        ("server_command", LINE, "This is a pairing line, and no command"),
        ("server_command", "foveate 'serve", "not complete"),
        ("pairing_line", "studio.example", "not a pairing line"),
    ],
)
def test_what_cannot_be_meant_so_is_told_at_once_and_not_taken(rt, fields, field, typed, problem):
    before = rt.settings
    fields[field].write(typed)
    assert problem in rt.problem
    assert rt.settings == before


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        ("remote_url", "wss://studio.example:7317"),
        ("remote_url", ""),
        ("remote_token", "t" * 32),
        ("remote_fingerprint", "ab" * 32),
    ],
)
def test_what_can_be_meant_is_taken_and_takes_the_problem_away(rt, fields, field, typed):
    fields["remote_url"].write("htp:/foo bar")
    fields[field].write(typed)
    assert (rt.problem, fields[field].read()) == ("", typed)


def test_an_address_without_a_scheme_is_one(rt, fields):
    fields["remote_url"].write("studio.example:7317")
    assert (rt.problem, fields["remote_url"].read()) == ("", "https://studio.example:7317")


def test_the_connection_is_told_to_have_yet_to_take_it(rt, fields):
    assert not rt.uses_old_settings
    rt.wake()
    fields["ask_first"].write(True)
    assert not rt.uses_old_settings
    fields["pairing_line"].write(LINE)
    assert rt.uses_old_settings
    rt.reconnect()
    assert not rt.uses_old_settings


def test_the_languages_are_listed_in_ours(rt, fields):
    titles = lambda: [title for _, title, _ in fields["language"].items(None, None)]  # noqa: E731
    assert titles()[0] == "As Blender"
    fields["language"].write(fields["language"].identifiers().index("de"))
    assert titles()[0] == "Wie Blender"


class Pencil:
    """Writes down what is drawn."""

    def __init__(self):
        self.texts = []
        self.alert = self.use_property_split = False

    def _write(self, *_, text=None, **_told):
        self.texts.append(text)
        return self

    prop = label = operator = _write

    def __getattr__(self, name):
        return lambda *_, **__: self


def test_all_of_it_speaks_our_language_and_errors_stand_on_lines_of_their_own(load, rt, fields):
    fields["language"].write(fields["language"].identifiers().index("de"))
    fields["pairing_line"].write("studio.example")
    made = load("preferences").FoveatePreferences()
    made.layout = pencil = Pencil()
    preferences = SimpleNamespace(system=SimpleNamespace(ui_scale=1))
    manager = SimpleNamespace(foveate=None)
    made.draw(SimpleNamespace(region=SimpleNamespace(width=500), preferences=preferences, window_manager=manager))
    shown = [text for text in pencil.texts if text]
    assert {"Serverbefehl", "Kopplungszeile", "Neu verbinden", "Sprache"} <= set(shown)
    assert all(len(text) < 60 for text in shown)
    lines = " ".join(shown)
    assert rt.say.sentence(rt.problem) in lines
    assert lines.index("Kopplungszeile") < lines.index(rt.say.sentence(rt.problem))  # fields stay where they were
