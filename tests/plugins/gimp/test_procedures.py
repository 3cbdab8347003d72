"""What a person is told when a procedure has ended."""

from types import SimpleNamespace

import pytest
from foveate_gimp import procedures
from foveate_gimp.run_job import AppliedResult

from foveate_shared.i18n.translations import Texts

INTERACTIVE, LAST_VALUES = procedures.Gimp.RunMode.INTERACTIVE, procedures.Gimp.RunMode.WITH_LAST_VALS
SOFT = "The region is very soft."


def told(mode, *, language="en", **facts):
    values = {"layers": ("a layer",), "image": None, "recipe": {}, "notes": (SOFT,), "is_as_asked": True, **facts}
    return procedures._message(SimpleNamespace(mode=mode, say=Texts(language)), AppliedResult(**values))


def test_what_was_done_as_asked_needs_no_word():
    assert told(INTERACTIVE) == told(INTERACTIVE, notes=(), is_as_asked=False) == ""


def test_less_of_the_effect_is_told_after_a_dialog_and_not_with_each_repetition():
    assert told(INTERACTIVE, is_weaker=True) == SOFT
    assert told(LAST_VALUES, is_weaker=True) == ""


@pytest.mark.parametrize("mode", [INTERACTIVE, LAST_VALUES])
def test_what_was_not_done_is_always_told(mode):
    assert told(mode, is_as_asked=False) == SOFT
    assert told(mode, told=("count: 3",)) == f"{SOFT}\ncount: 3"


def test_that_nothing_was_changed_takes_lines_of_its_own():
    """GIMP shows a message of one line in the status bar, for some seconds, and a longer one in a window."""
    nothing = {"layers": (), "is_as_asked": False, "is_unchanged": True}
    assert told(INTERACTIVE, **nothing) == f"Nothing was changed.\n{SOFT}"
    assert told(INTERACTIVE, language="de", **nothing).startswith("Es wurde nichts geändert.\n")
