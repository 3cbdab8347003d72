"""What all of Krita's windows share: the editors' controller, with Krita's documents, timers and signals."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from . import style
from ._shared import (
    client,
    controller,
    errors,
    geometry,
    host,
    job_list,
    open_connection,
    operations,
    picture_choosers,
    pictures,
    previews,
    protocol,
)
from .qt import QtCore, Signal

PEER_NAME = "foveate-krita"
VARIATIONS = "variations"  # among remembered parameters: how many jobs a wish becomes
SURVEY = "detect"  # the operation that finds faces
_BUSY_PAUSE = 10  # milliseconds between two polls while a job runs
_NO_PAUSE = 0  # while there is something to do in steps: Krita lives between them
_IDLE_PAUSE = 200
_CONTEXT_PAUSE = 400  # between two looks at the active document and its selection


class JobHost(host.Host, Protocol):
    """A host that also has pictures of its region (QImages)."""

    before: Any
    after: Any

    def preview(self, result: host.Result) -> Any:
        """Return a picture of the region with the result."""

    def take_picture(self) -> bool:
        """Fill `after` where the editor has drawn the result; return whether that is still to come."""


@dataclass(frozen=True)
class DocumentState:
    """What a job would work on now."""

    document: Any  # compared, never touched
    extent: geometry.Extent
    selection: geometry.Bounds | None
    key: str = ""  # the same as long as the document is open
    pictures: tuple[pictures.OfferedPicture, ...] = field(
        default=(), compare=False
    )  # its layers, where they were asked


class Editor(Protocol):
    """The active document of the program around us."""

    def context(self, *, pictures: bool) -> DocumentState | None:
        """Return what is open and selected, maybe with its layers, or None where no document is open."""

    def open_host(self, title: str, *, whole: bool = False) -> JobHost:
        """Return a host for the active document, `whole`: without its selection. Raises InputError without one."""

    def open_new_image(self, title: str) -> JobHost:
        """Return a host for an operation that takes no document."""

    def open_survey(self) -> JobHost:
        """Return a host that finds `faces` in the active document. Raises InputError where there is none."""


class Signals(QtCore.QObject):  # type: ignore[misc]
    """What the windows are told."""

    changed = Signal()  # the connection or a job
    context_changed = Signal()  # the active document or its selection
    faces_changed = Signal()
    model_added = Signal(str)  # its name; the list of models follows
    refused = Signal(str)  # a wish could not be fulfilled: a sentence
    restyled = Signal()  # the language is another one: texts have to be written anew


class KritaController(controller.Controller):
    """The controller on Krita's main thread, where everything happens."""

    def __init__(
        self,
        editor: Editor,
        settings_path: Path,
        version: str,
        *,
        open_client: Callable[[Any], Any] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Begin to connect and to poll. Raises ResourceError where settings cannot be written."""
        peer = protocol.Peer(PEER_NAME, version)
        super().__init__(settings_path, open_client or partial(open_connection.open_client, peer=peer), clock=clock)
        self.signals = Signals()
        self.previews = previews.Previews(style.unfinished, lambda job, result: job.host.preview(result))
        self.context: DocumentState | None = None
        self.survey: job_list.JobEntry | None = None  # the newest one
        self._surveyed: DocumentState | None = None  # what its faces were found in
        self._undrawn: list[job_list.JobEntry] = []  # whose results the editor has not drawn yet
        self._asked_for: list[job_list.JobEntry] = []  # the editor was asked for a picture of the result
        self._editor = editor
        self._timer = self._start_timer(_IDLE_PAUSE, self._poll)
        self._context_timer = self._start_timer(_CONTEXT_PAUSE, self.look)
        self.wake()

    # --- wishes ------------------------------------------------------------------------------------------------------

    def run(self, operation: str, wish: protocol.JsonObject) -> job_list.JobEntry | None:
        """Start a job on the active document, or say why not; with VARIATIONS in the wish as many, which wait.

        Return the first one.
        """
        self.keep_all(operation, wish)
        count = wish.get(VARIATIONS, 1)
        parameters = {name: value for name, value in wish.items() if name != VARIATIONS}
        chosen = self.beside.chosen(operation, self.scene(operation))
        return self._begin(operation, parameters, count=count if isinstance(count, int) else 1, chosen=chosen)

    def again(self, job: job_list.JobEntry) -> job_list.JobEntry | None:
        """Start the same job on the active document."""
        return self._begin(job.operation, job.parameters, is_new_wish=False, chosen=job.chosen)

    def find_faces(self, parameters: protocol.JsonObject) -> None:
        """Look for faces in the active document."""
        self.look()
        before, context = self.survey, self.context
        self.survey = self._begin(SURVEY, parameters, ask_first=False, is_new_wish=False) or before
        if self.survey is not before:
            self._surveyed = context
            if before is not None:
                self.discard(before)
            self.signals.faces_changed.emit()

    def change(self, **values: Any) -> None:
        """Keep settings, and connect anew where they name another server; say why where that is impossible."""
        before = self.settings
        super().change(**values)
        if self.problem:
            self.signals.refused.emit(self.say.sentence(self.problem))
        if self.names_another_server(before):
            self.reconnect()
        if before.language != self.settings.language:
            self.signals.restyled.emit()

    # --- what is shown -----------------------------------------------------------------------------------------------

    @property
    def jobs(self) -> list[job_list.JobEntry]:
        """Return all jobs, newest first; finding faces is none."""
        return [job for job in self.entries if job.operation != SURVEY]

    @property
    def faces(self) -> tuple[Any, ...]:
        """Return the faces that were found, as long as they are those of the active document's selection."""
        if self.survey is None or self._surveyed != self.context:
            return ()
        return tuple(self.survey.host.faces)

    def scene(self, operation: str) -> picture_choosers.PictureScene:
        """Return what can be chosen for an operation's pictures."""
        if self.context is None:
            return picture_choosers.PictureScene()
        extent = self.context.extent if self.takes_document(operation) else None
        return picture_choosers.PictureScene(self.context.pictures, extent, self.context.key)

    def blocked(self, operation: str) -> str:
        """Return why no job can be started now, or nothing."""
        if self.context is None and self.takes_document(operation):
            return self.say("Open an image first.")
        if self.connection.state is client.ConnectionState.REFUSED:
            return self.say("The server refuses this plugin; see above.")
        return self.beside.missing(operation, self.scene(operation))

    def look(self) -> None:
        """Look at the active document, its selection, and its layers where an operation takes any."""
        before = self.context
        self.context = self._editor.context(pictures=any(self.slots(each.name) for each in self.operations))
        if self.context != before or (before and self.context and self.context.pictures != before.pictures):
            self.signals.context_changed.emit()

    def announce(self) -> None:
        """See Controller."""
        self._timer.setInterval(_BUSY_PAUSE)
        self._follow()
        self.signals.changed.emit()

    def close(self) -> None:
        """Cancel what runs and end the connection."""
        self._timer.stop()
        self._context_timer.stop()
        super().close()

    # --- inside ------------------------------------------------------------------------------------------------------

    def _begin(self, operation: str, parameters: protocol.JsonObject, **options: Any) -> job_list.JobEntry | None:
        """Start jobs on the active document, or say why not; return the first one."""
        title = operations.job_title(self.words_of(operation), self.say, parameters, self.models)
        whole = "extend" in parameters
        survey, usual = self._editor.open_survey, partial(self._editor.open_host, title, whole=whole)
        if not self.takes_document(operation):
            usual = partial(self._editor.open_new_image, title)
        try:
            return self.start(
                lambda _: survey() if operation == SURVEY else usual(), operation, parameters, title=title, **options
            )[0]
        except errors.FoveateError as error:
            self.signals.refused.emit(self.say.sentence(str(error)))
            return None

    def _poll(self) -> None:
        if self.poll():
            self._follow()
            if self.survey and not self.survey.is_running:
                self.signals.faces_changed.emit()
            if self.added:
                self.signals.model_added.emit(self.added)
            self.signals.changed.emit()
        self._take_pictures()
        busy = _BUSY_PAUSE if self.is_busy or self._undrawn else _IDLE_PAUSE
        self._timer.setInterval(_NO_PAUSE if self.has_work else busy)

    def _follow(self) -> None:
        """Ask once for a picture of each result that was applied."""
        new = [job for job in self.jobs if job.is_applied and job not in self._asked_for]
        self._asked_for = [job for job in self._asked_for if job in self.entries] + new
        self._undrawn += new

    def _take_pictures(self) -> None:
        """Show results as soon as the editor has drawn them."""
        before = self._undrawn
        self._undrawn = [job for job in before if job.host.take_picture()]
        if len(self._undrawn) < len(before):
            self.signals.changed.emit()

    def _start_timer(self, pause: int, act: Callable[[], None]) -> Any:
        timer = QtCore.QTimer(self.signals)
        timer.timeout.connect(act)
        timer.start(pause)
        return timer
