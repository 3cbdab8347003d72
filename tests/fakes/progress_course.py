"""How a job's progress was told, moment by moment, by a clock of the test's own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from foveate_server.jobs.progress_counter import ProgressCounter
from foveate_server.operations.contract import Item, ItemResult


@dataclass(frozen=True)
class Told:
    """What the owner of a job heard at a moment."""

    seconds: float
    fraction: float
    step: int
    steps: int
    seconds_left: float | None
    is_survey: bool  # nobody knew how many items there would be


@dataclass
class Course:
    """Counts a job's progress as the server does."""

    clock: Callable[[], float]
    told: list[Told] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.counter = ProgressCounter(self.clock)

    def start(self, item: Item) -> None:
        self.counter.start()

    def get_ready(self, item: Item, seconds: float) -> None:
        self.counter.get_ready(seconds)
        self.report(item, 0.0, 0, 0)

    def report(self, item: Item, fraction: float, step: int, steps: int) -> None:
        self.counter.report(item.id, fraction)
        shown = self.counter.steps(step, steps)
        self.told.append(Told(self.clock(), self.counter.fraction, *shown, self.counter.seconds_left, item.is_survey))

    def ended(self, result: ItemResult) -> None:
        self.counter.stop()
        self.counter.add(result.next_items)
        self.counter.end(result.outcome)
