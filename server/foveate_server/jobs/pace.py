"""How far a whole job is, and how long it will take: out of its items' weights and the time that they took."""

from __future__ import annotations

from collections.abc import Callable

_SMOOTHING = 0.3  # weight of the newest estimate
_MIN_FRACTION = 0.02  # below it an estimate would be a guess


class Pace:
    """Time spent on one job, without the time that it waited."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock  # monotonic, seconds
        self._spent = 0.0  # seconds in which something ran, up to `_since`
        self._since = 0.0  # when `_running` last became positive
        self._running = 0  # items
        self._total: float | None = None  # smoothed estimate of the seconds for the whole job

    def start(self) -> None:
        """Count from now on: an item runs."""
        if not self._running:
            self._since = self._clock()
        self._running += 1

    def stop(self) -> None:
        """End what :meth:`start` began."""
        self._running -= 1
        if not self._running:
            self._spent += self._clock() - self._since

    @property
    def spent(self) -> float:
        """Return the seconds in which at least one item ran."""
        return self._spent + (self._clock() - self._since if self._running else 0.0)

    def seconds_left(self, fraction: float) -> float | None:
        """Return the expected seconds of work at `fraction` of the job; None while nothing is known."""
        if fraction < _MIN_FRACTION:
            return None
        estimate = self.spent / fraction
        self._total = estimate if self._total is None else self._total + _SMOOTHING * (estimate - self._total)
        return max(0.0, self._total * (1 - fraction))
