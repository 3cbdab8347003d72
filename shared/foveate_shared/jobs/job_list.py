"""What every editor's panel shows, without a widget: the connection, running jobs and the history of results.

Single-threaded: the editor's main thread calls everything, :meth:`Workbench.poll` some times a second. Each job has a
host of its own, so that two documents, and two editors on one server, never mix their results.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ..connection.client import ClientEvent, ConnectionState, StateChange
from ..connection.version_difference import version_difference
from ..errors import ErrorCode, ErrorInfo
from ..forms.checkpoint_choices import models_for
from ..forms.operation_form import Form, form_for
from ..wire.protocol import (
    Ack,
    ExpiredJob,
    Jobs,
    JobSummary,
    JsonObject,
    ModelInfo,
    Models,
    OperationInfo,
    Preview,
    Welcome,
)
from .chosen_pictures import NONE_CHOSEN, ChosenPictures
from .dispatch_events import DrivenFlow, dispatch
from .earlier_server import EarlierServer
from .host import Host
from .job_flow import JobState, Rerender
from .left_jobs import LeftJob, LeftJobs, OpenLeft, fetching
from .named_pictures import FrozenPicture
from .run_blocking import CANCEL_SECONDS, unconfirmed
from .together import Together
from .workbench_client import WorkbenchClient

MODELS_SECONDS = 15.0  # between two looks at the models: they are added and removed in terminals, too
HISTORY_LENGTH = 50  # ended jobs that are remembered; results that were not applied are never dropped


@dataclass(frozen=True)
class ConnectionView:
    """What a panel shows about the server."""

    state: ConnectionState = ConnectionState.SEARCHING
    error: ErrorInfo | None = None  # why it is lost or refused
    server: str = ""  # name and version, once it is ready
    warning: ErrorInfo | None = None  # where it is ready: which side is of an older version

    @property
    def is_ready(self) -> bool:
        """Tell whether jobs start at once; else they wait for the server."""
        return self.state is ConnectionState.READY

    @property
    def has_server(self) -> bool:
        """Tell whether there is a connection: what was sent may have arrived."""
        return self.state in {ConnectionState.READY, ConnectionState.SILENT}

    def after(self, change: StateChange) -> ConnectionView:
        """Return the view after a change. A server that is silent for a while stays the one that it is."""
        goes_on = self.state is ConnectionState.SILENT and change.state is ConnectionState.READY
        if goes_on or change.state is ConnectionState.SILENT:
            return replace(self, state=change.state, error=change.error)
        return ConnectionView(change.state, change.error)


@dataclass(frozen=True)
class PreviewPicture:
    """The newest unfinished picture of a job: to look at, never to apply."""

    event: Preview
    pixels: bytes


@dataclass(eq=False)
class JobEntry:
    """One job: while it runs, and afterwards in the history."""

    title: str  # such as "Refocus, Real-ESRGAN x4plus"
    operation: str
    parameters: JsonObject
    flow: Rerender = field(repr=False)
    host: Any = field(repr=False)  # the Host that it works on, with whatever else the editor's own has
    created: float  # seconds since the epoch
    group: str = ""  # the same for variations of one wish: the person chooses among them
    preview: PreviewPicture | None = None  # replaced by poll(), dropped at the end
    chosen: ChosenPictures = NONE_CHOSEN  # what went beside the document
    is_left: bool = False  # of a session that is over
    left_at: float | None = None  # seconds since the epoch: cancelled, and not waited for any longer than until then

    @property
    def needs_server(self) -> bool:
        """Tell whether a server has something of it that nobody took or dropped yet."""
        return self.is_running or self.waits_for_person or self.can_make_rest

    @property
    def is_given_up(self) -> bool:
        """Tell whether it ended here alone, against the person's will: a server may have gone on with it."""
        failed = self.flow.status.state is JobState.FAILED
        return failed and not (self.can_make_rest or self.flow.is_cancelling or self.is_left)

    @property
    def wish(self) -> object:
        """Return what it has in common with the variations of the same wish, and with nothing else."""
        return self.group or id(self)

    @property
    def is_running(self) -> bool:
        """Tell whether it can still be cancelled."""
        return not self.flow.ended

    @property
    def waits_for_person(self) -> bool:
        """Tell whether there is a result that was not applied: apply and discard are offered."""
        return self.flow.status.state is JobState.UNAPPLIED

    @property
    def can_make_rest(self) -> bool:
        """Tell whether a part of it failed that can be tried again, while the rest is kept."""
        return self.flow.can_make_rest

    @property
    def is_applied(self) -> bool:
        """Tell whether its result is in the document."""
        return self.flow.status.state is JobState.DONE


def _is_gone(entry: JobEntry) -> bool:
    """Tell whether the server does not have a job any more: somebody else took its result meanwhile."""
    error = entry.flow.status.error
    return error is not None and error.code in (ErrorCode.UNKNOWN_JOB, ErrorCode.EXPIRED)


