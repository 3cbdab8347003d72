"""The one counter of a job's progress: a share of the whole work, and how long the rest will take.

Items say what they weigh, and how far they are. Here that becomes one number that never runs backwards, whatever turns
out on the way: that there are more items than one knew, that one weighs less than it was taken for, that nothing was to
be done. How fast this machine is follows from the times at which work was done; times without any, such as that in
which weights are loaded, count as long as they last, and before as long as they are expected to.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass

from foveate_server.operations.contract import Item
from foveate_shared.wire.protocol import Outcome

_SURVEY_SHARE = 0.15  # of the whole, that surveys count for while they run: at most, as nobody knows what follows
_LEAST_SECONDS = 1.0  # of work from which a pace follows; a shorter time without work is none of getting ready
_LEAST_SHARE = 0.02  # of the work: before it a time left would be a guess
_LITTLE_DONE = 0.5  # of an item that ended with nothing changed: its rest was never to be done
_NOTHING_CHANGED = ("kept", "skipped")


@dataclass
class _Counted:
    """What is known of an item."""

    weight: float
    brings: float  # see Item.brings
    is_survey: bool  # see Item.is_survey
    fraction: float = 0.0
    ended: bool = False
    weighed: tuple[float, float] | None = None  # what it was taken for first, and what it turned out to weigh


class ProgressCounter:
    """How far a job is. Pure state: whoever runs items tells it what happens."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock  # monotonic, seconds
        self._items: dict[str, _Counted] = {}  # by id
        self._running = 0  # items
        self._marked = 0.0  # when it was last looked at the work that is done, while items run
        self._work_seen = 0.0  # the work that was done then
        self._busy = self._idle = 0.0  # seconds in which work was done, and in which items ran without
        self._ready_at: float | None = None  # by the clock: about when work is expected to begin; None: it goes on
        self._pace = 0.0  # work per second while it is not known: as costs were measured, once readiness is told of
        self._worked = 0.0  # what was done in the busy ones
        self._shown = 0.0  # the largest fraction that was told
        self._base = (0.0, 0.0)  # (told, true) fraction from which on what is told grows evenly up to the end
        self._step = (0, 0)  # the newest that was told

    def add(self, items: Iterable[Item], ended: Collection[str] = ()) -> None:
        """Take items that are to be done; `ended` are the ids of those that were before the server's start."""
        for item in items:
            has_ended = item.id in ended
            self._items[item.id] = _Counted(item.weight, item.brings, item.is_survey, float(has_ended), has_ended)
        self._rebase()

    def start(self) -> None:
        """Count time from now on: an item runs."""
        if not self._running:
            self._marked = self._clock()
        self._running += 1

    def pause(self) -> None:
        """Count no time from now on, until :meth:`start`: a running item lies still."""
        self._mark()
        self._running -= 1

    def stop(self) -> None:
        """End what :meth:`start` began; :meth:`end` follows at once, unless the item shall run again."""
        self._running -= 1

    def get_ready(self, seconds: float) -> None:
        """Take that a running item will do no work for about `seconds`."""
        self._mark()
        self._ready_at, self._pace = self._marked + seconds, 1.0
        self._rebase()

    def weigh(self, item: str, weight: float) -> None:
        """Take what an item weighs, as it has turned out; what is done of it stays done."""
        self._mark()
        counted = self._items[item]
        counted.weighed = (counted.weighed[0] if counted.weighed else counted.weight, weight)
        counted.fraction = min(1.0, counted.fraction * counted.weight / weight)
        counted.weight = weight
        self._rebase()

    def report(self, item: str, fraction: float) -> None:
        """Take how far a running item is."""
        counted = self._items[item]
        counted.fraction = max(counted.fraction, min(1.0, fraction))
        self._mark()

    def end(self, outcome: Outcome) -> None:
        """Take that an item has ended; what follows from it was added before."""
        counted = self._items[outcome.item]
        if counted.is_survey and not counted.fraction:
            self._mark()  # a look that told nothing on the way, and perhaps waited for the engine, shows no pace
            counted.fraction, self._work_seen = 1.0, self._work_seen + counted.weight
        if counted.fraction and self._ready_at is None:
            self._count_as_work()  # such as handing its pixels over: the items that wait will take that, too
        if outcome.status in _NOTHING_CHANGED and counted.fraction < _LITTLE_DONE:
            counted.weight *= counted.fraction
        counted.fraction, counted.ended = 1.0, True
        self._mark()
        self._rebase()

    def weight_of(self, item: str) -> float:
        """Return what an item weighs, as far as that is known."""
        return self._items[item].weight

    @property
    def work_left(self) -> float:
        """Return what is to be done: items that wait are taken to turn out like those before, the more of these.

        Halfway after one, as what is told shall be wrong by no more than a few times whichever way it goes.
        """
        weighed = [each.weighed for each in self._items.values() if each.weighed]
        ratio = sum(found for _, found in weighed) / sum(taken for taken, _ in weighed) if weighed else 1.0
        waiting = sum(each.weight for each in self._items.values() if not each.fraction and not each.weighed)
        return self._total - self._done - waiting + waiting * math.pow(ratio, len(weighed) / (len(weighed) + 1))

    @property
    def fraction(self) -> float:
        """Return how far the whole job is, 0 to 1."""
        told, true = self._base
        grown = (self._true - true) / (1 - true) if true < 1 else 1.0
        self._shown = min(1.0, max(self._shown, told + (1 - told) * grown))
        return self._shown

    @property
    def seconds_left(self) -> float | None:
        """Return the expected seconds of work; None while nothing is known."""
        if self._is_open or self._worked <= 0 or self._busy < _LEAST_SECONDS or self._done < _LEAST_SHARE * self._total:
            return None
        return max(0.0, self.work_left * self._busy / self._worked + self._waiting)

    def steps(self, step: int, steps: int) -> tuple[int, int]:
        """Return the step to tell and of how many: of the job's items, or of its only one, which says `step` itself.

        No count begins anew: what is done twice is counted once. (0, 0) tells nothing.
        """
        ends = [each.ended for each in self._items.values() if not each.is_survey and not each.brings]
        if len(ends) > 1:
            step, steps = min(sum(ends) + 1, len(ends)), len(ends)
        elif self._is_open or step < self._step[0] or steps < self._step[1]:
            return 0, 0
        self._step = (step, steps)
        return self._step

    @property
    def _is_open(self) -> bool:
        """Tell whether an item may bring others that nobody knows of."""
        return any(counted.is_survey and not counted.ended for counted in self._items.values())

    @property
    def _done(self) -> float:
        return sum(counted.weight * counted.fraction for counted in self._items.values())

    @property
    def _total(self) -> float:
        return sum(each.weight + (0.0 if each.ended else each.brings) for each in self._items.values())

    @property
    def _true(self) -> float:
        """Return the share of the work that is done, which may shrink where more turns out to be done."""
        total, done = self._total, self._done
        if total <= 0:
            return 0.0
        pace = self._worked / self._busy if self._busy >= _LEAST_SECONDS else self._pace
        ready = self._idle_until_now * pace  # the work that could have been done while there was none
        share = min(1.0, (done + ready) / (total + ready + self._waiting * pace))
        return _SURVEY_SHARE * share if self._is_open else share

    @property
    def _idle_until_now(self) -> float:
        """Return the seconds in which items ran without doing work."""
        idle = self._idle
        if self._ready_at is not None and self._running:
            idle += self._clock() - self._marked
        return idle if idle >= _LEAST_SECONDS else 0.0

    @property
    def _waiting(self) -> float:
        """Return the seconds until work is expected to go on."""
        return 0.0 if self._ready_at is None else max(0.0, self._ready_at - self._clock())

    def _mark(self) -> None:
        """Count the time since the last look: as one of work, or as one without."""
        now, work = self._clock(), self._done
        if work > self._work_seen:
            self._busy += now - self._marked
            self._worked += work - self._work_seen
        else:
            self._idle += now - self._marked
        begins = self._ready_at is not None and work > self._work_seen
        self._marked, self._work_seen = now, work
        if begins:
            self._ready_at = None
            self._rebase()

    def _count_as_work(self) -> None:
        """Count the time since the last look, in which nothing was told, as a part of the work that was."""
        now = self._clock()
        self._busy += now - self._marked
        self._marked = now

    def _rebase(self) -> None:
        """Let what is told go on evenly from here, where what is true has jumped."""
        self._work_seen = self._done
        true = self._true
        self._shown = max(self._shown, true)
        self._base = (self._shown, true)
