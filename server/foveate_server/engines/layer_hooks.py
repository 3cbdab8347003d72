"""Sees a network at work from outside: a call for every layer that is about to run."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn

from foveate_server.engines.contract import Ticker

REPORT_SECONDS = 0.1  # at least, from one report of progress to the next


def layers(module: nn.Module) -> list[nn.Module]:
    """Return the modules that hold no others: the network's single steps."""
    return [child for child in module.modules() if not any(True for _ in child.children())]


def blocks(module: nn.Module) -> list[nn.Module]:
    """Return the parts that `module` is a row of, and those that these are: all elements of its lists but layers."""
    lists = [part for part in module.modules() if isinstance(part, nn.ModuleList)]
    return [block for each in lists for block in each if any(True for _ in block.children())]


@contextmanager
def watched(module: nn.Module, before_layer: Callable[[], None], *, every: int = 1) -> Iterator[None]:
    """Call `before_layer` before layers of `module` run, each or one in `every`; what it raises ends the pass."""

    def hook(layer: nn.Module, inputs: object) -> None:
        before_layer()

    with hooked(layers(module)[::every], hook):
        yield


@contextmanager
def hooked(modules: Iterable[nn.Module], hook: Callable[[nn.Module, Any], None]) -> Iterator[None]:
    """Call `hook` before any of `modules` runs, with that one and its inputs."""
    handles = [module.register_forward_pre_hook(hook) for module in modules]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


class Meter:
    """Turns work that is done into progress: checks for a cancel each time, reports a few times a second."""

    def __init__(self, ticker: Ticker, stage: str) -> None:
        self._ticker = ticker
        self.stage = stage  # of what follows
        self._start, self._share, self._work = 0.0, 0.0, 1.0  # the pass under way, as fractions of the whole
        self._step = self._steps = 0
        self._done = 0.0  # of this pass's work
        self._reported = 0.0  # seconds, of the monotonic clock
        self._told = 0.0  # the largest fraction
        self._lies_still = False  # while others' work runs, perhaps through the very layers that call us

    def begin(self, start: float, share: float, work: float, step: int = 0, steps: int = 0) -> None:
        """Start a pass that takes the fractions from `start` to `start + share` of the whole.

        `work` is that of all the pass, in the unit of :meth:`tick`: layers, or what each of them computes.
        """
        self._start, self._share, self._work = start, share, max(1.0, work)
        self._step, self._steps, self._done = step, steps, 0.0
        self.tick(0.0)

    def tick(self, work: float = 1.0) -> None:
        """Say that `work` begins, such as that of a layer. Raises CancelledJobError."""
        if self._lies_still:
            return
        now = time.monotonic()
        if now - self._reported < REPORT_SECONDS:
            self._ticker.check()
        else:
            self._reported = now
            within = min(1.0, self._done / self._work)
            self._told = max(self._told, self._start + self._share * within)  # sums of the same parts differ by a bit
            self._ticker.progress(self.stage, self._told, self._step, self._steps)
        self._done += work

    def check(self) -> None:
        """Give a sign of life. Raises CancelledJobError, but never in the midst of others' work."""
        if not self._lies_still:
            self._ticker.check()

    def begin_layer(self, work: float = 1.0) -> None:
        """Take that a layer begins, which does `work`. Others' work may run before any. Raises CancelledJobError."""
        self.give_way()
        self.tick(work)

    def give_way(self) -> bool:
        """Let shorter work of others run now: see engines.contract.Ticker. What they load outlasts inference mode."""
        if self._lies_still:
            return False
        self._lies_still = True
        try:
            with torch.inference_mode(mode=False):
                return self._ticker.give_way()
        finally:
            self._lies_still = False
