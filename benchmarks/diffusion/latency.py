"""What a person waits for: the first preview, the end of a cancelled job, another checkpoint."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from benchmarks.diffusion.measuring import Quiet, Setup, synchronize
from benchmarks.diffusion.refocus import checkpoints, request
from benchmarks.report import growing

from foveate_server.engines.diffusion.engine import DiffusionEngine
from foveate_server.engines.diffusion_request import Sampling
from foveate_shared.errors import CancelledJobError

_STEPS = 20
_CANCEL_AFTER = 0.4  # of the time that a job takes


@dataclass
class Impatient(Quiet):
    """Cancels at a time of the monotonic clock."""

    deadline: float = 0.0

    def check(self) -> None:
        """Raise CancelledJobError from the deadline on."""
        if time.monotonic() >= self.deadline:
            raise CancelledJobError("cancelled")

    def progress(self, stage: str, fraction: float, step: int = 0, steps: int = 0) -> None:
        """Likewise."""
        self.check()


def report(setup: Setup) -> Iterator[str]:
    """Yield a table of milliseconds."""
    yield (
        "## Waiting\n\n"
        f"{_STEPS} guided steps at the family's native extent. *Cancel*: from the wish, at {_CANCEL_AFTER:.0%} of the\n"
        "job, until the engine's call has ended and the device is idle: median (largest).\n\n"
    )
    yield from growing(["checkpoint", "what", "ms", ""], _rows(setup))


def _rows(setup: Setup) -> Iterator[list[str]]:
    for name, side in checkpoints(setup):
        engine = DiffusionEngine(setup.checkpoints, setup.device)
        start = time.perf_counter()
        job = _job(setup, engine, name, side)
        job(Quiet())
        synchronize(setup.device)
        first = time.perf_counter() - start
        whole = _seconds(setup, job)
        yield [name, "a job with the checkpoint loaded", f"{1000 * whole:.0f}", f"{1000 * whole / _STEPS:.0f} per step"]
        yield [name, "a job that loads the checkpoint", f"{1000 * first:.0f}", "model switch: the difference"]
        yield [name, "first preview", *_first_preview(setup, engine, name, side)]
        yield [name, "cancel", *_cancel(job, whole, setup)]
        engine.release()


def _job(setup: Setup, engine: DiffusionEngine, name: str, side: int) -> Callable[[Quiet], object]:
    asked = request(setup, name, side, strength=1.0, sampling=Sampling(_STEPS, 5.0, "euler"))
    return lambda ticker: engine.diffuse(asked, ticker=ticker)


def _seconds(setup: Setup, job: Callable[[Quiet], object]) -> float:
    start = time.perf_counter()
    job(Quiet())
    synchronize(setup.device)
    return time.perf_counter() - start


def _first_preview(setup: Setup, engine: DiffusionEngine, name: str, side: int) -> list[str]:
    asked = request(setup, name, side, strength=1.0, sampling=Sampling(_STEPS, 5.0, "euler"))
    found = []
    for _ in range(setup.repeat):
        seen: list[float] = []

        def show(picture: np.ndarray, seen: list[float] = seen) -> None:
            seen.append(time.perf_counter())

        start = time.perf_counter()
        engine.diffuse(asked, ticker=Quiet(), preview=show)
        found += [at - start for at in seen[:1]]
    return [f"{1000 * statistics.median(found):.0f}" if found else "none", ""]


def _cancel(job: Callable[[Quiet], object], whole: float, setup: Setup) -> list[str]:
    found = []
    for _ in range(max(3, setup.repeat)):
        deadline = time.monotonic() + _CANCEL_AFTER * whole
        try:
            job(Impatient(deadline=deadline))
        except CancelledJobError:
            synchronize(setup.device)
            found.append(time.monotonic() - deadline)
    if not found:
        return ["the job was faster", ""]
    return [f"{1000 * statistics.median(found):.0f} ({1000 * max(found):.0f})", ""]
