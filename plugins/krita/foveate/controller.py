"""What all of Krita's windows share: the controller of its active document, with Krita's timers and Qt's signals."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from . import style
from ._shared import document_controller, job_list, open_connection, previews, protocol, undone_results
from .open_dialogs import OpenDialogs
from .qt import QtCore, Signal

PEER_NAME = "foveate-krita"
_BUSY_PAUSE = 10  # milliseconds between two polls while a job runs
_NO_PAUSE = 0  # while there is something to do in steps: Krita lives between them
_IDLE_PAUSE = 200
_CONTEXT_PAUSE = 400  # between two looks at the active document and its selection


class WindowedEditor(document_controller.Editor, Protocol):
    """An editor with several windows, each with an active document."""

    def acting_in(self, main_window: Any) -> AbstractContextManager[None]:
        """Let the active document be that of a window for as long as somebody acts there."""


class Signals(QtCore.QObject):  # type: ignore[misc]
    """What the windows are told."""

    changed = Signal()  # the connection or a job
    context_changed = Signal()  # the active document or its selection
    faces_changed = Signal()
    model_added = Signal(str)  # its name; the list of models follows
    refused = Signal(str)  # a wish could not be fulfilled: a sentence
    restyled = Signal()  # the language is another one: texts have to be written anew


class KritaController(document_controller.DocumentController):
    """The controller on Krita's main thread, where everything happens. Pictures are QImages."""

    def __init__(
        self,
        editor: WindowedEditor,
        settings_path: Path,
        version: str,
        *,
        open_client: Callable[[Any], Any] | None = None,
        **options: Any,
    ) -> None:
        """Begin to connect and to poll. Raises ResourceError where settings cannot be written."""
        open_own = partial(open_connection.open_client, peer=protocol.Peer(PEER_NAME, version))
        super().__init__(editor, settings_path, open_client or open_own, **options)
        self._windows = editor
        self.undone: list[job_list.JobEntry] = []  # whose results were applied and undone, and can be had again
        self.signals = Signals()
        self.dialogs = OpenDialogs()
        self.on_context = self.signals.context_changed.emit
        self.on_faces = self.signals.faces_changed.emit
        self.on_language = self.signals.restyled.emit
        self.on_refusal = self.signals.refused.emit
        self.previews = previews.Previews(style.unfinished, lambda job, result: job.host.preview(result))
        self._timer = self._start_timer(_IDLE_PAUSE, self._poll)
        self._context_timer = self._start_timer(_CONTEXT_PAUSE, self.look)
        self.wake()

    @contextmanager
    def acting_in(self, widget: Any) -> Iterator[None]:
        """Let what a widget starts be about the image of its own window, although another one may be the active one."""
        while widget.parentWidget() is not None:  # a docker that floats is a window, and belongs to one
            widget = widget.parentWidget()
        with self._windows.acting_in(widget):
            yield

    def look(self) -> None:
        """See DocumentController. Layers that were undone are looked for, too."""
        super().look()
        undone = [job for job in self.jobs if undone_results.is_undone(job)]
        if undone != self.undone:
            self.undone = undone
            self.signals.changed.emit()

    def can_apply(self, job: job_list.JobEntry) -> bool:
        """Tell whether a result waits, or can be had again."""
        return job.waits_for_person or job in self.undone

    def apply(self, entry: job_list.JobEntry) -> None:
        """See Controller. What was undone is laid over the document once more, whatever that shows now."""
        if entry not in self.undone:
            super().apply(entry)
            return
        self.undone.remove(entry)
        entry.flow.apply(even_if_changed=True)
        self.announce()

    def announce(self) -> None:
        """See Controller."""
        super().announce()
        self._timer.setInterval(_BUSY_PAUSE)
        self.signals.changed.emit()

    def forget_problem(self) -> None:
        """Tell no more of what the settings went through."""
        self.problem = ""
        self.announce()

    def close(self) -> None:
        """Cancel what runs and end the connection."""
        self._timer.stop()
        self._context_timer.stop()
        super().close()

    def _poll(self) -> None:
        has_news = self.poll()
        if has_news:
            undone_results.forget_oldest(self.entries)
        if has_news and self.added:
            self.signals.model_added.emit(self.added)
        if self.take_pictures() or has_news:
            self.signals.changed.emit()
        busy = _BUSY_PAUSE if self.is_busy or self.is_drawing else _IDLE_PAUSE
        self._timer.setInterval(_NO_PAUSE if self.has_work else busy)

    def _start_timer(self, pause: int, act: Callable[[], None]) -> Any:
        timer = QtCore.QTimer(self.signals, timeout=act)
        timer.start(pause)
        return timer
