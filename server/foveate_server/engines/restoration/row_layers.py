"""Runs layers over a picture that comes in bands of rows, from top to bottom, each pixel computed once.

Every layer holds the few rows that the ones below will need, so it sees its true neighbours on both sides of a band's
edge, and the result is the untiled one: in bfloat16 too, where tiles with a halo differ by its rounding. Rows come out
later than they go in, each convolution one row later; the last push brings the rest.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor, nn
from torch.nn.functional import conv2d, interpolate

from foveate_shared.geometry import split


@dataclass(frozen=True)
class Flow:
    """How a push goes on."""

    last: bool  # no rows follow
    tick: Callable[[float], None]  # called before every layer with its multiply-adds; what it raises ends the run


@dataclass(frozen=True)
class RowLayer:
    """What a convolution of a network takes, where its picture comes in rows."""

    lag: float  # rows of the network's input by which its result is behind what was pushed
    work: float  # multiply-adds per pixel of the network's input


def work_of(layers: Sequence[RowLayer], pushed: int, rows: int, *, last: bool) -> float:
    """Return the multiply-adds per column of the input that a push of `rows` takes after `pushed` others.

    The first rows pass through few layers; the last push passes all that are behind through all that follow them.
    """
    total = 0.0
    for layer in layers:
        before = max(0.0, pushed - layer.lag)
        after = pushed + rows if last else max(0.0, pushed + rows - layer.lag)
        total += layer.work * (after - before)
    return total


class Rows(Protocol):
    """A network, or a part of one, in the middle of a picture."""

    def push(self, rows: Tensor, flow: Flow) -> Tensor:
        """Take the next `rows`, (1, channels, n, width), n from 0; return the rows that are done by now, from 0 too."""


class Convolution:
    """A convolution of 3 x 3, zero padded. One row behind."""

    def __init__(self, layer: nn.Conv2d) -> None:
        self._layer = layer
        self._held: Tensor | None = None  # the last two rows that it saw; at first none

    def push(self, rows: Tensor, flow: Flow) -> Tensor:
        """See :class:`Rows`."""
        return self.push_beside((rows,), flow)[1]

    def push_beside(self, parts: Sequence[Tensor], flow: Flow) -> tuple[Tensor, Tensor]:
        """Take rows whose channels come in `parts`, of any dtype; return the result, and beside it what it was made of.

        That is what a dense connection wants: (those channels, the result), of the same rows of the picture.
        """
        seen = self._joined(parts, flow)
        flow.tick(max(0, seen.shape[2] - 2) * seen.shape[3] * self._layer.weight.numel())
        if seen.shape[2] < 3:
            self._held = seen
            centre = seen[:, :, :0]
            return centre, centre.new_empty((1, self._layer.out_channels, 0, seen.shape[3]))
        result = conv2d(seen, self._layer.weight, self._layer.bias, padding=(0, 1))
        self._held = seen[:, :, -2:].clone()
        return seen[:, :, 1:-1], result

    def _joined(self, parts: Sequence[Tensor], flow: Flow) -> Tensor:
        """Return the rows held and the new ones, with the zeros beyond the picture's edges, in the layer's dtype."""
        _, _, count, width = parts[0].shape
        above = 1 if self._held is None else self._held.shape[2]
        shape = (1, self._layer.in_channels, above + count + int(flow.last), width)
        weight = self._layer.weight
        joined = torch.empty(shape, dtype=weight.dtype, device=weight.device, memory_format=torch.channels_last)
        if self._held is None:
            joined[:, :, :1] = 0
        else:
            joined[:, :, :above] = self._held
        channel = 0
        for part in parts:
            joined[:, channel : channel + part.shape[1], above : above + count] = part
            channel += part.shape[1]
        if flow.last:
            joined[:, :, -1:] = 0
        return joined


def in_bands(rows: Tensor, flow: Flow, area: int, push: Callable[[Tensor, Flow], Tensor]) -> Tensor:
    """Return what `push` makes of `rows`, which it gets in bands of at most `area` pixels, one row at least."""
    bands = split(rows.shape[2], max(1, area // rows.shape[3])) or [(0, 0)]
    made = [push(rows[:, :, first:end], Flow(flow.last and end == rows.shape[2], flow.tick)) for first, end in bands]
    return made[0] if len(made) == 1 else torch.cat(made, 2)


class Delay:
    """Rows that wait until what is made of them has caught up."""

    def __init__(self) -> None:
        self._waiting: deque[Tensor] = deque()
        self._none = torch.empty(0)  # no rows, of their kind

    def push(self, rows: Tensor, count: int) -> Tensor:
        """Take `rows`; return the `count` that have waited longest."""
        self.put(rows)
        return self.take(count)

    def put(self, rows: Tensor) -> None:
        """Take `rows`."""
        self._waiting.append(rows)
        self._none = rows[:, :, :0].clone()

    def take(self, count: int) -> Tensor:
        """Return the `count` rows that have waited longest; something must have been put before."""
        taken: list[Tensor] = []
        while count:
            first = self._waiting.popleft()
            taken.append(first[:, :, :count])
            if first.shape[2] > count:
                # A copy, so that the few rows which go on waiting do not keep all of the band in memory.
                self._waiting.appendleft(first[:, :, count:].clone())
            count -= taken[-1].shape[2]
        if not taken:
            return self._none
        return taken[0] if len(taken) == 1 else torch.cat(taken, 2)


def enlarged(rows: Tensor, scale: int) -> Tensor:
    """Return `rows` with every pixel repeated, `scale` times as wide and high."""
    if not rows.shape[2]:
        return rows.new_empty((*rows.shape[:2], 0, rows.shape[3] * scale))
    return interpolate(rows, scale_factor=scale, mode="nearest")
