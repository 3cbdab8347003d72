"""What panels, operators and handlers share: settings, texts, the workbench, and the timer that polls it.

Blender makes operators and panels itself and hands nothing to them, so what they share can only be reached through a
module. It is made by :func:`open_runtime` at register, and nothing of it is left after :func:`close_runtime`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import bpy

from . import show_result
from ._shared import (
    add_model,
    checkpoint_choices,
    client,
    errors,
    form,
    job_flow,
    job_list,
    open_connection,
    prompt_history,
    protocol,
    run_blocking,
    settings,
    translations,
)
from .document import BlenderHost
from .job_request import WantedJob
from .previews import Previews

BUSY_SECONDS = 0.02  # between two polls while a job runs: pixels are asked for and come in them
IDLE_SECONDS = 0.4

Choices = tuple[tuple[str, str, str], ...]  # identifier, label, description

_runtime: list[Runtime] = []  # the one that is open, or none


class Runtime:
    """The state behind all panels of one Blender."""

    def __init__(self, settings_path: Path, peer: protocol.Peer) -> None:
        """Read the settings. Nothing connects before :meth:`wake` or :meth:`submit`."""
        self.settings = settings.load(settings_path)
        self.swaps: list[show_result.Swap] = []
        self.tasks: dict[str, WantedJob] = {}  # by job
        self.hosts: dict[str, BlenderHost] = {}  # by job
        self.previews = Previews()
        self.problem = ""  # with the settings: shown in the preferences
        self.adding: add_model.Adding | None = None  # the program that adds a model, or the last one that did
        self._is_added = True  # it ended, and the models were asked for
        self._texts = translations.Texts()
        self._choices: dict[tuple[str, Choices], Choices] = {}  # by language: Blender wants lists that stay
        self._path = settings_path
        self._peer = peer
        self._bench: job_list.Workbench | None = None

    @property
    def texts(self) -> translations.Texts:
        """Return the language that is set, else Blender's own."""
        language = self.settings.language or bpy.app.translations.locale
        if self._texts.language != language:
            self._texts = translations.Texts(language)
        return self._texts

    def choices(self, items: Choices) -> Choices:
        """Return an enum property's items in the language."""
        say = self.texts
        key = say.language, items
        if key not in self._choices:
            self._choices[key] = tuple((name, say(label), say(text)) for name, label, text in items)
        return self._choices[key]

    @property
    def connection(self) -> job_list.ConnectionView:
        """Return how the server is reached."""
        return self._bench.connection if self._bench else job_list.ConnectionView()

    @property
    def entries(self) -> list[job_list.JobEntry]:
        """Return all jobs, newest first."""
        return self._bench.entries if self._bench else []

    @property
    def models(self) -> tuple[protocol.ModelInfo, ...]:
        """Return the server's models, none before it was reached."""
        return self._bench.models if self._bench else ()

    @property
    def has_checkpoint(self) -> bool:
        """Tell whether prompts can be given: nothing is shown of them before."""
        return checkpoint_choices.has_checkpoint(self.models)

    def form(self, operation: str, model: str = "", preset: str = "") -> form.Form | None:
        """Return what can be said of an operation, see forms.form; None where it is not offered (yet)."""
        return self._bench.form(operation, model, preset) if self._bench else None

    # --- settings ---

    def change(self, **values: Any) -> None:
        """Change settings and keep them; what is wrong with that is shown in the preferences."""
        self.settings = replace(self.settings, **values)
        try:
            settings.save(self._path, self.settings)
            self.problem = ""
        except errors.FoveateError as error:
            self.problem = str(error)

    def default(self, operation: str, name: str, value: Any) -> Any:
        """Return a parameter as last used, else `value`."""
        used = self.settings.defaults.get(operation)
        return used.get(name, value) if isinstance(used, Mapping) else value

    def set_default(self, operation: str, name: str, value: Any) -> None:
        """Remember a parameter; the next job writes it to the disk."""
        used = self.settings.defaults.get(operation)
        changed = {**(used if isinstance(used, dict) else {}), name: value}
        if value is None:  # as if it was never used
            del changed[name]
        self.settings = replace(self.settings, defaults={**self.settings.defaults, operation: changed})

    def remember_prompts(self, parameters: protocol.JsonObject) -> None:
        """Put a job's prompts into the history, which the next change of a setting writes to the disk."""
        said = {name: str(parameters.get(name, "")) for name in ("prompt", "negative_prompt")}
        self.settings = replace(
            self.settings,
            prompts=prompt_history.remembered(self.settings.prompts, said["prompt"]),
            negative_prompts=prompt_history.remembered(self.settings.negative_prompts, said["negative_prompt"]),
        )

    # --- models ---

    def add_model(self, what: str) -> None:
        """Begin to add a model on this machine. Raises FoveateError where that cannot be."""
        if reason := add_model.why_not(self.settings):
            raise errors.InputError(reason, remedy=add_model.command_to_copy(self.settings, what))
        self.adding = add_model.Adding(add_model.add_command(self.settings, what))
        self._is_added = False

    def _look_at_adding(self) -> bool:
        """Ask for the models once one was added; return whether there is something new to show."""
        if self.adding is None or self._is_added:
            return False
        if not self.adding.status.is_running:
            self._is_added = True
            self.wake().refresh_models()
        return True

    # --- jobs ---

    def wake(self) -> job_list.Workbench:
        """Begin to connect, where that has not begun."""
        if self._bench is None:
            self._bench = job_list.Workbench(self._open_client)
        return self._bench

    def submit(self, task: WantedJob, *, ask_first: bool | None = None, group: str = "") -> job_list.JobEntry:
        """Start a job that the timer brings to its end; `ask_first` is as set, unless it is given.

        Jobs of one `group` are variations of one wish.

        Raises FoveateError where there is nothing to work on.
        """
        bench = self.wake()
        if self.connection.state is client.ConnectionState.REFUSED:
            bench.reconnect()  # the person has read why, and tries again
        host = task.host()
        ask_first = self.settings.ask_first if ask_first is None else ask_first
        entry = bench.submit(host, task.served_by, task.parameters, title=task.title, ask_first=ask_first, group=group)
        self.tasks[entry.flow.job], self.hosts[entry.flow.job] = task, host
        self.remember_prompts(task.parameters)
        self.change()  # writes the parameters that were used
        _tick_soon()
        return entry

    def run(self, task: WantedJob, on_status: Callable[[job_flow.JobProgress], None] = lambda _: None) -> BlenderHost:
        """Run a job to its end, on a connection of its own; return its document. Raises FoveateError."""
        host = task.host()
        with self._open_client() as connection:
            flow = job_flow.Rerender(connection, host, task.served_by, task.parameters)
            flow.start()
            status = run_blocking.run_to_end(connection, flow, on_status=on_status)
        if status.error:
            raise errors.to_exception(status.error)
        if status.state is job_flow.JobState.CANCELLED:
            raise errors.CancelledJobError("The job was cancelled.")
        on_status(status)
        return host

    def entry(self, job: str) -> job_list.JobEntry | None:
        """Return a job by its id."""
        return next((entry for entry in self.entries if entry.flow.job == job), None)

    def cancel(self, entry: job_list.JobEntry) -> None:
        """End a job: at once where no server is there to confirm it."""
        bench = self.wake()
        bench.cancel(entry)
        if not bench.connection.is_ready:
            entry.flow.abandon(errors.CancelledJobError("Cancelled."))

    def apply(self, entry: job_list.JobEntry) -> None:
        """Apply a result that waits; where that was refused before, the person wants it all the same."""
        self.wake().apply(entry, even_if_changed=entry.flow.status.error is not None)

    def discard(self, entry: job_list.JobEntry) -> None:
        """Drop a job and its result."""
        if entry.is_running:
            self.cancel(entry)
        self.wake().discard(entry)
        self.tasks.pop(entry.flow.job, None)
        self.hosts.pop(entry.flow.job, None)

    def reconnect(self) -> None:
        """Use the settings as they are now."""
        self.wake().reconnect()

    def tick(self) -> float:
        """Poll; return the seconds until the next time."""
        if self._bench is not None and self._bench.poll():
            show_result.redraw_editors()
        if self._look_at_adding():
            show_result.redraw_preferences()
        return BUSY_SECONDS if any(entry.is_running for entry in self.entries) else IDLE_SECONDS

    def close(self) -> None:
        """End all jobs that run, and the connection with its threads."""
        self.previews.close()
        if self.adding is not None and self.adding.status.is_running:
            self.adding.stop()
        if self._bench is not None:
            self._bench.cancel_all()
            self._bench.close()

    def _open_client(self) -> client.Client:
        find = open_connection.find_server(self.settings)
        if not bpy.app.online_access and _is_elsewhere(self.settings.remote_url):
            find = _refuse_offline
        return client.Client(find, self.settings.client_id, self._peer)


