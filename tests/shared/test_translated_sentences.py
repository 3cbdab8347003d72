"""What operations say to people is in every catalogue: a sentence that was changed there must be changed here."""

import ast
import re
from pathlib import Path

import pytest

import foveate_server
from foveate_shared.i18n.translations import Texts, languages

SERVER = Path(foveate_server.__file__).parent
DECLARED = SERVER / "operations/parameters"  # schemas are not shown
OPERATIONS = [path for path in sorted((SERVER / "operations").rglob("*.py")) if path.parent != DECLARED]
SOURCES = [*OPERATIONS, SERVER / "imaging/reach.py", SERVER / "imaging/crop.py"]
SENTENCE_END = re.compile(r"(?<=[.!?]) (?=[A-Z0-9{])")
PLACE = re.compile(r"\{([a-z][a-z0-9_]*)[^{}]*\}")
STAGES = {"Restoring", "Enlarging", "Measuring the blur", "Bringing into focus", "Looking for faces"}


def texts_of(path):
    """Yield every text of a source that ends as a sentence or begins as a stage, with {} for what is no template's."""
    tree = ast.parse(path.read_text("utf-8"))
    nested = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    silent = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}  # docstrings
    for pairs in (node for node in ast.walk(tree) if isinstance(node, ast.Dict)):
        silent |= {id(value) for key, value in zip(pairs.keys, pairs.values, strict=True) if is_description(key)}
    for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
        if getattr(call.func, "id", "") == "parameter":
            silent |= {id(part) for part in ast.walk(call)}
    for node in ast.walk(tree):
        if id(node) not in nested | silent and (text := text_of(node)) and is_said(text):
            yield text.strip()


def is_description(key):
    return isinstance(key, ast.Constant) and key.value == "description"


def text_of(node):
    if isinstance(node, ast.JoinedStr):
        return "".join(part.value if isinstance(part, ast.Constant) else "{}" for part in node.values)
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def is_said(text):
    return " " in text.strip() and ("." in text or text.split()[0].endswith("ing"))


@pytest.fixture(scope="module")
def said():
    return {PLACE.sub(r"{\1}", text) for path in SOURCES for text in texts_of(path)} | STAGES


def test_the_scan_finds_what_is_said(said):
    assert len(said) > 25
    assert "Restoring part {number} of {count}" in said
    assert "This face is not selected." in said


def test_sentences_are_templates(said):
    assert sorted(text for text in said if "{}" in text) == []


@pytest.mark.parametrize("language", languages())
def test_every_sentence_of_operations_is_translated(said, language):
    known = Texts(language).catalogue.keys()
    parts = {part for text in said - known for part in SENTENCE_END.split(text)}
    assert sorted(part for part in parts - known if not PLACE.fullmatch(part)) == []
