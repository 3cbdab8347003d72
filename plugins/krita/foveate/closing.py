"""Asks before Krita ends, or an image is closed, while results wait for a choice."""

from __future__ import annotations

from typing import Any

from . import layer_pictures
from ._shared import labels
from .controller import KritaController
from .qt import QtCore, QtWidgets
from .widgets import confirmed

_GUARDED = "foveate_guarded"  # the property of a window that is watched


class ClosingGuard(QtCore.QObject):  # type: ignore[misc]
    """Watches Krita's windows, and those of the images in them, from the first result on that waits."""

    def __init__(self, krita: Any, controller: KritaController) -> None:
        """`krita` is Krita's module."""
        super().__init__(controller.signals)
        self._krita = krita
        self._controller = controller
        self._told_of: set[str] = set()  # jobs: nobody is asked twice about the same result
        controller.signals.changed.connect(self.refresh)

    def refresh(self) -> None:
        """Watch what is not watched yet, where there is a reason."""
        if not self._controller.unchosen():
            return
        for watched in self._windows():
            if not watched.property(_GUARDED):
                watched.setProperty(_GUARDED, True)
                watched.installEventFilter(self)

    def end(self) -> None:
        """Watch nothing any more: Krita's windows may outlive its Python."""
        for watched in self._windows():
            watched.removeEventFilter(self)

    def eventFilter(self, watched: Any, event: Any) -> bool:  # noqa: N802 - Qt's name
        """Let a window stay open where the person wants to choose first."""
        if event.type() != QtCore.QEvent.Type.Close or self._may_close(watched):
            return False
        event.ignore()
        return True

    def _windows(self) -> list[Any]:
        """Return Krita's windows, each with those of the images in it."""
        mains = [window.qwindow() for window in self._krita.Krita.instance().windows()]
        return [watched for main in mains if main is not None for watched in (main, *_images_in(main))]

    def _may_close(self, watched: Any) -> bool:
        if isinstance(watched, QtWidgets.QMdiSubWindow):
            key, describe, text = self._last_view_of(watched), labels.before_closing, "Close all the same"
        elif len(self._krita.Krita.instance().windows()) == 1:
            key, describe, text = None, labels.before_quitting, "Quit all the same"
        else:  # Krita goes on; each image in it that is closed is asked about
            return True
        waiting = [] if key == "" else self._controller.unchosen(key)
        new = [job.flow.job for job in waiting if job.flow.job not in self._told_of]
        say = self._controller.say
        if new and not confirmed(watched.window(), describe(len(waiting), say), say(text), say("Go back")):
            return False
        self._told_of.update(new)
        return True

    def _last_view_of(self, image: Any) -> str:
        """Return the key of the document that is closed together with a window; empty where others show it, too."""
        shown = []  # documents
        closing = None
        for window in self._krita.Krita.instance().windows():
            views, images = window.views(), _images_in(window.qwindow())
            shown += [layer_pictures.document_key(view.document()) for view in views]
            if image in images and len(views) == len(images):  # both in the order in which they were opened
                closing = layer_pictures.document_key(views[images.index(image)].document())
        return closing if closing is not None and shown.count(closing) == 1 else ""


def _images_in(main: Any) -> list[Any]:
    """Return the windows of images in one of Krita's."""
    area = main.findChild(QtWidgets.QMdiArea) if main is not None else None  # one that is being closed
    return list(area.subWindowList()) if area is not None else []
