"""A ticker that remembers, and cancels when it is time."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from foveate_shared.errors import CancelledJobError


@dataclass
class RecordingTicker:
    """Remembers what it is told; cancels `cancel_after` seconds after the first step began."""

    cancel_after: float | None = None
    notes: list[str] = field(default_factory=list)
    reports: list[tuple[str, float, int, int]] = field(default_factory=list)  # stage, fraction, step, steps
    wished: float | None = None  # when the cancel was wished for, of the monotonic clock
    _began: float | None = None

    def check(self) -> None:
        if self.cancel_after is None or self._began is None:
            return
        deadline = self._began + self.cancel_after
        if time.monotonic() >= deadline:
            self.wished = deadline
            raise CancelledJobError("cancelled")

    def progress(self, stage: str, fraction: float, step: int = 0, steps: int = 0) -> None:
        self.reports.append((stage, fraction, step, steps))
        if step and self._began is None:
            self._began = time.monotonic()
        self.check()

    def note(self, text: str) -> None:
        self.notes.append(text)
