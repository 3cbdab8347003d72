"""No text that the extension shows is forgotten by the German catalogue. Reads the sources: they need Blender.

Titles of parameters are the schemas': tests/shared/forms/test_form.py."""

import ast
from pathlib import Path

import pytest

from foveate_shared.i18n.translations import Texts

SOURCES = sorted((Path(__file__).parents[3] / "plugins/blender/foveate").glob("*.py"))
GERMAN = Texts("de").catalogue
SPEAKERS = {"say", "text", "texts"}  # a Texts, by the names that it has here
SHOWN = {"bl_label", "bl_description", "title", "nothing"}  # attributes of classes
MAKERS = {"act_operator", "_job_operator"}  # make operators of functions, whose docstrings describe them
SAME = {"Foveate", "Seed", "LoRA", "VAE", "2x", "3x", "4x"}
HIDDEN = {"Job", "Data", "Raw"}  # an operator's id, and Blender's colour spaces


def shown_by(path):
    """Yield all texts of a module that Blender, or we, show."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            yield from _in_call(node)
        elif isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") in SHOWN:
            yield node.value
        elif isinstance(node, ast.FunctionDef) and any(map(_makes_operator, node.decorator_list)):
            yield ast.Constant(ast.get_docstring(node).removesuffix("."))
        elif isinstance(node, ast.Tuple) and len(node.elts) == 3 and _is_choice(node):
            yield from node.elts[1:]


def _in_call(call):
    name = getattr(call.func, "id", None) or getattr(call.func, "attr", "")
    if name in SPEAKERS and call.args:
        yield from ast.walk(call.args[0])
    elif name in MAKERS:  # name, label, and maybe why it is greyed
        yield from call.args[1:3]
    elif name.endswith("Property"):
        yield from (keyword.value for keyword in call.keywords if keyword.arg in {"name", "description"})


def _makes_operator(decorator):
    return isinstance(decorator, ast.Call) and getattr(decorator.func, "id", "") in MAKERS


def _is_choice(node):
    """Tell whether a tuple is identifier, label and description."""
    return all(map(_is_text, node.elts)) and node.elts[1].value[:1].isupper()


def _is_text(node):
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def texts_of(path):
    return {node.value for node in shown_by(path) if _is_text(node)} - SAME - HIDDEN - {""}


def test_the_scan_finds_what_is_shown():
    found = set().union(*map(texts_of, SOURCES))
    assert {"Refocus Region", "Ask First", "Whole Image", "Keep Seed", "Made {name}"} <= found
    assert len(found) > 120


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_german_has_every_text(path):
    assert sorted(texts_of(path) - GERMAN.keys()) == []
