"""Makes the plugin's modules importable as `foveate_gimp`, without GIMP: a fake `gi` stands in for its libraries."""

from __future__ import annotations

import sys
import types
from pathlib import Path
from unittest.mock import MagicMock

import pytest

PACKAGE = Path(__file__).parents[3] / "plugins/gimp/foveate"
LIBRARIES = ("Babl", "GdkPixbuf", "Gegl", "Gimp", "GimpUi", "Gio", "GLib", "GObject", "Gtk")


class PlugIn:
    """The base class of plug-ins."""


def fake_gi() -> dict[str, types.ModuleType]:
    """Return modules in which every name exists and does nothing."""
    gi, repository = types.ModuleType("gi"), types.ModuleType("gi.repository")
    gi.require_version = lambda name, version: None
    gi.repository = repository
    for name in LIBRARIES:
        setattr(repository, name, MagicMock(name=name))
    repository.Gimp.PlugIn = PlugIn
    return {"gi": gi, "gi.repository": repository}


if "foveate_gimp" not in sys.modules:
    for name, module in fake_gi().items():
        sys.modules.setdefault(name, module)
    package = types.ModuleType("foveate_gimp")
    package.__path__ = [str(PACKAGE)]
    sys.modules["foveate_gimp"] = package


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the plug-in has its settings: no file yet."""
    from foveate_gimp import connection

    path = tmp_path / "foveate.json"
    monkeypatch.setattr(connection, "settings_path", lambda: path)
    return path
