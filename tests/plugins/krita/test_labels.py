"""Sentences: in the person's language, and none forgotten by the German catalogue."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from foveate_krita.actions import ENTRIES
from foveate_krita.extend_field import _WHERE
from foveate_krita.prompt_field import _SHOWN

import foveate_shared
from foveate_shared import errors as foveate_errors
from foveate_shared.editor import job_acts, labels
from foveate_shared.forms import comparison_lists
from foveate_shared.i18n.translations import Texts
from plugins.krita.conftest import PACKAGE

GERMAN = Texts("de")
SHARED = Path(foveate_shared.__file__).parent
# What the plugin says, and what it lets be said for it.
MODULES = [*sorted(PACKAGE.glob("*.py")), SHARED / "jobs/document_problems.py", SHARED / "editor/labels.py"]


def spoken(path):
    """Return the texts that a module says."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            name = getattr(node.func, "id", None) or getattr(node.func, "attr", "")
            if name in {"say", "_say"}:
                yield from (part.value for part in ast.walk(node.args[0]) if isinstance(part, ast.Constant))


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_german_has_every_text(path):
    missing = [text for text in spoken(path) if isinstance(text, str) and text not in GERMAN._catalogue]
    assert missing == []


@pytest.mark.parametrize(
    "texts",
    [
        [_WHERE.title, _WHERE.description, *(choice.title for choice in _WHERE.choices)],
        [text for text, _ in _SHOWN.values()],
        ["As the system", *labels.LANGUAGES.values()],
        [text for act in job_acts.JOB_ACTS for text in (act.text, act.tip)],
        [entry.text for entry in ENTRIES.values()],
        [text for axis in comparison_lists.AXES for text in (axis.title, axis.description)],
    ],
)
def test_german_has_what_tables_hold(texts):
    assert [text for text in texts if text not in GERMAN._catalogue] == []


ERRORS = {name for name in vars(foveate_errors) if name.endswith("Error")}


def sentences():
    """Return every sentence that the plugin's errors say, with 7 for what it fills in."""
    for path in MODULES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func).removeprefix("errors.") in ERRORS:
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
