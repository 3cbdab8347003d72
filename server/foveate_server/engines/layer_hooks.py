"""Sees a network at work from outside: a call for every layer that is about to run."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from torch import nn

from foveate_server.engines.contract import Ticker

_REPORT_SECONDS = 0.1


def layers(module: nn.Module) -> list[nn.Module]:
    """Return the modules that hold no others: the network's single steps."""
    return [child for child in module.modules() if not any(True for _ in child.children())]


@contextmanager
def watched(module: nn.Module, before_layer: Callable[[], None], *, every: int = 1) -> Iterator[None]:
    """Call `before_layer` before layers of `module` run, each or one in `every`; what it raises ends the pass."""

    def hook(layer: nn.Module, inputs: object) -> None:
        before_layer()

    handles = [layer.register_forward_pre_hook(hook) for layer in layers(module)[::every]]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


class Meter:
    """Turns passing layers into progress: checks for a cancel each time, reports a few times a second."""

    def __init__(self, ticker: Ticker, stage: str) -> None:
        self._ticker = ticker
        self._stage = stage
        self._start, self._share, self._layers = 0.0, 0.0, 1  # the pass under way, as fractions of the whole
        self._step = self._steps = 0
        self._passed = 0  # layers of this pass
        self._reported = 0.0  # seconds, of the monotonic clock

    def begin(self, start: float, share: float, layers: int, step: int, steps: int) -> None:
        """Start a pass of `layers` steps that takes the fractions from `start` to `start + share` of the whole."""
        self._start, self._share, self._layers = start, share, max(1, layers)
        self._step, self._steps, self._passed = step, steps, 0
        self.tick()

    def tick(self) -> None:
        """Count one layer. Raises CancelledJobError."""
        now = time.monotonic()
        if now - self._reported < _REPORT_SECONDS:
            self._ticker.check()
        else:
            self._reported = now
            within = min(1.0, self._passed / self._layers)
            self._ticker.progress(self._stage, self._start + self._share * within, self._step, self._steps)
        self._passed += 1
