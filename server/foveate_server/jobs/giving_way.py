"""Who may run in the midst of whom, so that nobody waits behind a large job. Pure and synchronous.

An item that runs gives way (operations.contract.Context.give_way) to one of a job that is short beside what its own job
has still to do: half of that, or an eighth where both are of one owner, whose own order counts for more. A large job
keeps a third of its time: who gave way for long works for half as long before it does so again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from foveate_server.jobs.expected_time import MeasuredPaces
from foveate_server.jobs.job import Job, WorkItem
from foveate_server.tasks.item_task import TaskEvent, TaskProgress, TaskReadiness

SHORT_OF_OTHERS = 1 / 2  # of the seconds that the running job has left
SHORT_OF_ITS_OWNER = 1 / 8
LEAST_SHARE = 1 / 3  # of the time, that a job keeps which gives way
WORTHWHILE = 3.0  # seconds: for less nobody need be interrupted
MOST_INSIDE = 3  # items that lie in each other: each holds memory


@dataclass(eq=False)
class RunningItem:
    """An item that was given to the executor."""

    key: str
    job: Job
    work: WorkItem
    began: float  # by the clock, as are all times
    host: RunningItem | None = None  # inside of which it runs, or shall
    guest: RunningItem | None = None  # that runs inside of it, or shall once it gives way
    gave: float = 0.0  # seconds in which guests ran inside of it
    guest_began: float | None = None  # while one does
    is_taken: bool = False  # a worker is at it
    is_closed: bool = False  # no guest was taken
    getting_ready: str = ""  # the stage, while it cannot give way since it does: its engine starts, a checkpoint loads

    def take_note_of(self, event: TaskEvent) -> bool:
        """See in an event whether it can give way; tell whether that has changed."""
        before = self.getting_ready
        if isinstance(event, TaskReadiness):
            self.getting_ready = event.stage
        elif isinstance(event, TaskProgress) and event.stage != self.getting_ready:
            self.getting_ready = ""
        return self.getting_ready != before

    @property
    def jobs(self) -> list[Job]:
        """Return its job, and those inside of which it runs."""
        return [self.job, *(self.host.jobs if self.host else [])]

    def worked(self, now: float) -> float:
        """Return the seconds in which it ran itself."""
        return (self.guest_began if self.guest_began is not None else now) - self.began - self.gave

    def begin(self, now: float) -> None:
        """Take that a worker is at it; its host lies still."""
        self.is_taken = True
        if self.host is None:
            self.began = now
            return
        self.began = self.host.guest_began = now
        self.host.job.progress.pause()

    def end(self, now: float) -> None:
        """Take that it runs no more; its host goes on."""
        self.job.time.worked += self.worked(now)
        host = self.host
        if host is None:
            return
        host.guest = None
        if not self.is_taken:
            host.is_closed = True
            return
        gave = now - self.began
        host.gave += gave
        host.job.time.gave += gave
        host.guest_began = None
        host.job.progress.start()


class GivingWay:
    """The rule, by the paces that were measured."""

    def __init__(self, clock: Callable[[], float], paces: MeasuredPaces) -> None:
        self._clock = clock
        self._paces = paces

    def hosts(self, running: Iterable[RunningItem]) -> dict[RunningItem, float]:
        """Return those that may give way to somebody, now or later, and how many seconds their jobs have left."""
        able = (item for item in running if item.is_taken and not item.is_closed and not item.job.ended)
        left = {item: self._seconds_left(item.job) for item in able if len(item.jobs) < MOST_INSIDE}
        return {item: seconds for item, seconds in left.items() if seconds >= WORTHWHILE}

    def could_let_in(self, host: RunningItem, left: float, job: Job, work: WorkItem) -> bool:
        """Tell whether an item that waits is one that `host`, whose job has `left` seconds to do, shall give way to."""
        if host.guest or job in host.jobs or not work.may_be_guest:
            return False
        is_own = job.owner == host.job.owner
        if is_own and job.submit.priority < host.job.submit.priority:
            return False
        return self._seconds_left(job) <= left * (SHORT_OF_ITS_OWNER if is_own else SHORT_OF_OTHERS)

    def owes(self, host: RunningItem) -> bool:
        """Tell whether `host` must work for a while before it gives way again."""
        time, worked = host.job.time, host.job.time.worked + host.worked(self._clock())
        return time.gave * LEAST_SHARE > worked * (1 - LEAST_SHARE)

    def _seconds_left(self, job: Job) -> float:
        seen = job.progress.seconds_left
        return self._paces.seconds_of(job.request, job.progress.work_left) if seen is None else seen
