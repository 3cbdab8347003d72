"""What Krita is told at its start, with enumerations as PyQt6 has them: a member is known by its enumeration alone."""

from __future__ import annotations

import enum
import sys
import types
from importlib import import_module

import pytest
from foveate_krita.qt import BINDING, QAction, QtCore, QtWidgets

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
        self.main = QtWidgets.QMainWindow()
        self.main.menuBar().addMenu("Tools").menuAction().setObjectName("tools")
        self.addExtension = self.extensions.append
        self.addDockWidgetFactory = self.factories.append

    def activeWindow(self):  # noqa: N802 - Krita's name
        return Window(self.main)


class Window(QtCore.QObject):
    """Stands for what Krita hands out for its window; that of createActions is deleted as soon as that is over."""

    def __init__(self, main):
        super().__init__()
        self._main = main

    def qwindow(self):
        return self._main

    def createAction(self, name, text, _menu):  # noqa: N802 - Krita's name
        return QAction(text, self._main, objectName=name)

    def dockers(self):
        self.objectName()  # RuntimeError where it is deleted
        return self._main.findChildren(QtWidgets.QDockWidget)


@pytest.fixture
def app(application, monkeypatch):
    app = Krita()
    module = types.ModuleType("krita")
    module.Extension, module.DockWidget = QtCore.QObject, QtWidgets.QDockWidget
    module.DockWidgetFactory, module.DockWidgetFactoryBase = DockWidgetFactory, DockWidgetFactoryBase
    module.Krita = types.SimpleNamespace(instance=lambda: app)
    monkeypatch.setitem(sys.modules, "krita", module)
    for name in ("extension", "docker"):  # they know the application by its module
        monkeypatch.delitem(sys.modules, f"foveate_krita.{name}", raising=False)
    yield app
    app.main.deleteLater()


def test_the_plugin_tells_krita_of_its_docker_and_its_actions(app):
    import_module("foveate_krita.extension").register()
    (factory,) = app.factories
    assert (factory.name, factory.position) == ("foveate_docker", EDGE.DockRight)
    assert len(app.extensions) == 1


def test_the_menu_shows_the_docker_again(app, studio):
    module = import_module("foveate_krita.extension")

    class Extended(module.FoveateExtension):
        controller = studio.controller

    extension, window = Extended(app), Window(app.main)
    extension.createActions(window)
    import_module(f"{BINDING}.sip").delete(window)  # as Krita does
    docker = QtWidgets.QDockWidget(app.main, objectName=module.DOCKER)
    docker.hide()
    app.main.findChild(QAction, "foveate_panel").trigger()
    assert not docker.isHidden()
