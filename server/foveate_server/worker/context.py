"""What a running item says to the world: see operations.contract.Context."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from threading import Event

import numpy as np
from numpy.typing import NDArray

from foveate_server.tasks.item_task import Task, TaskNote, TaskPreview, TaskProgress, TaskReadiness, TaskWeight
from foveate_server.tasks.messages import Alive
from foveate_server.worker.channel import Channel
from foveate_server.worker.task_files import ResultWriter
from foveate_shared.errors import CancelledJobError
from foveate_shared.geometry import Bounds, Extent
from foveate_shared.wire.protocol import JsonObject

PROGRESS_SECONDS = 0.05  # between two reports of the same stage: faster than anybody reads
PREVIEW_SECONDS = 0.2
PREVIEW_SIDE = 768  # pixels; larger previews are thinned out


class WorkerContext:
    """Reports about one task through the channel, no more often than is of use. For the main thread alone."""

    def __init__(
        self,
        task: Task,
        channel: Channel,
        cancelled: Event,
        heartbeat_seconds: float,
        run_guests: Callable[[], bool],
    ) -> None:
        """`cancelled` is set by the reader thread; `run_guests` runs the tasks that wait for this one to give way."""
        self._channel = channel
        self._cancelled = cancelled
        self._run_guests = run_guests
        self._result = ResultWriter(task.output, task.request.format)
        self._alive = _Throttle(heartbeat_seconds)
        self._progress = _Throttle(PROGRESS_SECONDS)
        self._preview = _Throttle(PREVIEW_SECONDS)
        self._stage = ""  # the last one that was reported

    def check(self) -> None:
        """Give a sign of life; raise CancelledJobError where the task was cancelled."""
        if self._cancelled.is_set():
            raise CancelledJobError("The job was cancelled.")
        if self._alive.is_due():
            self._channel.send(Alive())

    def give_way(self) -> bool:
        """Let the tasks run that wait for this one to pause; return whether there were any."""
        self.check()
        return self._run_guests()

    def progress(self, stage: str, fraction: float, step: int = 0, steps: int = 0) -> None:
        """Report how far the task is; a new stage at once, else about 20 times per second."""
        self.check()
        if self._progress.is_due() or stage != self._stage:
            self._stage = stage
            self._channel.send(TaskProgress(stage, min(max(float(fraction), 0.0), 1.0), step, steps))

    def get_ready(self, stage: str, seconds: float) -> None:
        """Report that nothing is computed for about `seconds` from now."""
        self.check()
        self._stage = stage
        self._channel.send(TaskReadiness(stage, seconds))

    def weigh(self, weight: float) -> None:
        """Correct what the task weighs: more than nothing, else ValueError is raised."""
        if not 0 < weight < math.inf:
            raise ValueError(f"a task weighs more than nothing, and not {weight}")
        self._channel.send(TaskWeight(weight))

    def note(self, text: str) -> None:
        """Tell the owner a sentence."""
        self._channel.send(TaskNote(text))

    def preview(self, bounds: Bounds, pixels: NDArray[np.uint8]) -> None:
        """Show an unfinished picture, (height, width, 3) sRGB-encoded; only so often, and thinned out where large."""
        if not self._preview.is_due():
            return
        stride = -(-max(pixels.shape[:2]) // PREVIEW_SIDE)
        thin = np.ascontiguousarray(pixels[::stride, ::stride])
        height, width = thin.shape[:2]
        self._channel.send(TaskPreview(bounds, Extent(width, height), thin.tobytes()))

    def patch(self, bounds: Bounds, pixels: bytes | memoryview, coverage: bytes | memoryview | None) -> None:
        """Hand over a finished part: its files are complete and on disk before anybody hears of them.

        Raises ValueError for sizes that do not fit `bounds`, ResourceError (STORAGE_FULL) where there is no room.
        """
        self.check()
        self._channel.send(self._result.patch(bounds, pixels, coverage))

    def selection(self, bounds: Bounds, coverage: bytes | memoryview) -> None:
        """Hand over a finished part of a selection. Raises as :meth:`patch` does."""
        self.check()
        self._channel.send(self._result.selection(bounds, coverage))

    def report(self, data: JsonObject, drawing: NDArray[np.uint8] | None = None) -> None:
        """Hand over what the item found out. Raises as :meth:`patch` does."""
        self.check()
        self._channel.send(self._result.report(data, drawing))

    def file(self, name: str, content: bytes | memoryview, media_type: str) -> None:
        """Hand over a file of the result. Raises as :meth:`patch` does."""
        self.check()
        self._channel.send(self._result.file(name, content, media_type))


class _Throttle:
    """Lets something happen at most every `seconds`, the first time at once."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._next = 0.0  # on the monotonic clock

    def is_due(self) -> bool:
        """Tell whether it may happen now; if so, it counts as having happened."""
        now = time.monotonic()
        if now < self._next:
            return False
        self._next = now + self._seconds
        return True
