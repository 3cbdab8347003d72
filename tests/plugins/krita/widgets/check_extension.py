"""What Krita is told at its start, with enumerations as PyQt6 has them: a member is known by its enumeration alone."""

from __future__ import annotations

import enum
import sys
import types
from importlib import import_module

import pytest
from foveate_krita.qt import QtCore, QtWidgets

EDGE = enum.Enum("DockPosition", ["DockTop", "DockBottom", "DockRight", "DockLeft"])


class DockWidgetFactoryBase:
    """Stands for Krita's."""

    DockPosition = EDGE


class DockWidgetFactory(DockWidgetFactoryBase):
    """Stands for Krita's."""

    def __init__(self, name, position, make):
        self.name, self.position, self.make = name, position, make


class Krita(QtCore.QObject):
    """Stands for the application."""

    def __init__(self):
        super().__init__()
        self.extensions, self.factories = [], []
        self.addExtension = self.extensions.append
        self.addDockWidgetFactory = self.factories.append


@pytest.fixture
def app(application, monkeypatch):
    app = Krita()
    module = types.ModuleType("krita")
    module.Extension, module.DockWidget = QtCore.QObject, QtWidgets.QDockWidget
    module.DockWidgetFactory, module.DockWidgetFactoryBase = DockWidgetFactory, DockWidgetFactoryBase
    module.Krita = types.SimpleNamespace(instance=lambda: app)
    monkeypatch.setitem(sys.modules, "krita", module)
    return app


def test_the_plugin_tells_krita_of_its_docker_and_its_actions(app):
    import_module("foveate_krita.extension").register()
    (factory,) = app.factories
    assert (factory.name, factory.position) == ("foveate_docker", EDGE.DockRight)
    assert len(app.extensions) == 1
