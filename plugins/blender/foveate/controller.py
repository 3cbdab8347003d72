"""What panels, operators and handlers share: the editors' controller, with Blender's timer and language.

Blender makes operators and panels itself and hands nothing to them, so what they share can only be reached through a
module. It is made by :func:`open_controller` at register, and nothing of it is left after :func:`close_controller`.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import bpy

from . import show_result
from ._shared import (
    client,
    controller,
    errors,
    inquiry,
    job_flow,
    job_list,
    kept_fields,
    open_connection,
    protocol,
    run_blocking,
    settings,
    undone_results,
)
from .document import BlenderHost
from .lost_image import LostImage
from .previews import PreviewIcons
from .wanted_job import WantedJob

BUSY_SECONDS = 0.02  # between two polls while a job runs: pixels are asked for and come in them
IDLE_SECONDS = 0.4

_KEPT_LISTS = 1000  # more than are drawn at once

Choices = tuple[tuple[str, str, str], ...]  # identifier, label, description

_open: list[BlenderController] = []  # the one that is open, or none


class BlenderController(controller.Controller):
    """The controller behind all panels of one Blender. Nothing connects before wake() or a job."""

    def __init__(self, settings_path: Path, peer: protocol.Peer) -> None:
        """Read the settings."""
        super().__init__(settings_path, self._client_for, system_language=lambda: bpy.app.translations.locale)
        self.swaps: list[show_result.Swap] = []
        self.previews = PreviewIcons()
        self.fields: dict[str, kept_fields.KeptField] = {}  # of the panel, by their properties' names
        self.on_operations: Callable[[], None] = lambda: None  # the server told other operations
        self.on_question: Callable[[str], None] = lambda _: None  # a job takes long: it waits for a yes
        self.unwatched: list[list[job_list.JobEntry]] = []  # jobs whose operator Blender has ended
        self.on_unwatched: Callable[[], None] = lambda: None  # there are some
        self._peer = peer
        self._asked_about: set[str] = set()  # jobs
        self.list_left(lambda record, title: LostImage(record, title, self.swaps))
        # Blender wants the lists of enum properties to stay for as long as it may show them: an equal one is the same.
        self.kept: Callable[[Choices], Choices] = functools.lru_cache(_KEPT_LISTS)(lambda items: items)

    def choices(self, items: Choices) -> Choices:
        """Return an enum property's items in the language."""
        return self.kept(tuple((name, self.say(label), self.say(text)) for name, label, text in items))

    def learn(self, operation: str) -> None:
        """Ask the server for its operations, and wait: for scripts, which know what it told last. Raises FoveateError.

        In the interface it has told them, unless it is not known to offer `operation`.
        """
        if bpy.app.background or all(each.name != operation for each in self.operations):
            with self._client_for(self.settings) as connection:
                self._known = inquiry.Inquiry(connection).welcome().operations, ()

    def begin_wanted(self, wanted: WantedJob, *, is_new_wish: bool = True, **options: Any) -> list[Any]:
        """Start a job, or its variations, that the timer brings to an end; see Controller.start."""
        title = ": ".join(filter(None, (self.say(wanted.words), wanted.image_name)))
        return self.start(
            lambda number: BlenderHost(wanted, number, self.say(wanted.words)), wanted.served_by, wanted.parameters,
            title=title, count=wanted.count, is_unselected=wanted.is_unselected, is_new_wish=is_new_wish,
            chosen=wanted.chosen, **options,
        )  # fmt: skip

    def run(
        self, wanted: WantedJob, number: int = 1, show_percent: Callable[[float], object] = lambda _: None
    ) -> tuple[BlenderHost, job_flow.JobProgress]:
        """Run a job to its end, on a connection of its own; return its document and end. Raises FoveateError."""
        host = BlenderHost(wanted, number)
        with self._client_for(self.settings) as connection:
            status = run_blocking.run_job(
                connection, host, wanted.served_by, wanted.parameters,
                pictures=wanted.chosen.freeze(self.slots(wanted.served_by), host),
                takes_document=wanted.image is not None, owner=" --as blender",
                on_status=lambda status: show_percent(100 * status.fraction),
            )  # fmt: skip
        return host, status

    def announce(self) -> None:
        """See Controller."""
        super().announce()
        show_result.redraw_editors()
        _tick_soon()

    def tick(self) -> float:
        """Poll; return the seconds until the next time."""
        before = self.operations
        if self.poll():
            undone_results.forget_oldest(self.entries)
            show_result.redraw_editors("PREFERENCES")
        if self.operations != before:
            self.on_operations()
        self._ask_about_long_ones()
        if self.unwatched:
            self.on_unwatched()
        return BUSY_SECONDS if self.is_busy else IDLE_SECONDS

    def close(self) -> None:
        """End all jobs that run, and the connection with its threads."""
        self.previews.close()
        super().close()

    def _ask_about_long_ones(self) -> None:
        """Ask once about each wish that takes long, when the server has told of all its variations how long."""
        for entries in self.groups():
            held = [entry for entry in entries if entry.flow.is_held]
            is_told = len(held) == sum(entry.is_running for entry in entries)
            if held and is_told and held[0].flow.job not in self._asked_about:
                self._asked_about.update(entry.flow.job for entry in held)
                self.on_question(held[0].flow.job)

    def _client_for(self, values: settings.Settings) -> client.Client:
        find = open_connection.find_server(values, "blender")
        if not bpy.app.online_access and values.is_elsewhere:
            find = _refuse_offline
        return client.Client(find, values.client_id, self._peer)


def _refuse_offline() -> Any:
    raise errors.InputError(
        "The server is on another machine, and Blender is not allowed to go online.",
        code=errors.ErrorCode.OFFLINE,
        remedy="Allow Online Access in Blender's preferences under System, or use a server on this machine.",
    )


# --- the open one ----------------------------------------------------------------------------------------------------


def open_controller() -> None:
    """Make the controller; in the interface, poll from now on."""
    _open.append(BlenderController(_settings_path(), open_connection.peer_of("foveate-blender", Path(__file__).parent)))
    if not bpy.app.background:
        bpy.app.timers.register(_tick, first_interval=IDLE_SECONDS, persistent=True)


def get() -> BlenderController:
    """Return the open controller."""
    return _open[-1]


def close_controller() -> None:
    """End the timer, the connection and its threads."""
    if bpy.app.timers.is_registered(_tick):
        bpy.app.timers.unregister(_tick)
    while _open:
        _open.pop().close()


def _tick_soon() -> None:
    """Poll with the next events already: while nothing ran, the timer took its time."""
    if bpy.app.timers.is_registered(_tick):
        bpy.app.timers.unregister(_tick)
        bpy.app.timers.register(_tick, first_interval=0, persistent=True)


def _tick() -> float | None:
    return get().tick() if _open else None


def _settings_path() -> Path:
    """Return the file in the folder that Blender keeps for the extension, or, where it is none, for the person."""
    try:
        folder = bpy.utils.extension_path_user(__package__, create=True)
    except ValueError:
        folder = bpy.utils.user_resource("CONFIG", path="foveate", create=True)
    return Path(folder) / settings.PLUGIN_FILES["blender"]
