"""What operations say to people is in every catalogue: a sentence that was changed there must be changed here."""

import ast
import re
from pathlib import Path

import pytest

import foveate_server
from foveate_shared.i18n.translations import Texts, languages

SERVER = Path(foveate_server.__file__).parent
SOURCES = [*sorted((SERVER / "operations").rglob("*.py")), SERVER / "imaging/reach.py", SERVER / "imaging/crop.py"]
# Parts of sentences, each put in by an f-string: what the whole sentence becomes.
CONDITIONAL = {
    "This face 7, so 7 of the effect is applied, lest features be invented; 7.": (
        "This face is very soft, so 7% of the effect is applied, lest features be invented; "
        "a diffusion checkpoint can re-render it.",
        "This face is only 7 pixels large, so 7% of the effect is applied, lest features be invented; "
        "enlarge the picture first.",
    ),
}
SENTENCE_END = re.compile(r"(?<=[.!?]) ")
STAGES = {"Restoring", "Enlarging", "Measuring the blur", "Bringing into focus", "Looking for faces"}


def texts_of(path):
    """Yield every text of a source that ends as a sentence or begins as a stage, each value being 7."""
    tree = ast.parse(path.read_text("utf-8"))
    nested = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    silent = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}  # docstrings
    for pairs in (node for node in ast.walk(tree) if isinstance(node, ast.Dict)):  # schemas are not shown
        silent |= {id(value) for key, value in zip(pairs.keys, pairs.values, strict=True) if is_description(key)}
    for node in ast.walk(tree):
        if id(node) not in nested | silent and (text := text_of(node)) and is_said(text):
            yield text.strip()


def is_description(key):
    return isinstance(key, ast.Constant) and key.value == "description"


def text_of(node):
    if isinstance(node, ast.JoinedStr):
        return "".join(part.value if isinstance(part, ast.Constant) else "7" for part in node.values)
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def is_said(text):
    return " " in text.strip() and ("." in text or text.split()[0].endswith("ing"))


SAID = {said for path in SOURCES for text in texts_of(path) for said in CONDITIONAL.get(text, (text,))} | STAGES


def test_the_scan_finds_what_is_said():
    assert len(SAID) > 25
    assert "Restoring part 7 of 7" in SAID
    assert "This face is not selected." in SAID


@pytest.mark.parametrize("language", languages())
def test_every_sentence_of_operations_is_translated(language):
    say = Texts(language).sentence
    parts = {part for text in SAID for part in SENTENCE_END.split(text)} - {"7"}
    assert sorted(part for part in parts if say(part) == part) == []
