"""One controller for every editor: the connection, the jobs, its settings, and the model that is being added.

Poll-driven and single-threaded: the editor's main thread calls everything, :meth:`Controller.poll` some times a second,
and shows what has changed where it says so. It knows no widget and no editor; a plugin is an adapter on top of it.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..connection import running_server
from ..connection.client import ConnectionState
from ..connection.settings import Settings
from ..errors import CancelledJobError, ErrorInfo, FoveateError
from ..forms import operation_form
from ..forms.checkpoint_choices import has_checkpoint
from ..forms.picture_slots import PictureSlot, picture_slots, takes_document
from ..i18n import translations
from ..jobs.chosen_pictures import NONE_CHOSEN, ChosenPictures
from ..jobs.host import Host
from ..jobs.job_list import ConnectionView, JobEntry, Workbench
from ..jobs.job_status import LONG_SECONDS
from ..jobs.left_jobs import OpenLeft
from ..jobs.workbench_client import WorkbenchClient
from ..wire.protocol import ExpiredJob, JobSummary, JsonObject, ModelInfo, OperationInfo
from . import expired_jobs, known_server, labels, offered_operations, open_connection
from .faces import SURVEY
from .model_adder import ModelAdder
from .offered_operations import OperationWords
from .picture_choosers import PictureChoices
from .recorded_jobs import OpenLeftHost, RecordedJobs
from .settings_keeper import SettingsKeeper

SHOWN_EVERY = 0.2  # seconds between two steps of progress: each makes an editor draw its panels anew

OpenHost = Callable[[int], Host]  # for a variation, counted from 1


class Controller(SettingsKeeper):
    """The state behind all panels of one editor."""

    def __init__(
        self,
        settings_path: Path,
        open_client: Callable[[Settings], WorkbenchClient],
        *,
        system_language: Callable[[], str] = translations.system_language,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Read the settings; nothing connects before :meth:`wake`.

        `open_client` makes a client for settings, such as open_connection.open_client does. Raises ResourceError where
        new settings cannot be written.
        """
        super().__init__(settings_path, system_language)
        self.adder = ModelAdder()
        self.added = ""  # name of the model whose adding the last poll() saw end well
        self.beside = PictureChoices(self.slots, lambda: self.say)
        self._records = RecordedJobs(settings_path)
        self._expired = expired_jobs.ExpiredJobs(settings_path)
        self._gone: tuple[ExpiredJob, ...] = ()  # those that were told of, until the person connects anew
        self._expiry_told: ErrorInfo | None = None  # what was told of them
        self._open_left: OpenLeft | None = None  # takes results of sessions that are over, where an editor lists them
        self._known_path = settings_path.with_name(known_server.FILE_NAME)
        self._known = known_server.load(self._known_path)
        self._open_client = open_client
        self._connected_by: Settings | None = None  # what the panels' connection was opened with
        self._bench: Workbench | None = None
        self._forms: dict[
            tuple[str, str, str, tuple[str, ...]], operation_form.Form | None
        ] = {}  # made once: panels ask all the time
        self._formed: object = None  # the operations and models that they are made of
        self._queue: list[Callable[[], list[JobEntry]]] = []  # what begins jobs, one after the other
        self._of_queue: list[JobEntry] = []  # those that it began last
        self._clock = clock
        self._has_news = False  # that the panels do not show yet
        self._shown_at = clock()  # when they were shown the last ones
        self._turn: object = None  # what the last ones were about

    # --- the server --------------------------------------------------------------------------------------------------

    def wake(self) -> Workbench:
        """Begin to connect, where that has not begun."""
        if self._bench is None:
            self._bench = Workbench(self._connect, open_left=self._open_left)
        return self._bench

    def list_left(self, open_host: OpenLeftHost) -> None:
        """List results of this editor's sessions that are over, too, from :meth:`wake` on: `open_host` takes one."""
        self._records.forget_old()
        self._open_left = lambda job: self._records.left(job, open_host, self.operations, self.say)

    def tell_left(self, tell: Callable[[JobSummary], None]) -> None:
        """Call `tell` with the complete results of this editor's sessions that are over, from :meth:`wake` on.

        They are neither fetched nor listed.
        """
        self._open_left = tell

    def reconnect(self) -> None:
        """Look for the server anew, with the settings as they are now, and start it where none runs."""
        self._take_installed()
        self._gone, self._expiry_told = (), None
        self.wake().reconnect(elsewhere=self.uses_old_settings)
        self.announce()

    @property
    def uses_old_settings(self) -> bool:
        """Tell whether the panels' connection was opened with another server in the settings than there is now."""
        return self._connected_by is not None and self.names_another_server(self._connected_by)

    @property
    def connection(self) -> ConnectionView:
        """Return how the server is reached; where it is, its warning tells of jobs that it did not keep, too."""
        view = self._bench.connection if self._bench else ConnectionView()
        return replace(view, warning=expired_jobs.beside(view.warning, self._expiry_told)) if view.is_ready else view

    @property
    def operations(self) -> tuple[OperationInfo, ...]:
        """Return the server's operations; before it was reached, those that it had last."""
        told = self._bench.operations if self._bench else ()
        return told or self._known[0]

    @property
    def models(self) -> tuple[ModelInfo, ...]:
        """Return the server's models; before it was reached, those that it had last."""
        told = self._bench.models if self._bench else ()
        return told or self._known[1]

    @property
    def has_checkpoint(self) -> bool:
        """Tell whether prompts can be given: nothing is shown of them before."""
        return has_checkpoint(self.models)

    @property
    def offered(self) -> list[str]:
        """Return the names of the operations that can be chosen."""
        return offered_operations.offered(self.operations, self.models)

    def words_of(self, operation: str) -> OperationWords:
        """Return how an operation is offered."""
        return offered_operations.words_of(operation, self.operations)

    def form(
        self, operation: str, model: str = "", preset: str = "", loras: tuple[str, ...] = ()
    ) -> operation_form.Form | None:
        """Return what can be said of an operation, see forms.operation_form; None where it is not offered (yet)."""
        told, key = (self.operations, self.models), (operation, model, preset, loras)
        if told != self._formed:
            self._forms.clear()
            self._formed = told
        if key not in self._forms:
            info = next((each for each in self.operations if each.name == operation), None)
            self._forms[key] = None if info is None else operation_form.form_for(info, self.models, *key[1:])
        return self._forms[key]

    def slots(self, operation: str) -> tuple[PictureSlot, ...]:
        """Return the places for pictures beside the document that an operation has."""
        return picture_slots(offered_operations.schema_of(operation, self.operations))

    def takes_document(self, operation: str) -> bool:
        """Tell whether an operation works on a document; so does one that is not known (yet)."""
        return takes_document(offered_operations.schema_of(operation, self.operations))

    # --- jobs --------------------------------------------------------------------------------------------------------

    @property
    def entries(self) -> list[JobEntry]:
        """Return all jobs, newest first."""
        return self._bench.entries if self._bench else []

    def entry(self, job: str) -> JobEntry | None:
        """Return a job by its id."""
        return next((entry for entry in self.entries if entry.flow.job == job), None)

    def groups(self) -> list[list[JobEntry]]:
        """Return the jobs wish by wish, the newest first; variations of one wish in the order of their seeds."""
        groups: dict[object, list[JobEntry]] = {}
        for entry in self.entries:
            groups.setdefault(entry.wish, []).insert(0, entry)
        return list(groups.values())

    def start(
        self,
        open_host: OpenHost,
        operation: str,
        parameters: JsonObject,
        *,
        title: str,
        count: int = 1,
        ask_first: bool | None = None,
        is_unselected: bool = False,
        is_new_wish: bool = True,
        chosen: ChosenPictures = NONE_CHOSEN,
    ) -> list[JobEntry]:
        """Start a job, or `count` variations of it, each on a host of its own; their results wait for a choice.

        `chosen` are the pictures beside the document: they are copied before anything is sent.
        Whether a single result waits is as set, unless `ask_first` says it. Where it `is_unselected`, so that all
        of a document is worked on, what takes long waits for :meth:`begin`. Prompts of a new wish are remembered.
        Raises FoveateError where there is nothing to work on; variations that were begun before that go on.
        """
        bench = self.wake()
        if self.connection.state is ConnectionState.REFUSED:
            bench.reconnect(elsewhere=self.uses_old_settings)  # the person has read why, and tries again
        if is_new_wish:
            self.keep_prompts(parameters)
        wishes = operation_form.with_seeds(parameters, count)
        group = uuid.uuid4().hex if len(wishes) > 1 else ""
        asks = bool(group) or (self.settings.ask_first if ask_first is None else ask_first)
        first = open_host(1)
        pictures = chosen.freeze(self.slots(operation), first)
        how: dict[str, Any] = {
            "title": title,
            "ask_first": asks,
            "asks_from": LONG_SECONDS if is_unselected and self._selects(operation, parameters) else None,
            "group": group,
            "pictures": pictures,
        }
        how |= {"chosen": chosen, "takes_document": self.takes_document(operation)}
        started = []
        try:
            for number, wish in enumerate(wishes, 1):
                started.append(bench.submit(open_host(number) if number > 1 else first, operation, wish, **how))
                self._records.begin(started[-1])
            return started
        finally:
            self.announce()

    def queue(self, begin: Callable[[], list[JobEntry]]) -> None:
        """Let :meth:`poll` begin jobs once all that were queued before have ended; `begin` tells which these are."""
        self._queue.append(begin)

    def cancel(self, entry: JobEntry) -> None:
        """End a job that runs: at once where no server is there to confirm it."""
        bench = self.wake()
        bench.cancel(entry)
        if entry.is_running and not bench.is_reached(entry):
            entry.flow.abandon(CancelledJobError("Cancelled."))
        self.announce()

    def cancel_all(self) -> None:
        """End all jobs that run."""
        for entry in list(self.entries):
            self.cancel(entry)

    def question(self, entry: JobEntry) -> str:
        """Return what is asked before a job is made that takes long; empty where nothing is."""
        if not entry.flow.is_held:
            return ""
        asked = [each.flow.status for each in self.entries if each.wish == entry.wish and each.flow.is_held]
        return labels.before_beginning(asked, self.say)

    def begin(self, entry: JobEntry) -> None:
        """Let a job be made that waited for a yes since it takes long, with all variations of its wish."""
        for each in self.entries:
            if each.wish == entry.wish:
                each.flow.begin()
        self.announce()

    def make_rest(self, entry: JobEntry) -> None:
        """Have the parts of a new image tried again that failed; the finished ones stay."""
        if self.connection.state is ConnectionState.REFUSED:
            self.wake().reconnect(elsewhere=self.uses_old_settings)
        if entry.can_make_rest:
            entry.flow.make_rest()
        self.announce()

    def apply(self, entry: JobEntry) -> None:
        """Apply a result that waits. Where that was refused before, a second yes is enough."""
        self.wake().apply(entry, even_if_changed=entry.flow.status.error is not None)
        self.announce()

    def discard(self, entry: JobEntry) -> None:
        """Remove a job from the list; what it does or holds is given up."""
        if entry.is_running:
            self.cancel(entry)
        self.wake().discard(entry)
        self._records.cross_out(entry)
        self.announce()

    # --- models ------------------------------------------------------------------------------------------------------

    def add_model(self, what: str, *, allow_pickle: bool = False) -> None:
        """Add a model to those of this machine. Raises InputError where that cannot even be tried."""
        self.adder.start(self.settings, what, allow_pickle=allow_pickle)
        self.announce()

    @property
    def command(self) -> str:
        """Return the command that starts the server on this machine."""
        return open_connection.command_to_copy(self.settings)

    @property
    def is_command_for_terminal(self) -> bool:
        """Tell whether the server has to be started in a terminal, with `command`: where we may not start it."""
        return not self.settings.remote_url and running_server.in_sandbox()

    # --- time --------------------------------------------------------------------------------------------------------

    def poll(self) -> bool:
        """Take what happened; return whether panels have to show something new now.

        Mere progress is shown some times a second, all else at once.
        """
        if self._bench is not None:
            self._has_news |= self._bench.poll()
            if gone := self._expired.news(self._bench.expired):
                self._gone += gone
                self._expiry_told = expired_jobs.told(self._gone, self.operations, self.say)
            self._records.follow(self._bench.entries)
            self._keep_known()
        self._has_news |= self._look_at_adding()
        if self._queue and not any(entry.is_running for entry in self._of_queue):
            self._of_queue = self._queue.pop(0)()
        turn = self._turn_now()
        if not self._has_news or (turn == self._turn and self._clock() - self._shown_at < SHOWN_EVERY):
            return False
        self._has_news, self._shown_at, self._turn = False, self._clock(), turn
        return True

    def announce(self) -> None:
        """Show at once what a wish has changed: for adapters to override, who need not wait for the next poll()."""
        self._has_news, self._turn = True, None

    @property
    def is_busy(self) -> bool:
        """Tell whether a job runs."""
        return any(entry.is_running for entry in self.entries)

    @property
    def has_work(self) -> bool:
        """Tell whether :meth:`poll` has more to do at once."""
        return any(entry.flow.has_work for entry in self.entries if entry.is_running)

    def close(self) -> None:
        """Cancel what runs and end the connection with its threads."""
        self.adder.stop()
        if self._bench is not None:
            self._bench.cancel_all()
            self._bench.close()

    def _connect(self) -> WorkbenchClient:
        """Open the panels' connection, with the settings as they are now."""
        self._connected_by = self.settings_on_disk
        return self._open_client(self._connected_by)

    def _selects(self, operation: str, parameters: JsonObject) -> bool:
        """Tell whether a job works on what is selected: else it is on all of the document, as its owner knows."""
        return operation != SURVEY and self.takes_document(operation) and "extend" not in parameters

    def _look_at_adding(self) -> bool:
        """Ask for the models once one was added; return whether there is something new to show."""
        self.added = ""
        if not self.adder.poll():
            return False
        status = self.adder.status
        if status is not None and status.name:
            self.added = status.name
            self.wake().refresh_models()
        return True

    def _turn_now(self) -> object:
        """Return what is shown at once when it changes; all else is mere progress."""
        states = [entry.flow.status.state for entry in self.entries]
        return states, self.connection, self.operations, self.models, self.adder.status

    def _keep_known(self) -> None:
        """Remember what the server told, for the next time."""
        bench = self._bench
        if bench is None or not bench.operations or not bench.models:
            return
        before, self._known = self._known, (bench.operations, bench.models)
        if self._known == before:  # without a closer look, where nothing was told since the last time
            return
        try:
            known_server.save(self._known_path, *self._known)
        except FoveateError as error:
            self.problem = str(error)
