"""Sentences: in the person's language, and none forgotten by the German catalogue."""

from __future__ import annotations

import ast

import pytest
from foveate_krita import labels
from foveate_krita.actions import ENTRIES
from foveate_krita.operation_fields import _AREAS, _STARTS, _TARGETS
from foveate_krita.settings_dialog import _LANGUAGES
from foveate_krita.task_form import _TIPS

from foveate_shared.connection.client import ConnectionState
from foveate_shared.forms import comparison_lists
from foveate_shared.geometry import Bounds, Extent
from foveate_shared.i18n.translations import Texts
from foveate_shared.jobs.job_list import ConnectionView
from plugins.krita.conftest import PACKAGE

ENGLISH, GERMAN = Texts("en"), Texts("de")


def spoken(path):
    """Return the texts that a module says."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            name = getattr(node.func, "id", None) or getattr(node.func, "attr", "")
            if name in {"say", "_say"}:
                yield from (part.value for part in ast.walk(node.args[0]) if isinstance(part, ast.Constant))


@pytest.mark.parametrize("path", sorted(PACKAGE.glob("*.py")), ids=lambda path: path.stem)
def test_german_has_every_text(path):
    missing = [text for text in spoken(path) if isinstance(text, str) and text not in GERMAN._catalogue]
    assert missing == []


@pytest.mark.parametrize(
    "texts",
    [
        labels.OPERATIONS.values(),
        _TIPS.values(),
        [text for _, text in (*_TARGETS, *_AREAS, *_STARTS)],
        _LANGUAGES.values(),
        [entry.text for entry in ENTRIES.values()],
        [text for axis in comparison_lists.AXES for text in (axis.title, axis.description)],
    ],
)
def test_german_has_what_tables_hold(texts):
    assert [text for text in texts if text not in GERMAN._catalogue] == []


@pytest.mark.parametrize("state", ConnectionState)
def test_every_state_of_the_connection_has_a_word(state):
    assert labels.connection(ConnectionView(state), ENGLISH)
    assert labels.connection(ConnectionView(state), GERMAN) in GERMAN._catalogue.values()


def test_what_a_job_would_work_on():
    assert labels.region(Extent(640, 480), None, ENGLISH).startswith("Nothing is selected: all")
    assert labels.region(Extent(640, 480), Bounds(0, 0, 30, 20), ENGLISH) == "Selection: 30 × 20 px"


def sentences():
    """Return every sentence that the plugin's errors say, with 7 for what it fills in."""
    for path in PACKAGE.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func).startswith("errors."):
                if "Fault.CLIENT" in ast.unparse(node) and "remedy" not in ast.unparse(node):
                    continue  # a mistake of ours, which nobody can mend
                said = [*node.args, *(word.value for word in node.keywords if word.arg == "remedy")]
                yield from (text for text in map(written, said) if text)


def written(node):
    if isinstance(node, ast.JoinedStr):
        return "".join(part.value if isinstance(part, ast.Constant) else "7" for part in node.values)
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def test_every_sentence_that_goes_wrong_is_german_too():
    found = set(sentences())
    assert len(found) > 20
    assert {text for text in found if GERMAN.sentence(text) == text} == set()
