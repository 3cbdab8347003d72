"""One progress for many pictures: which one it is, and how far all of them are."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TextIO

from foveate_server.cli.progress_display import Display
from foveate_shared.jobs.job_status import JobProgress


class BatchDisplay(Display):
    """As :class:`Display`; remarks name the picture that they are about, and off a terminal no step is told."""

    def __init__(self, count: int, *, quiet: bool = False, stream: TextIO | None = None) -> None:
        super().__init__(quiet=quiet, stream=stream)
        self._count = count
        self._number = 0
        self._name = ""
        self._jobs: set[int] = set()  # the numbers of those pictures that there was something to do for
        self._began = time.monotonic()

    def begin(self, name: str) -> None:
        """Go on to the next picture."""
        self._number += 1
        self._name = name
        self._held = ()  # what was not said of the picture before is not of this one

    def say(self, text: str) -> None:
        """Print a sentence about the picture."""
        super().say(f"{self._name}: {text}")

    def finish(self, line: str) -> None:
        """Print what became of the picture, or of all."""
        super().say(line)

    def show(self, status: JobProgress) -> None:
        """Show where the job is among all."""
        self._jobs.add(self._number)
        share = (self._number - 1 + status.fraction) / self._count
        text = f"{self._name} ({self._number} of {self._count}): {status.text}" if status.text else ""
        left = self._seconds_left(status.fraction)
        super().show(replace(status, text=text, fraction=share, seconds_left=left, steps=1))

    def _seconds_left(self, fraction: float) -> float | None:
        """Return how long all that is left will take, as long as each took so far; None during the first one."""
        done = len(self._jobs) - 1 + fraction
        left = self._count - self._number + 1 - fraction
        return (time.monotonic() - self._began) / done * left if len(self._jobs) > 1 else None

    def _print_line(self, status: JobProgress) -> None:
        """Print nothing: each picture has one line, when it is done."""
