"""A ticker that remembers, and cancels when it is time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from foveate_shared.errors import CancelledJobError


@dataclass
class RecordingTicker:
    """Remembers what it is told; cancels at the next sign of life after a report of step `cancel_in` or a later one."""

    cancel_in: int | None = None
    notes: list[str] = field(default_factory=list)
    reports: list[tuple[str, float, int, int]] = field(default_factory=list)  # stage, fraction, step, steps
    wished: int | None = None  # the step in which the cancel was wished for
    gave_way: int = 0  # so many times
    guests: dict[int, Callable[[], object]] = field(default_factory=dict)  # by when they come in

    def check(self) -> None:
        if self.wished is not None:
            raise CancelledJobError("cancelled")

    def give_way(self) -> bool:
        self.gave_way += 1
        guest = self.guests.pop(self.gave_way, None)
        if guest is not None:
            guest()
        return guest is not None

    def progress(self, stage: str, fraction: float, step: int = 0, steps: int = 0) -> None:
        self.reports.append((stage, fraction, step, steps))
        self.check()
        if self.cancel_in is not None and step >= self.cancel_in:
            self.wished = step

    def get_ready(self, stage: str, seconds: float) -> None:
        self.progress(stage, 0.0)

    def note(self, text: str) -> None:
        self.notes.append(text)
