"""What Krita calls: the desk behind all windows, the docker's factory, and the actions of the menu."""

from __future__ import annotations

from functools import partial
from typing import Any

import krita
from krita import DockWidgetFactory, DockWidgetFactoryBase, Extension, Krita

from .desk import Desk
from .docker import FoveateDocker
from .editor import KritaEditor
from .version import VERSION

DOCKER = "foveate_docker"
_MENU = "tools/scripts"


def register() -> None:
    """Tell Krita of the extension and of its docker."""
    app = Krita.instance()
    extension = FoveateExtension(app)
    app.addExtension(extension)
    app.addDockWidgetFactory(DockWidgetFactory(DOCKER, DockWidgetFactoryBase.DockRight, extension.make_docker))


class FoveateExtension(Extension):  # type: ignore[misc]
    """Owns the desk. It is made when Krita first needs it, so that importing the plugin starts nothing."""

    def __init__(self, parent: Any) -> None:
        super().__init__(parent)
        self._desk: Desk | None = None

    @property
    def desk(self) -> Desk:
        """Return the desk."""
        if self._desk is None:
            editor = KritaEditor(krita)
            self._desk = Desk(editor, editor.settings_path(), VERSION)
        return self._desk

    def make_docker(self) -> FoveateDocker:
        """Return a docker for a new window."""
        return FoveateDocker(self.desk)

    def setup(self) -> None:
        """End the connection with Krita."""
        notifier = Krita.instance().notifier()
        notifier.setActive(True)
        notifier.applicationClosing.connect(self._close)

    def createActions(self, window: Any) -> None:  # noqa: N802 - Krita's name
        """Add the menu's actions; their shortcuts are set in Krita's own settings."""
        say = self.desk.say
        actions = {
            "foveate_refocus": (say("Foveate: refocus selection"), partial(self._run, "refocus")),
            "foveate_faces": (say("Foveate: refocus faces"), partial(self._run, "faces")),
            "foveate_upscale": (say("Foveate: upscale"), partial(self._run, "upscale")),
            "foveate_cancel": (say("Foveate: cancel all jobs"), self.desk.cancel_all),
            "foveate_panel": (say("Foveate: show the docker"), partial(self._reveal, window)),
        }
        for name, (text, act) in actions.items():
            action = window.createAction(name, text, _MENU)
            action.triggered.connect(partial(_without_arguments, act))

    def _run(self, operation: str) -> None:
        """Start an operation with its parameters as last used; the docker says how it goes."""
        self.desk.look()
        self._reveal(Krita.instance().activeWindow())
        if not self.desk.blocked():
            self.desk.run(operation, self.desk.defaults(operation))

    def _reveal(self, window: Any) -> None:
        for docker in window.dockers() if window is not None else ():
            if docker.objectName() == DOCKER:
                docker.setVisible(True)
                docker.raise_()

    def _close(self) -> None:
        if self._desk is not None:
            self._desk.close()


def _without_arguments(act: Any, *_: object) -> None:
    """Call back without what Qt's signals carry."""
    act()