class Workbench:
    """The state behind a panel. Construct one per editor, close it with the editor."""

    def __init__(
        self,
        open_client: Callable[[], WorkbenchClient],
        *,
        open_left: OpenLeft | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`open_client` makes a client from the current settings: at once, and again on :meth:`reconnect`.

        With `open_left`, results of sessions that are over are entries as well.
        """
        self.connection = ConnectionView()
        self.operations: tuple[OperationInfo, ...] = ()  # empty until the server was reached
        self.models: tuple[ModelInfo, ...] = ()
        self.entries: list[JobEntry] = []  # newest first
        self.expired: tuple[ExpiredJob, ...] = ()  # what the server listed last of jobs that went without our word
        self._open_client = open_client
        self._clock = clock
        self._left = LeftJobs(open_left, clock) if open_left else None
        self._client = open_client()
        self._models_at: float | None = None  # when to ask for them again; None: they are asked for, or nobody is there
        self._earlier: list[EarlierServer] = []  # whose jobs have not ended

    def submit(
        self,
        host: Host,
        operation: str,
        parameters: JsonObject,
        *,
        title: str,
        ask_first: bool = False,
        asks_from: float | None = None,
        group: str = "",
        pictures: Mapping[str, FrozenPicture] | None = None,
        takes_document: bool = True,
        chosen: ChosenPictures = NONE_CHOSEN,
    ) -> JobEntry:
        """Freeze the host's document and start a job on it; it waits by itself where there is no server yet.

        One that is expected to take `asks_from` seconds waits for its flow's begin() before anything is made.
        With `ask_first` the complete result waits for :meth:`apply`, as that of each of several variations should:
        these are jobs of their own (see operation_form.with_seeds) with one `group`. `pictures` go beside the
        document, by the names of the operation's slots: copies of those `chosen`. Without `takes_document` the host
        only takes the result. Raises FoveateError where the host has nothing to work on; there is no entry then.
        """
        entry: JobEntry

        def on_preview(event: Preview, pixels: bytes) -> None:
            entry.preview = PreviewPicture(event, pixels)

        flow = Rerender(
            self._client,
            host,
            operation,
            parameters,
            ask_first=ask_first,
            asks_from=asks_from,
            on_preview=on_preview,
            pictures=pictures,
            takes_document=takes_document,
        )
        entry = JobEntry(title, operation, parameters, flow, host, self._clock(), group, chosen=chosen)
        flow.start()
        self.entries.insert(0, entry)
        self._forget_oldest()
        return entry

    def poll(self) -> bool:
        """Take what the server sent, answer its windows, apply complete results; return whether anything changed."""
        events = self._client.poll()
        before = [entry.flow.status for entry in self.entries]
        for event in events:
            self._note(event)
        dispatch(events, self._flows_that_run(self._client))
        for server in list(self._earlier):
            self._follow(server)
        if self._left is not None and self._left.is_due and self.connection.is_ready:
            self._client.list_jobs()
        if self._models_at is not None and self._clock() >= self._models_at:
            self.refresh_models()
        for entry in list(self.entries):
            if entry.is_left and _is_gone(entry):
                self.entries.remove(entry)
            if entry.left_at is not None and self._clock() >= entry.left_at:
                entry.flow.abandon(unconfirmed())
            if not entry.is_running:
                entry.preview = None
        return bool(events) or before != [entry.flow.status for entry in self.entries]

    def cancel(self, entry: JobEntry) -> None:
        """Ask the server to end a running job; where it does not answer soon, the job is left to it."""
        if entry.is_running:
            entry.flow.cancel()
            entry.left_at = entry.left_at or self._clock() + CANCEL_SECONDS

    def apply(self, entry: JobEntry, *, even_if_changed: bool = False) -> None:
        """Apply a result that waits. `even_if_changed`: although the document is not what it was made from."""
        if entry.waits_for_person:
            entry.flow.apply(even_if_changed=even_if_changed)

    def discard(self, entry: JobEntry) -> None:
        """Drop an entry from the history; a running job is cancelled first, a result, or parts of one, is given up."""
        if entry.needs_server:
            entry.flow.cancel()
        if entry in self.entries:
            self.entries.remove(entry)

    def cancel_all(self) -> None:
        """Ask the server to end all running jobs, such as when the editor closes."""
        for entry in self.entries:
            self.cancel(entry)

    def reconnect(self, *, elsewhere: bool = False) -> None:
        """Use the current settings from now on. Jobs go on over the new connection, where the server knows them.

        Where the settings name a server `elsewhere`, those that the one before may know stay with that one, on their
        own connection, unless it turns out to be the same.
        """
        before, heard, moving = self._client, self.connection.has_server, self._on(self._client)
        staying = [entry for entry in moving if entry.needs_server and (heard or entry.flow.is_accepted)]
        owed: tuple[Ack, ...] = ()
        if elsewhere and staying:
            self._earlier.append(EarlierServer(before, self.connection.is_ready))
            moving = [entry for entry in moving if entry not in staying]
        else:
            owed = before.close()
        self.connection = ConnectionView()
        self._client = self._open_client()
        self._move(moving, owed)

    def is_reached(self, entry: JobEntry) -> bool:
        """Tell whether a job's server takes at this moment what is sent."""
        earlier = next((each for each in self._earlier if each.client is entry.flow.connection), None)
        return self.connection.is_ready if earlier is None else earlier.is_ready

    def close(self) -> None:
        """End the connections."""
        for client in (self._client, *(server.client for server in self._earlier)):
            client.close()

    def refresh_models(self) -> None:
        """Ask for the models anew, such as when one was added; without a server nothing happens."""
        if self.connection.is_ready:
            self._client.list_models()
            self._models_at = None

    def models_for(self, operation: str) -> Sequence[ModelInfo]:
        """Return the models that `operation` can use."""
        return models_for(self.models, operation)

    def form(self, operation: str, wanted: str = "", preset: str = "") -> Form | None:
        """Return an operation's form, see forms.operation_form.form_for; None where it is not offered (yet)."""
        info = next((each for each in self.operations if each.name == operation), None)
        return None if info is None else form_for(info, self.models, wanted, preset)

    def _note(self, event: ClientEvent) -> None:
        if isinstance(event, StateChange):
            self.connection = self.connection.after(event)
        elif isinstance(event.message, Welcome):
            self.operations = event.message.operations
            server = event.message.server
            warning = version_difference(self._client.peer, server)
            self.connection = ConnectionView(ConnectionState.READY, None, f"{server.name} {server.version}", warning)
            if self._left is not None or self._earlier:  # who asks is told of results: they must be shown then
                self._client.list_jobs()
            self.refresh_models()
        elif isinstance(event.message, Models):
            self.models = event.message.models
            self._models_at = self._clock() + MODELS_SECONDS
        elif isinstance(event.message, Jobs):
            self.expired = event.message.expired
            self._take_back({job.job for job in event.message.jobs})
            self._list_left(event.message.jobs)

    def _on(self, client: WorkbenchClient) -> list[JobEntry]:
        """Return the jobs of one connection."""
        return [entry for entry in self.entries if entry.flow.connection is client]

    def _move(self, entries: Iterable[JobEntry], owed: Iterable[Ack]) -> None:
        """Let jobs go on over the connection of now, with the acks that may not have arrived."""
        for ack in owed:
            self._client.post(ack)
        for entry in entries:
            entry.flow.move_to(self._client)

    def _follow(self, server: EarlierServer) -> None:
        """Let the jobs go on that an earlier server has; let go of it after the last one."""
        dispatch(server.poll(), self._flows_that_run(server.client))
        if not any(entry.needs_server for entry in self._on(server.client)):
            self._earlier.remove(server)
            self._move(self._on(server.client), server.client.close())

    def _take_back(self, listed: Collection[str]) -> None:
        """Go on over the connection of now with jobs whose server it leads to: they are `listed` there."""
        for server in list(self._earlier):
            entries = self._on(server.client)
            if any(entry.flow.job in listed for entry in entries):
                self._earlier.remove(server)
                self._move(entries, server.client.close())

    def _list_left(self, jobs: Sequence[JobSummary]) -> None:
        """List again what sessions that are over have left."""
        if self._left is not None:
            known = {entry.flow.job for entry in self.entries if not entry.is_given_up}
            for job, left in self._left.listed(jobs, known):
                self.entries = [entry for entry in self.entries if entry.flow.job != job.job]
                self._list_again(job, left)

    def _list_again(self, job: JobSummary, left: LeftJob) -> None:
        """Fetch the result of a session that is over; it waits, as it did then."""
        flow = fetching(self._client, left.host, job, left.parameters)
        entry = JobEntry(
            left.title, job.operation, left.parameters, flow, left.host, job.created, left.group, is_left=True
        )
        flow.start()
        newer = sum(other.created > job.created for other in self.entries)
        self.entries.insert(newer, entry)

    def _flows_that_run(self, client: WorkbenchClient) -> list[DrivenFlow]:
        """Return a connection's, the oldest first: whose windows are sent first is made first.

        Variations go together.
        """
        wishes: dict[object, list[Rerender]] = {}
        for entry in reversed(self._on(client)):
            if entry.is_running:
                wishes.setdefault(entry.wish, []).append(entry.flow)
        return [Together(flows) for flows in wishes.values()]

    def _forget_oldest(self) -> None:
        over = [each for each in self.entries if not each.needs_server]
        for entry in over[HISTORY_LENGTH:]:
            self.entries.remove(entry)