def _is_elsewhere(url: str) -> bool:
    """Tell whether an address is on another machine: Blender's switch is about those."""
    try:
        return urlsplit(url).hostname not in {None, "localhost", "127.0.0.1", "::1"}
    except ValueError:  # the connection says what is wrong with it
        return False


def _refuse_offline() -> Any:
    raise errors.InputError(
        "The server is on another machine, and Blender is not allowed to go online.",
        code=errors.ErrorCode.OFFLINE,
        remedy="Allow Online Access in Blender's preferences under System, or use a server on this machine.",
    )


# --- the open one ----------------------------------------------------------------------------------------------------


def open_runtime() -> None:
    """Make the runtime; in the interface, poll from now on."""
    _runtime.append(Runtime(_settings_path(), protocol.Peer("foveate-blender", _version())))
    if not bpy.app.background:
        bpy.app.timers.register(_tick, first_interval=IDLE_SECONDS, persistent=True)


def get() -> Runtime:
    """Return the open runtime."""
    return _runtime[-1]


def close_runtime() -> None:
    """End the timer, the connection and its threads."""
    if bpy.app.timers.is_registered(_tick):
        bpy.app.timers.unregister(_tick)
    while _runtime:
        _runtime.pop().close()


def _tick_soon() -> None:
    """Poll with the next events already: while nothing ran, the timer took its time."""
    if bpy.app.timers.is_registered(_tick):
        bpy.app.timers.unregister(_tick)
        bpy.app.timers.register(_tick, first_interval=0, persistent=True)


def _tick() -> float | None:
    return get().tick() if _runtime else None


def _settings_path() -> Path:
    """Return the file in the folder that Blender keeps for the extension, or, where it is none, for the person."""
    try:
        folder = bpy.utils.extension_path_user(__package__, create=True)
    except ValueError:
        folder = bpy.utils.user_resource("CONFIG", path="foveate", create=True)
    return Path(folder) / "foveate.json"


def _version() -> str:
    manifest = Path(__file__).with_name("blender_manifest.toml").read_text(encoding="utf-8")
    found = re.search(r'^version = "(.+)"', manifest, re.MULTILINE)
    return found[1] if found else "unknown"
