"""A name means one thing (CONTRIBUTING.md, "How we name things"): no two classes of the product are called the same."""

import ast
from collections import defaultdict
from pathlib import Path

import pytest

import foveate_server
import foveate_shared

SERVER, SHARED = Path(foveate_server.__file__).parent, Path(foveate_shared.__file__).parent
PLUGINS = Path(__file__).parents[1] / "plugins"


def called_the_same(*folders):
    """The names of classes that several files below `folders` define, with these files."""
    found = defaultdict(list)
    for folder in folders:
        for path in sorted(folder.rglob("*.py")):
            for node in ast.parse(path.read_text("utf-8")).body:
                if isinstance(node, ast.ClassDef):
                    found[node.name].append(str(path.relative_to(folder.parent)))
    return {name: paths for name, paths in found.items() if len(paths) > 1}


def test_the_server_and_what_is_shared_define_no_name_twice():
    assert called_the_same(SERVER, SHARED) == {}


@pytest.mark.parametrize("editor", ["blender", "gimp", "krita"])
def test_a_plugin_defines_no_name_twice_and_none_of_what_is_shared(editor):
    assert called_the_same(PLUGINS / editor, SHARED) == {}


def test_a_name_that_is_defined_twice_is_found(tmp_path):
    (tmp_path / "one.py").write_text("class Tile:\n    class Part: ...\n")
    (tmp_path / "other.py").write_text("class Tile: ...\nclass Part: ...\n")
    assert list(called_the_same(tmp_path)) == ["Tile"]
