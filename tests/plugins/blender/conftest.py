"""The extension's modules that do without Blender, importable without it."""

import importlib
import sys
import types
from pathlib import Path

import pytest

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
