"""Seconds and peak memory of a call, on a GPU or in main memory; and what all parts of the benchmark share."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from skimage import data

from fakes.full_size import Checkpoints
from fakes.live_memory import LiveMemory
from foveate_server.engines import device_precision

_MEGA = 1e6


@dataclass(frozen=True)
class Setup:
    """What the parts of a run have in common."""

    device: torch.device
    checkpoints: Checkpoints
    full: bool  # published sizes; else tiny networks and small pictures
    repeat: int

    @property
    def dtype(self) -> torch.dtype:
        """Return what both sides compute in."""
        return torch.float16 if self.device.type == "cuda" else torch.float32

    def describe(self) -> str:
        """Return a sentence on where and with what it runs."""
        size = "published sizes" if self.full else "**tiny networks: the figures say nothing about real ones**"
        return f"{device_precision.describe_device(self.device)}; {device_precision.dtype_name(self.dtype)}; {size}."


@dataclass(frozen=True)
class Cost:
    """What a call took once it was warm: the median of the seconds, and the most bytes above what was held before."""

    seconds: float
    peak: int
    result: Any = field(repr=False)

    @property
    def cells(self) -> list[str]:
        """Return seconds and peak for a table."""
        return [f"{self.seconds:.3f}", f"{self.peak / _MEGA:.0f}"]


@dataclass
class Quiet:
    """A ticker that listens to nobody."""

    notes: list[str] = field(default_factory=list)

    def check(self) -> None:
        """Never cancelled."""

    def give_way(self) -> bool:
        """Nobody waits."""
        return False

    def progress(self, stage: str, fraction: float, step: int = 0, steps: int = 0) -> None:
        """Told to nobody."""

    def get_ready(self, stage: str, seconds: float) -> None:
        """Told to nobody."""

    def note(self, text: str) -> None:
        """Remember it."""
        self.notes.append(text)


def measured(device: torch.device, run: Callable[[], Any], repeat: int) -> Cost:
    """Return what `run` costs, after one run that warms up."""
    return contended(device, {"": run}, repeat)[""]


def contended(device: torch.device, runs: Mapping[str, Callable[[], Any]], repeat: int) -> dict[str, Cost]:
    """Return what each of `runs` costs; they take turns, so that a busy machine is busy for all."""
    for run in runs.values():
        run()  # loads what it needs; its weights are no part of the peak
    peaks = {name: 0 if device.type == "cuda" else timed_with_peak(run).peak for name, run in runs.items()}
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    results: dict[str, Any] = {}
    for _ in range(repeat):
        for name, run in runs.items():
            results.pop(name, None)
            once = timed(device, run)
            results[name] = once.result
            seconds[name].append(once.seconds)
            peaks[name] = max(peaks[name], once.peak)
    return {name: Cost(statistics.median(seconds[name]), peaks[name], results[name]) for name in runs}


def timed(device: torch.device, run: Callable[[], Any]) -> Cost:
    """Return what `run` costs right now. The peak is 0 where only a slower run could tell it."""
    synchronize(device)
    before = peak = 0
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
        before = torch.cuda.memory_allocated(device)
    start = time.perf_counter()
    result = run()
    synchronize(device)
    seconds = time.perf_counter() - start
    if device.type == "cuda":
        peak = torch.cuda.max_memory_allocated(device) - before
    return Cost(seconds, peak, result)


def timed_with_peak(run: Callable[[], Any]) -> Cost:
    """Return what `run` costs on the processor, its tensors counted, which takes time where layers are small."""
    with LiveMemory() as memory:
        start = time.perf_counter()
        result = run()
        seconds = time.perf_counter() - start
    return Cost(seconds, memory.peak, result)


def synchronize(device: torch.device) -> None:
    """Wait until `device` has done what it was given."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def photo(width: int, height: int) -> NDArray[np.uint8]:
    """Return a photo of `width` x `height`, mirrored on and on."""
    image: NDArray[np.uint8] = data.astronaut()  # type: ignore[no-untyped-call]
    padding = ((0, max(0, height - 512)), (0, max(0, width - 512)), (0, 0))
    return np.pad(image, padding, mode="symmetric")[:height, :width]


def as_float(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return it as the engine takes it, 0 to 1."""
    return (pixels / np.float32(255)).astype(np.float32)
