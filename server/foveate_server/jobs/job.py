"""One job in memory: its items and windows. Pure state; the manager stores what changes and tells the owner."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace

from foveate_server.jobs.progress_counter import ProgressCounter
from foveate_server.operations.contract import Item, JobRequest
from foveate_server.spool.database_rows import ItemRow, JobRow, Owner, WindowRow
from foveate_shared.errors import ErrorCode, InputError
from foveate_shared.i18n.sentence import Sentence
from foveate_shared.wire.protocol import JobSummary, Outcome, PictureHash, Submit, Window, WindowRequest

PREFETCH_ITEMS = 3  # items whose windows are asked for before they run
PREFETCH_BYTES = 256 << 20  # of their windows, as far as more than one item is concerned
ENDED = ("done", "failed", "cancelled")


@dataclass
class WorkItem:
    """An item and how far it is."""

    row: ItemRow
    queued: bool = False  # in the fair queue
    running: bool = False
    kept: set[str] = field(default_factory=set)  # keys of stored parts: a repeated run sends them no more
    needs_room: bool = False  # memory ran out while it ran in the midst of another one

    @property
    def item(self) -> Item:
        """Return what is to be done."""
        return self.row.item

    @property
    def ended(self) -> bool:
        """Tell whether it has an outcome."""
        return self.row.outcome is not None

    @property
    def may_be_guest(self) -> bool:
        """Tell whether it may run in the midst of another one: not where it harmed one, or had no room."""
        return not self.needs_room and not self.row.worker_deaths

    @property
    def is_finished(self) -> bool:
        """Tell whether it has an outcome, and did not fail."""
        return self.row.outcome is not None and self.row.outcome.status != "failed"


@dataclass
class JobTime:
    """What a job's items had of their workers, in seconds since the server's start."""

    worked: float = 0.0  # of those that ended, without what they gave
    gave: float = 0.0  # to other jobs, in the midst of its own items


class Job:
    """A job that the spool holds."""

    def __init__(self, row: JobRow, submit: Submit, request: JobRequest, clock: Callable[[], float]) -> None:
        self.row = row
        self.submit = submit
        self.request = request
        self.state = row.state  # "open", "done", "failed" or "cancelled"
        self.recipe = row.recipe
        self.seq = row.seq  # of the newest event, stored or not
        self.stored_seq = row.seq  # of the newest lasting event that is stored: what can be read and sent
        self.items: dict[str, WorkItem] = {}  # by id, in order
        self.windows: dict[str, WindowRow] = {}  # those that arrived, by id
        self.asked: dict[str, WindowRequest] = {}  # those that the client was asked for since the server's start
        self.arriving: set[str] = set()  # windows that are complete and being moved to their place
        self.forgotten = False  # acknowledged or expired: its rows are gone, or will be
        self.progress = ProgressCounter(clock)
        self.stage = ""  # of the newest progress, for the status page
        self.notes = 0  # so many were told
        self.position: int | None = None  # that the owner knows of
        self.waits_for: str = ""  # likewise: the stage of another job, which cannot give way meanwhile
        self.time = JobTime()
        # The servers' running time when the newest lasting event was stored, or the owner was told of the end; seconds.
        self.touched = row.touched
        self.offered = row.offered  # the owner was told that it has ended
        self.running: set[str] = set()  # keys of its tasks in the executor

    @property
    def number(self) -> int:
        """Return the spool's number."""
        return self.row.number

    @property
    def id(self) -> str:
        """Return the id that the client minted."""
        return self.row.job

    @property
    def owner(self) -> Owner:
        """Return whose it is."""
        return self.row.owner

    @property
    def ended(self) -> bool:
        """Tell whether it is done, failed or cancelled."""
        return self.state in ENDED

    @property
    def is_new_image(self) -> bool:
        """Tell whether its result is an image of its own, which has a hole where an item failed."""
        return self.row.plan.makes_new_image

    @property
    def keeps_finished(self) -> bool:
        """Tell whether a part of a new image is finished, so that a failure of the rest must not cost it."""
        return self.is_new_image and any(work.is_finished for work in self.items.values())

    @property
    def is_resumable(self) -> bool:
        """Tell whether it failed, and what failed of it can be tried again."""
        return self.state == "failed" and not self.forgotten and self.keeps_finished

    @property
    def is_unseen(self) -> bool:
        """Tell whether it has a result, or finished parts of one, and its owner was not told of that."""
        return not self.offered and (self.state == "done" or self.is_resumable)

    def reopen(self) -> list[ItemRow]:
        """Let what failed be tried again; return the rows of these items."""
        self.state, self.offered = "open", False
        failed = [work for work in self.items.values() if work.ended and not work.is_finished]
        for work in failed:
            work.row = replace(work.row, attempts=0, worker_deaths=0, outcome=None, error=None)
        self.progress.add([work.item for work in failed])
        return [work.row for work in failed]

    @property
    def summary_state(self) -> str:
        """Return the state as `jobs` shows it."""
        if self.ended:
            return self.state
        if self.running:
            return "running"
        return "queued" if any(work.queued for work in self.items.values()) else "waiting"

    @property
    def summary(self) -> JobSummary:
        """Return what `jobs` tells of it."""
        state = self.summary_state
        runs = state == "running"
        return JobSummary(
            self.id,
            self.submit.operation,
            state,
            self.position if state == "queued" else None,
            self.row.created,
            self.stored_seq,
            tuple(PictureHash(picture.name, picture.sha256) for picture in self.submit.pictures),
            self.progress.fraction if runs else None,
            self.progress.seconds_left if runs else None,
        )

    @property
    def outcomes(self) -> tuple[Outcome, ...]:
        """Return the outcomes in the order of planning."""
        return tuple(work.row.outcome for work in self.items.values() if work.row.outcome)

    @property
    def inputs(self) -> list[WindowRow]:
        """Return the windows that arrived, in the order in which items name them."""
        return [
            self.windows[request.id] for request in self._requests(self.items.values()) if request.id in self.windows
        ]

    def is_complete(self) -> bool:
        """Tell whether every item has ended."""
        return all(work.ended for work in self.items.values())

    def new_items(self, items: Iterable[Item]) -> list[ItemRow]:
        """Return rows for those of `items` that are not known yet; see :meth:`add_items`."""
        new = {item.id: item for item in items if item.id not in self.items}
        return [ItemRow(position, item) for position, item in enumerate(new.values(), len(self.items))]

    def add_items(self, rows: Iterable[ItemRow]) -> None:
        """Append items."""
        new = [WorkItem(row) for row in rows]
        self.items.update((work.item.id, work) for work in new)
        self.progress.add([work.item for work in new], [work.item.id for work in new if work.ended])

    def forget(self) -> None:
        """Mark it as one that nobody will ask for any more."""
        self.forgotten = True
        self.state = self.state if self.ended else "cancelled"

    # --- windows ---

    def has(self, window: str) -> bool:
        """Tell whether a window is at hand."""
        row = self.windows.get(window)
        return row is not None and not row.wiped

    def ready_items(self) -> list[WorkItem]:
        """Return the items that could run and do not wait for it yet."""
        return [
            work
            for work in self._open_items()
            if not work.queued and not work.running and all(self.has(window.id) for window in work.item.windows)
        ]

    def next_requests(self) -> tuple[WindowRequest, ...]:
        """Return the windows to ask for now: those of the next few items that were not asked for yet."""
        return tuple(request for request in self._due_requests() if request.id not in self.asked)

    def wanted_requests(self) -> tuple[WindowRequest, ...]:
        """Return the windows that were asked for, and did not come."""
        return tuple(
            request for request in self.asked.values() if not self.has(request.id) and request.id not in self.arriving
        )

    def check_window(self, window: Window) -> bool:
        """Return whether `window` is wanted; False where it came before, or the job needs no more.

        Raises InputError where the server cannot take it as the answer to what it asked.
        """
        if self.ended:
            return False
        request = self.asked.get(window.window)
        if request is None:
            if window.window in self.windows:
                return False
            raise _bad_window("The server did not ask for a window named {name!r}.", name=window.window)
        if self.has(request.id) or request.id in self.arriving:
            return False
        self._check_extent(window, request)
        source = self.request.source(request.source)
        if window.pixels.format != source.format:
            raise _bad_window(
                "Window {name!r} is not in the pixel format of the {source}.", name=window.window, source=request.source
            )
        if (window.coverage is not None) != (request.coverage and source.has_coverage):
            raise _bad_window(
                "Window {name!r} must come with coverage exactly where it was asked for.", name=window.window
            )
        return True

    def unneeded_windows(self) -> list[WindowRow]:
        """Return the windows at hand that no item needs any more."""
        at_hand = {row.id: row for row in self.windows.values() if not row.wiped}
        for work in self._unfinished_items():
            if not at_hand:  # a job may have thousands of items, and few windows at a time
                break
            for request in work.item.windows:
                at_hand.pop(request.id, None)
        return list(at_hand.values())

    def forget_window(self, row: WindowRow) -> WindowRow:
        """Mark a window as wiped; a later item that needs it has it asked for again."""
        wiped = replace(row, wiped=True)
        self.windows[row.id] = wiped
        self.asked.pop(row.id, None)
        return wiped

    def _due_requests(self) -> Iterator[WindowRequest]:
        size = 0
        for count, work in enumerate(self._open_items()):
            missing = [request for request in work.item.windows if not self.has(request.id)]
            size += sum(self._size_of(request) for request in work.item.windows)
            if count and (count >= PREFETCH_ITEMS or size > PREFETCH_BYTES):
                return
            yield from missing

    def _size_of(self, request: WindowRequest) -> int:
        return self.request.source(request.source).format.size(request.extent)

    def _open_items(self) -> Iterator[WorkItem]:
        return (work for work in self.items.values() if not work.ended)

    def _unfinished_items(self) -> list[WorkItem]:
        """Return the items that may still run."""
        if self.is_resumable:
            return [work for work in self.items.values() if not work.is_finished]
        return [] if self.ended else list(self._open_items())

    @staticmethod
    def _requests(works: Iterable[WorkItem]) -> list[WindowRequest]:
        return list({request.id: request for work in works for request in work.item.windows}.values())

    @staticmethod
    def _check_extent(window: Window, request: WindowRequest) -> None:
        extent, least, most = window.pixels.extent, request.extent, request.bounds.extent
        fits = least.width <= extent.width <= most.width and least.height <= extent.height <= most.height
        # "The same aspect within a pixel": the height that the width implies, or the other way round.
        implied_height = extent.width * most.height / most.width
        implied_width = extent.height * most.width / most.height
        if not fits or (abs(implied_height - extent.height) > 1 and abs(implied_width - extent.width) > 1):
            raise _bad_window(
                "Window {name!r} has {width} by {height} pixels; it may have"
                " {least_width} by {least_height} up to {most_width} by {most_height}, in that aspect.",
                name=window.window,
                width=extent.width,
                height=extent.height,
                least_width=least.width,
                least_height=least.height,
                most_width=most.width,
                most_height=most.height,
            )


def window_row(window: Window, request: WindowRequest) -> WindowRow:
    """Return what is stored of a window that answers a request."""
    coverage = window.coverage
    return WindowRow(
        id=window.window,
        bounds=request.bounds,
        extent=window.pixels.extent,
        pixels_sha256=window.pixels.blob.sha256,
        pixels_size=window.pixels.blob.size,
        coverage_sha256=coverage.blob.sha256 if coverage else None,
        coverage_format=coverage.format if coverage else None,
        source=request.source,
    )


def _bad_window(message: str, /, **values: object) -> InputError:
    told = Sentence.made_of(message, values)
    return InputError(told, code=ErrorCode.INVALID_PIXELS, remedy="Answer windows as the server asked for them.")
