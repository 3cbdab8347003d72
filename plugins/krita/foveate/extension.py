"""What Krita calls: the controller behind all windows, the docker's factory, and the actions of the menu."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import krita
from krita import DockWidgetFactory, DockWidgetFactoryBase, Extension, Krita

from .actions import ENTRIES, MenuEntry, ShownWhileOffered, entries_of
from .active_document import KritaEditor
from .closing import ClosingGuard
from .controller import KritaController
from .docker import FoveateDocker
from .version import VERSION

DOCKER = "foveate_docker"
_MENU = "tools/scripts"
_ADDED = "foveate_entries"  # the property of a window with the names of its entries


def register() -> None:
    """Tell Krita of the extension and of its docker."""
    app = Krita.instance()
    extension = FoveateExtension(app)
    app.addExtension(extension)
    right = DockWidgetFactoryBase.DockPosition.DockRight
    app.addDockWidgetFactory(DockWidgetFactory(DOCKER, right, extension.make_docker))


class FoveateExtension(Extension):  # type: ignore[misc]
    """Owns the controller. It is made when Krita first needs it, so that importing the plugin starts nothing."""

    def __init__(self, parent: Any) -> None:
        super().__init__(parent)
        self._controller: KritaController | None = None
        self._guard: ClosingGuard | None = None  # beside the controller
        self._followed: set[str] = set()  # the entries of further operations that all windows have
        self._watching: list[ShownWhileOffered] = []  # nobody else keeps them: Krita's actions are not Python's

    @property
    def controller(self) -> KritaController:
        """Return the controller."""
        if self._controller is None:
            editor = KritaEditor(krita)
            self._controller = KritaController(editor, editor.settings_path(), VERSION)
            self._controller.signals.changed.connect(self._follow)
            self._guard = ClosingGuard(krita, self._controller)
        return self._controller

    def make_docker(self) -> FoveateDocker:
        """Return a docker for a new window."""
        return FoveateDocker(self.controller)

    def setup(self) -> None:
        """End the connection with Krita."""
        notifier = Krita.instance().notifier()
        notifier.setActive(True)
        notifier.applicationClosing.connect(self._close)

    def createActions(self, window: Any) -> None:  # noqa: N802 - Krita's name
        """Add the menu's actions; their shortcuts are set in Krita's own settings."""
        say = self.controller.say
        self._add(window, {**ENTRIES, **entries_of(self.controller.operations)})
        self._create(window, "foveate_cancel", say("Foveate: cancel all jobs"), self.controller.cancel_all)
        self._create(window, "foveate_panel", say("Foveate: show the docker"), self._reveal)

    def _follow(self) -> None:
        """Give each window entries for operations that the server did not have when the window was made."""
        wanted = entries_of(self.controller.operations)
        if wanted.keys() != self._followed:
            self._followed = set(wanted)
            for window in Krita.instance().windows():
                self._add(window, wanted)

    def _add(self, window: Any, entries: Mapping[str, MenuEntry]) -> None:
        """Add the entries that a window has not. It keeps their names: Krita deletes the windows that it hands us."""
        say, known = self.controller.say, window.qwindow().property(_ADDED) or []
        new = {name: entry for name, entry in entries.items() if name not in known}
        window.qwindow().setProperty(_ADDED, [*known, *new])
        for name, entry in new.items():
            text = f"Foveate: {say(entry.title)}" if entry.title else say(entry.text)
            action = self._create(window, name, text, partial(self._run, entry))
            if entry.needs_checkpoint or entry.title:
                self._watching.append(ShownWhileOffered(self.controller, action, entry.operation))

    def _create(self, window: Any, name: str, text: str, act: Callable[[], object]) -> Any:
        action = window.createAction(name, text, _MENU)
        action.triggered.connect(lambda *_: act())
        menu = _menu_of(window)
        if menu is not None and action not in menu.actions():  # once it stands, Krita adds to it no more
            menu.addAction(action)
        return action

    def _run(self, entry: MenuEntry) -> None:
        """Start an operation with its parameters as last used; the docker says how it goes, or what is missing."""
        self.controller.look()
        docker = self._reveal()
        wish = entry.wish(self.controller.used(entry.operation))
        if wish is not None and not self.controller.blocked(entry.operation):
            self.controller.run(entry.operation, wish)
        elif docker is not None:
            docker.panel.task.ask(entry.operation, entry.needs)

    def _reveal(self) -> Any:
        """Show the active window's docker and return it."""
        window = Krita.instance().activeWindow()
        for docker in window.dockers() if window is not None else ():
            if docker.objectName() == DOCKER:
                docker.setVisible(True)
                docker.raise_()
                return docker
        return None

    def _close(self) -> None:
        if self._guard is not None:
            self._guard.end()
        if self._controller is not None:
            self._controller.close()


def _menu_of(window: Any) -> Any:
    """Return the menu that our entries stand in; None while a window has none."""
    entries, menu = window.qwindow().menuBar().actions(), None
    for name in _MENU.split("/"):
        menu = next((each.menu() for each in entries if each.objectName().lower() == name and each.menu()), None)
        if menu is None:
            return None
        entries = menu.actions()
    return menu
