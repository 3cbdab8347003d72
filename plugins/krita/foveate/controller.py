"""What all of Krita's windows share: the connection, the jobs and the settings. Dockers show it and hand in wishes."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from . import labels, style
from ._shared import (
    errors,
    form,
    geometry,
    host,
    job_flow,
    job_list,
    open_connection,
    prompt_history,
    protocol,
    settings,
    translations,
)
from .model_adder import ModelAdder
from .qt import QtCore, Signal

PEER_NAME = "foveate-krita"
VARIATIONS = "variations"  # among remembered parameters: how many jobs a wish becomes
_BUSY_PAUSE = 10  # milliseconds between two polls while a job runs
_NO_PAUSE = 0  # while there is something to do in steps: Krita lives between them
_IDLE_PAUSE = 200
_CONTEXT_PAUSE = 400  # between two looks at the active document and its selection
_SHOWN_EVERY = 0.2  # seconds between two steps of progress: each makes Krita put its whole window together anew


class JobHost(host.Host, Protocol):
    """A host that also has pictures of its region (QImages)."""

    before: Any
    after: Any

    def preview(self, result: host.Result) -> Any:
        """Return a picture of the region with the result."""

    def take_picture(self) -> bool:
        """Fill `after` where the editor has drawn the result; return whether that is still to come."""


class Survey(JobHost, Protocol):
    """A host that takes faces for a result."""

    faces: tuple[Any, ...]


@dataclass(frozen=True)
class DocumentState:
    """What a job would work on now."""

    document: Any  # compared, never touched
    extent: geometry.Extent
    selection: geometry.Bounds | None


class Editor(Protocol):
    """The active document of the program around us."""

    def context(self) -> DocumentState | None:
        """Return what is open and selected, or None where no document is open."""

    def open_host(self, title: str, *, whole: bool = False) -> JobHost:
        """Return a host for the active document, `whole`: without its selection. Raises InputError without one."""

    def open_survey(self) -> Survey:
        """Return a host that finds faces in the active document. Raises InputError where there is none."""


@dataclass(eq=False)
class DocumentJob:
    """An entry of the workbench with the host that has its pictures."""

    entry: job_list.JobEntry
    host: JobHost
    preview: Any = None  # a QImage: what the server shows while it runs, the result while it waits for a yes
    drawn: job_list.PreviewPicture | None = None  # what of the server's `preview` shows
    was_drawn: bool = False  # the editor was asked for a picture of the result


class Desk(QtCore.QObject):  # type: ignore[misc]
    """Owns the workbench and polls it. Everything happens on Krita's main thread."""

    changed = Signal()  # the connection or a job
    context_changed = Signal()  # the active document or its selection
    faces_changed = Signal()
    model_added = Signal(str)  # its name; the list of models follows
    refused = Signal(str)  # a wish could not be fulfilled: a sentence
    restyled = Signal()  # the language is another one: texts have to be written anew

    def __init__(
        self,
        editor: Editor,
        settings_path: Path,
        version: str,
        *,
        open_workbench: Callable[[Path, protocol.Peer], job_list.Workbench] = open_connection.open_workbench,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Begin to connect and to poll. Raises ResourceError where settings cannot be written."""
        super().__init__()
        self.settings = settings.load(settings_path)
        self.say = translations.Texts(self.settings.language or translations.system_language())
        self.bench = open_workbench(settings_path, protocol.Peer(PEER_NAME, version))
        self.jobs: list[DocumentJob] = []  # newest first; surveys are not among them
        self.context: DocumentState | None = None
        self.adder = ModelAdder()
        self.survey: DocumentJob | None = None  # the newest one
        self._surveyed: DocumentState | None = None  # what its faces were found in
        self._undrawn: list[DocumentJob] = []  # whose results the editor has not drawn yet
        self._clock = clock
        self._has_news = False  # that the panels do not show yet
        self._settled = clock()  # when they were shown the last ones
        self._turn: object = None  # what the last ones were about
        self._editor = editor
        self._settings_path = settings_path
        self._timer = self._start(_IDLE_PAUSE, self._poll)
        self._context_timer = self._start(_CONTEXT_PAUSE, self.look)

    # --- wishes ------------------------------------------------------------------------------------------------------

    def run(self, operation: str, wish: protocol.JsonObject) -> DocumentJob | None:
        """Start a job on the active document, or say why not; with VARIATIONS in the wish as many, which wait.

        Return the first one.
        """
        self._remember(operation, wish)
        parameters = {name: value for name, value in wish.items() if name != VARIATIONS}
        count = wish.get(VARIATIONS, 1)
        wishes = form.with_seeds(parameters, count if isinstance(count, int) else 1)
        group = uuid.uuid4().hex if len(wishes) > 1 else ""
        started: list[DocumentJob] = []
        for each in wishes:
            job = self._start_job(operation, each, group)
            if job is None:
                break
            started.append(job)
        return started[0] if started else None

    def add_model(self, what: str, *, allow_pickle: bool = False) -> None:
        """Add a model to those of this machine. Raises InputError where that cannot even be tried."""
        self.adder.start(self.settings, what, allow_pickle=allow_pickle)
        self.changed.emit()

    def forget_prompts(self, which: str) -> None:
        """Forget the history of "prompts" or of "negative_prompts"."""
        self.change_settings(replace(self.settings, **{which: ()}))

    def find_faces(self, parameters: protocol.JsonObject) -> None:
        """Look for faces in the active document."""
        self.look()
        job = self._submit(self._editor.open_survey, "detect", parameters, self.say("Find faces"))
        if job:
            self._forget_survey()
            self.survey, self._surveyed = job, self.context
            self.faces_changed.emit()

    def again(self, job: DocumentJob) -> DocumentJob | None:
        """Start the same job on the active document."""
        return self._start_job(job.entry.operation, job.entry.parameters, "")

    def apply(self, job: DocumentJob) -> None:
        """Apply a result that waits. Where the person was told that the document changed, a second yes is enough."""
        told = job.entry.flow.status.error is not None
        self.bench.apply(job.entry, even_if_changed=told)
        self._settle()

    def discard(self, job: DocumentJob) -> None:
        """Remove a job from the list; what it does or holds is given up."""
        self.bench.discard(job.entry)
        self.jobs.remove(job)
        self.changed.emit()

    def cancel(self, job: DocumentJob) -> None:
        """End a job that runs."""
        self.bench.cancel(job.entry)
        self.changed.emit()

    def cancel_all(self) -> None:
        """End all jobs that run."""
        self.bench.cancel_all()
        self.changed.emit()

    def retry(self) -> None:
        """Look for the server anew, and start it where none runs."""
        self.bench.reconnect()
        self._settle()

    def change_settings(self, wanted: settings.Settings) -> None:
        """Keep settings, and connect anew where they name another server; say why where that is impossible."""
        try:
            settings.save(self._settings_path, wanted)
        except errors.FoveateError as error:
            self.refused.emit(self.say.sentence(str(error)))
            return
        before, self.settings = self.settings, wanted
        if _server_of(before) != _server_of(wanted):
            self.retry()
        if before.language != wanted.language:
            self.say = translations.Texts(wanted.language or translations.system_language())
            self.restyled.emit()

    # --- what is shown -----------------------------------------------------------------------------------------------

    @property
    def faces(self) -> tuple[Any, ...]:
        """Return the faces that were found, as long as they are those of the active document's selection."""
        if self.survey is None or self._surveyed != self.context:
            return ()
        return self.survey.host.faces  # type: ignore[attr-defined]

    @property
    def command(self) -> str:
        """Return the command that starts the server on this machine."""
        return open_connection.command_to_copy(self.settings)

    @property
    def is_remote(self) -> bool:
        """Tell whether the server is one on another machine."""
        return bool(self.settings.remote_url)

    def defaults(self, operation: str) -> protocol.JsonObject:
        """Return the parameters as last used."""
        stored = self.settings.defaults.get(operation)
        return dict(stored) if isinstance(stored, dict) else {}

    def blocked(self) -> str:
        """Return why no job can be started now, or nothing."""
        if self.context is None:
            return self.say("Open an image first.")
        if self.bench.connection.state is labels.ConnectionState.REFUSED:
            return self.say("The server refuses this plugin; see above.")
        return ""

    def close(self) -> None:
        """Cancel what runs and end the connection."""
        self._timer.stop()
        self._context_timer.stop()
        self.adder.stop()
        self.bench.cancel_all()
        self.bench.close()

    def look(self) -> None:
        """Look at the active document and its selection."""
        found = self._editor.context()
        if found != self.context:
            self.context = found
            self.context_changed.emit()

    # --- inside ------------------------------------------------------------------------------------------------------

    def _start_job(self, operation: str, parameters: protocol.JsonObject, group: str) -> DocumentJob | None:
        title, whole = self._title(operation, parameters), "extend" in parameters
        open_host = partial(self._editor.open_host, title, whole=whole)
        job = self._submit(open_host, operation, parameters, title, group)
        if job:
            self.jobs.insert(0, job)
            self.changed.emit()
        return job

    def _submit(
        self,
        open_host: Callable[[], JobHost],
        operation: str,
        parameters: protocol.JsonObject,
        title: str,
        group: str = "",
    ) -> DocumentJob | None:
        asks = bool(group) or (self.settings.ask_first and operation != "detect")
        try:
            editor_host = open_host()
            entry = self.bench.submit(editor_host, operation, parameters, title=title, ask_first=asks, group=group)
        except errors.FoveateError as error:
            self.refused.emit(self.say.sentence(str(error)))
            return None
        self._timer.setInterval(_BUSY_PAUSE)
        return DocumentJob(entry, editor_host)

    def _poll(self) -> None:
        self._has_news |= self.bench.poll()
        if self._has_news and (self._turn != self._turn_now() or self._clock() - self._settled >= _SHOWN_EVERY):
            self._settle()
        self._take_pictures()
        self._watch_adder()
        running = [entry for entry in self.bench.entries if entry.is_running]
        if any(entry.flow.has_work for entry in running):
            self._timer.setInterval(_NO_PAUSE)
        else:
            self._timer.setInterval(_BUSY_PAUSE if running or self._undrawn else _IDLE_PAUSE)

    def _watch_adder(self) -> None:
        if not self.adder.poll():
            return
        status = self.adder.status
        if status is not None and status.name:
            self.bench.refresh_models()
            self.model_added.emit(status.name)
        self.changed.emit()

    def _take_pictures(self) -> None:
        """Show results as soon as the editor has drawn them."""
        drawn = [job for job in self._undrawn if not job.host.take_picture()]
        self._undrawn = [job for job in self._undrawn if job not in drawn]
        if drawn:
            self.changed.emit()

    def _turn_now(self) -> object:
        """Return what is shown at once when it changes; all else is mere progress."""
        states = [entry.flow.status.state for entry in self.bench.entries]
        return states, self.bench.connection, self.bench.models

    def _settle(self) -> None:
        """Draw what waits for a yes, forget what the workbench forgot, and tell everybody."""
        self._has_news, self._settled, self._turn = False, self._clock(), self._turn_now()
        self.jobs = [job for job in self.jobs if job.entry in self.bench.entries]
        for job in self.jobs:
            self._draw_preview(job)
            if is_done(job) and not job.was_drawn:
                job.was_drawn = True
                self._undrawn.append(job)
        if self.survey and not self.survey.entry.is_running:
            self.faces_changed.emit()
        self.changed.emit()

    def _draw_preview(self, job: DocumentJob) -> None:
        live = job.entry.preview
        if live is not None and live is not job.drawn:
            extent = live.event.pixels.extent
            job.preview = style.unfinished(live.pixels, extent.width, extent.height, live.event.pixels.format)
        elif live is None and not job.entry.waits_for_person:
            job.preview = None
        elif live is None and (job.preview is None or job.drawn) and job.entry.flow.result is not None:
            job.preview = job.host.preview(job.entry.flow.result)
        job.drawn = live

    def _forget_survey(self) -> None:
        if self.survey is not None:
            self.bench.discard(self.survey.entry)
            self.survey = None

    def _title(self, operation: str, parameters: protocol.JsonObject) -> str:
        """Return the name of a job and of its layer: operation and model."""
        title = self.say(labels.OPERATIONS.get(operation, operation))
        wanted = parameters.get("model")
        name = next((model.title for model in self.bench.models if model.name == wanted), wanted)
        return f"{title} ({str(name).partition(' (')[0]})" if name else title

    def _remember(self, operation: str, parameters: protocol.JsonObject) -> None:
        kept = {name: value for name, value in parameters.items() if name not in {"only", "pinned"}}
        before = self.settings
        wanted = replace(
            before,
            defaults={**before.defaults, operation: kept},
            prompts=prompt_history.remembered(before.prompts, str(parameters.get("prompt", ""))),
            negative_prompts=prompt_history.remembered(
                before.negative_prompts, str(parameters.get("negative_prompt", ""))
            ),
        )
        if wanted != before:
            self.change_settings(wanted)

    def _start(self, pause: int, act: Callable[[], None]) -> Any:
        timer = QtCore.QTimer(self)
        timer.timeout.connect(act)
        timer.start(pause)
        return timer


def _server_of(values: settings.Settings) -> tuple[object, ...]:
    """Return what decides which server is used."""
    return (
        values.server_command,
        values.remote_url,
        values.remote_token,
        values.remote_fingerprint,
        values.runtime_file,
    )


def is_over(job: DocumentJob) -> bool:
    """Tell whether a job has ended and its result was applied or given up."""
    return not job.entry.is_running and not job.entry.waits_for_person


def is_done(job: DocumentJob) -> bool:
    """Tell whether a job's result was applied."""
    return job.entry.flow.status.state is job_flow.JobState.DONE


def failed(job: DocumentJob) -> bool:
    """Tell whether a job failed."""
    return job.entry.flow.status.state is job_flow.JobState.FAILED
