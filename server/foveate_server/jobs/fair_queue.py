"""Who is next: fair between owners by measured time, by priority and age within one. Pure and synchronous.

Start-time fair queueing (Goyal, Vin and Cheng, 1996): each owner has a virtual clock of the device time it was given;
the owner whose clock is behind comes next. An owner that comes back starts at the common clock, so idling saves
nothing up, and nobody waits for longer than one item of each other owner.

Loading a model takes long: among an owner's own items of equal priority, those of the model that ran last come first,
so often in a row at most that nothing of the same owner waits for ever. Other owners' turns are not touched.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field

_SMOOTHING = 0.3  # weight of the newest measurement in the expected cost of an item
_LONGEST_RUN = 16  # items in a row that overtake an older one of the same owner
_MIN_COST = 1e-3  # seconds; an item is never free, or a flood of tiny ones would starve the others


@dataclass(frozen=True)
class QueueEntry:
    """An item that could run now."""

    key: str  # unique among the waiting ones
    job: Hashable
    owner: Hashable
    priority: int = 0  # larger is sooner, among the owner's own
    model: str | None = None  # that must be loaded for it


@dataclass
class _Queue:
    """What one owner has waiting."""

    clock: float = 0.0  # seconds of the device that the owner was given, on the common scale
    expected: float = 1.0  # seconds that one of its items takes
    waiting: dict[str, tuple[tuple[int, int], QueueEntry]] = field(default_factory=dict)  # by key: (rank, entry)
    running: int = 0
    overtaken: int = 0  # so many items in a row ran before an older one of equal priority

    def in_order(self, loaded: str | None) -> list[QueueEntry]:
        ranked = sorted(self.waiting.values(), key=lambda ranked: self._rank(ranked, loaded))
        return [entry for _, entry in ranked]

    def take(self, loaded: str | None) -> QueueEntry:
        """Take the first entry out."""
        oldest = min(self.waiting.values(), key=lambda ranked: ranked[0])[1]
        chosen = min(self.waiting.values(), key=lambda ranked: self._rank(ranked, loaded))[1]
        self.overtaken = self.overtaken + 1 if chosen is not oldest else 0
        del self.waiting[chosen.key]
        return chosen

    def give(self) -> None:
        """Count an entry that was taken out."""
        self.clock += self.expected
        self.running += 1

    def _rank(self, ranked: tuple[tuple[int, int], QueueEntry], loaded: str | None) -> tuple[int, bool, int]:
        """Return what is smallest for who comes first: priority, then the loaded model, then age."""
        (priority, arrival), entry = ranked
        is_loaded = loaded is not None and entry.model == loaded and self.overtaken < _LONGEST_RUN
        return priority, not is_loaded, arrival


class FairQueue:
    """Waiting items of all owners."""

    def __init__(self) -> None:
        self._queues: dict[Hashable, _Queue] = {}  # of owners with something waiting or running
        self._clock = 0.0  # the common virtual time: the start of the newest item that was given out
        self._arrivals = 0  # numbers entries, for first in, first out
        self._loaded: str | None = None  # the model of the newest item that was given out, if it had one

    def __len__(self) -> int:
        return sum(len(queue.waiting) for queue in self._queues.values())

    def add(self, entry: QueueEntry) -> None:
        """Let `entry` wait. Raises ValueError where its key waits already."""
        queue = self._queues.setdefault(entry.owner, _Queue())
        if entry.key in queue.waiting:
            raise ValueError(f"{entry.key} waits already")
        if not queue.waiting and not queue.running:
            queue.clock = max(queue.clock, self._clock)
        self._arrivals += 1
        queue.waiting[entry.key] = ((-entry.priority, self._arrivals), entry)

    def next(self) -> QueueEntry | None:
        """Take the entry that shall run now, or None where nothing waits."""
        owner = _most_entitled((key, queue.clock) for key, queue in self._queues.items() if queue.waiting)
        if owner is None:
            return None
        queue = self._queues[owner]
        entry = queue.take(self._loaded)
        self._loaded = entry.model or self._loaded
        self._clock = max(self._clock, queue.clock)
        queue.give()
        return entry

    def first_of_jobs(self) -> list[QueueEntry]:
        """Return each waiting job's next entry: those of the most entitled owner first."""
        first: dict[Hashable, QueueEntry] = {}
        for queue in sorted(self._queues.values(), key=lambda queue: queue.clock):
            for entry in queue.in_order(self._loaded):
                first.setdefault(entry.job, entry)
        return list(first.values())

    def take(self, entry: QueueEntry) -> None:
        """Take an entry out of its turn: it runs in the midst of another one."""
        queue = self._queues[entry.owner]
        del queue.waiting[entry.key]
        queue.give()

    def finished(self, owner: Hashable, seconds: float | None) -> None:
        """Correct the account of `owner`: an entry that was taken ran for `seconds`; None: it was not run."""
        queue = self._queues[owner]
        queue.running -= 1
        if seconds is None:
            queue.clock -= queue.expected
        else:
            cost = max(seconds, _MIN_COST)
            queue.clock += cost - queue.expected
            queue.expected += _SMOOTHING * (cost - queue.expected)
        self._forget_idle()

    def remove_job(self, job: Hashable) -> int:
        """Forget all waiting entries of `job` and return how many they were."""
        removed = 0
        for queue in self._queues.values():
            keys = [key for key, (_, entry) in queue.waiting.items() if entry.job == job]
            for key in keys:
                del queue.waiting[key]
            removed += len(keys)
        self._forget_idle()
        return removed

    def positions(self) -> dict[Hashable, int]:
        """Return for each waiting job how many items run until its first one does; 1 is next.

        It is a forecast: items that arrive later, and times other than expected, change it.
        """
        orders = {owner: queue.in_order(self._loaded) for owner, queue in self._queues.items() if queue.waiting}
        clocks = {owner: self._queues[owner].clock for owner in orders}
        taken = dict.fromkeys(orders, 0)
        positions: dict[Hashable, int] = {}
        for number in range(1, len(self) + 1):
            owner = _most_entitled(clocks.items())
            positions.setdefault(orders[owner][taken[owner]].job, number)
            taken[owner] += 1
            clocks[owner] += self._queues[owner].expected
            if taken[owner] == len(orders[owner]):
                del clocks[owner]
        return positions

    def _forget_idle(self) -> None:
        """Drop the accounts of owners without work, except those ahead of the common clock: that is a debt."""
        self._queues = {
            owner: queue
            for owner, queue in self._queues.items()
            if queue.waiting or queue.running or queue.clock > self._clock
        }


def _most_entitled(clocks: Iterable[tuple[Hashable, float]]) -> Hashable:
    """Return the owner whose clock is behind, the one that came first among equals; None where there is none."""
    return min(clocks, key=lambda pair: pair[1], default=(None, 0.0))[0]
