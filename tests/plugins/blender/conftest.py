"""The extension's modules that do without Blender, importable without it."""

import importlib
import sys
import types
from pathlib import Path
from types import SimpleNamespace

import pytest

from fakes import blender
from fakes.scripted_client import ScriptedClient
from foveate_shared.connection import settings
from foveate_shared.wire.protocol import Peer

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


@pytest.fixture
def rt(load, tmp_path, monkeypatch):
    """The controller behind all panels, with a server that says what a test tells it to: `rt.client`."""
    load.bpy.app.translations = SimpleNamespace(locale="en_US")
    load.bpy.app.online_access = True
    load.bpy.utils.previews.new = dict
    load.bpy.context = SimpleNamespace(window_manager=SimpleNamespace(windows=[]))
    load.bpy.app.timers = SimpleNamespace(is_registered=lambda _: False)
    controller = load("controller")
    client = ScriptedClient()
    monkeypatch.setattr(controller.client, "Client", lambda *_: client)
    path = tmp_path / "foveate.json"
    settings.save(path, settings.Settings("me", server_command=("/opt/foveate", "serve")))
    made = controller.BlenderController(path, Peer("foveate-blender", "1"))
    made.client = client
    monkeypatch.setattr(controller, "get", lambda: made)
    return made
