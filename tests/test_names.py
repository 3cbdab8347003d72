"""A name means one thing (CONTRIBUTING.md, "How we name things").

No two classes of the product are called the same, and no two files differ by number alone.
"""

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


def differ_by_number(*folders):
    """The names of files below `folders` that are singular and plural of each other.

    A file may be called as a folder's one, and a command is called what a person types.
    """
    stems = {path.stem for folder in folders for path in folder.rglob("*.py") if path.parent.name != "commands"}
    return sorted(stem for stem in stems if stems & {f"{stem}s", f"{stem.removesuffix('y')}ies"})


@pytest.mark.parametrize("editor", [None, "blender", "gimp", "krita"])
def test_no_two_files_differ_by_number_alone(editor):
    assert differ_by_number(*([PLUGINS / editor, SHARED] if editor else [SERVER, SHARED])) == []


def test_files_that_differ_by_number_are_found(tmp_path):
    for name in ("tile", "tiles", "entry", "entries", "mask"):
        (tmp_path / f"{name}.py").touch()
    assert differ_by_number(tmp_path) == ["entry", "tile"]


def test_a_name_that_is_defined_twice_is_found(tmp_path):
    (tmp_path / "one.py").write_text("class Tile:\n    class Part: ...\n")
    (tmp_path / "other.py").write_text("class Tile: ...\nclass Part: ...\n")
    assert list(called_the_same(tmp_path)) == ["Tile"]
