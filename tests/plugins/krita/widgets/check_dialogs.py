"""Our dialogs over a window that Python knows for a moment only, as Krita's are: nobody but us keeps what is open."""

from __future__ import annotations

import gc
from importlib import import_module

import pytest
from foveate_krita.qt import BINDING, QtCore, QtWidgets

sip = import_module(f"{BINDING}.sip")


@pytest.fixture
def panel(studio):
    """The panel in a window that belongs to Qt: each wrapper of it is one for a moment."""
    made = QtWidgets.QMainWindow()
    address = sip.unwrapinstance(made)
    sip.transferto(made, None)
    del made
    sip.wrapinstance(address, QtWidgets.QMainWindow).setCentralWidget(studio.panel)
    sip.wrapinstance(address, QtWidgets.QMainWindow).show()
    gc.collect()
    yield studio.panel
    studio.panel.setParent(None)
    sip.delete(sip.wrapinstance(address, QtWidgets.QMainWindow))


def opened():
    """Return the dialog that is open, once Python has forgotten all that nobody keeps."""
    gc.collect()
    return next(each for each in QtWidgets.QApplication.topLevelWidgets() if isinstance(each, QtWidgets.QDialog))


def press(text):
    """Press a button of the open dialog."""
    (found,) = [each for each in opened().findChildren(QtWidgets.QPushButton) if each.text() == text]
    found.click()


def is_open():
    QtWidgets.QApplication.processEvents()
    return any(isinstance(each, QtWidgets.QDialog) for each in QtWidgets.QApplication.topLevelWidgets())


def end(studio):
    """Let Qt delete what was closed, and see that nobody keeps it any more."""
    kind = QtCore.QEvent.Type.DeferredDelete
    QtCore.QCoreApplication.sendPostedEvents(None, getattr(kind, "value", kind))
    assert not is_open()
    assert studio.controller.dialogs._kept == []


def test_the_settings_are_saved_long_after_they_were_opened(studio, panel):
    panel.open_settings()
    ask = next(each for each in opened().findChildren(QtWidgets.QCheckBox) if "Ask before" in each.text())
    ask.setChecked(True)
    press("Save")
    assert studio.controller.settings.ask_first
    end(studio)
    panel.open_settings()
    press("Cancel")
    end(studio)


def test_a_model_is_added_long_after_the_dialog_was_opened(studio, panel, monkeypatch):
    wanted = []
    monkeypatch.setattr(studio.controller, "add_model", lambda what, **_: wanted.append(what))
    monkeypatch.setattr(QtWidgets.QFileDialog, "getOpenFileName", lambda *_: ("tune.safetensors", ""))
    monkeypatch.setattr(QtWidgets.QFileDialog, "getExistingDirectory", lambda *_: "folder")
    panel.task.open_adding()
    for choose, named in (("File…", "tune.safetensors"), ("Folder…", "folder")):
        press(choose)
        press("Add")
        assert wanted.pop() == named
    press("Close")
    end(studio)


def test_a_recipe_is_closed_long_after_it_was_opened(studio, panel):
    studio.connect()
    panel.task.run_button.click()
    (job,) = studio.controller.jobs
    studio.finish(job)
    panel.jobs.card(job).recipe.click()
    QtWidgets.QApplication.clipboard().clear()
    press("Copy")
    assert '"operation": "refocus"' in QtWidgets.QApplication.clipboard().text()
    press("Close")
    end(studio)


def test_a_dialog_goes_with_its_window(studio, panel):
    panel.open_settings()
    window = panel.window()
    panel.setParent(None)
    for dialog in window.findChildren(QtWidgets.QDialog):
        sip.delete(dialog)
    end(studio)
