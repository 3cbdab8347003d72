"""The extension's modules that do without Blender, importable without it."""

import importlib
import sys
import types
from pathlib import Path

import pytest

from fakes import blender

SOURCES = Path(__file__).parents[3] / "plugins/blender/foveate"
PACKAGE = "foveate_in_blender"


@pytest.fixture(scope="session")
def module():
    """Import a module of the extension by its name; the package's own `__init__` needs Blender and is left out."""
    package = types.ModuleType(PACKAGE)
    package.__path__ = [str(SOURCES)]
    sys.modules[PACKAGE] = package
    yield lambda name: importlib.import_module(f"{PACKAGE}.{name}")
    for name in [name for name in sys.modules if name.split(".")[0] == PACKAGE]:
        del sys.modules[name]


@pytest.fixture
def load(module, monkeypatch):
    """Import a module of the extension, as `module` does, in a Blender that there is none of: `load.bpy`."""
    bpy = blender.install(monkeypatch)

    def load(name):
        made = module(name)
        for each in [each for key, each in sys.modules.items() if key.startswith(f"{PACKAGE}.")]:
            if hasattr(each, "bpy"):  # that of an earlier test
                monkeypatch.setattr(each, "bpy", bpy)
        return made

    load.bpy = bpy
    return load
