"""What every restoration network looks like to the engine: stages, each with the neighbourhood that it needs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from foveate_server.engines.restoration.row_layers import RowLayer, Rows

FLOAT32_ONLY = frozenset({torch.float32})
HALF_TOO = frozenset({torch.float32, torch.bfloat16, torch.float16})


@dataclass(frozen=True)
class Stage:
    """A part of a network that is run on tiles of its own.

    A network with a wide but thin part and a narrow but memory-hungry one is two stages: each gets tiles that suit it.
    All lengths are in pixels of the network's input; only the last stage may enlarge.
    """

    run: Callable[[Tensor], Tensor]  # (1, channels, h, w) -> (1, channels', h * scale, w * scale)
    halo: int  # what a tile must see around itself
    scale: int
    layers: int  # that one run passes through
    share: float = 1.0  # of the network's time
    tile: int | None = None  # the longest side of a tile that suits this stage, however much memory there is


@dataclass(frozen=True)
class Fit:
    """What a network wants its input to be like, apart from the values."""

    multiple: int = 1  # edges of tiles are multiples of it: the grid of windows that the network sees
    square: int | None = None  # input px: it knows images of this size only, as face restorers do
    whole: bool = False  # it must see all of the image at once

    @property
    def needs_all(self) -> bool:
        """Tell whether the image cannot be cut into tiles."""
        return self.whole or self.square is not None


@dataclass(frozen=True)
class Streaming:
    """How a network is run in bands of rows: see :mod:`row_layers`."""

    begin: Callable[[], Rows]  # at the top of a picture
    layers: tuple[RowLayer, ...]  # that a picture passes through
    radius: int  # input px that a result depends on, exactly
    column_bytes: Callable[[int], int]  # held between two bands, per input px of width; of an inner layer's itemsize


@dataclass(frozen=True)
class Network:
    """A network with its weights. Takes and gives float32 RGB, (1, 3, h, w), sRGB-encoded, nominal range 0 to 1."""

    module: nn.Module  # all weights
    stages: tuple[Stage, ...]
    lower: Callable[[torch.dtype], None]  # casts what may be cast; the last layers stay in float32 where they can
    dtypes: frozenset[torch.dtype]  # that it can be lowered to
    bytes_per_pixel: int  # peak memory of a pass in float32, per input pixel
    fit: Fit = Fit()
    layout: torch.memory_format = torch.channels_last  # of the weights: that which the network is fastest and right in
    streaming: Streaming | None = None  # where it can be run in rows

    @property
    def scale(self) -> int:
        """Return the output pixels per input pixel, along one axis."""
        return self.stages[-1].scale

    @property
    def halo(self) -> int:
        """Return the input pixels around a pixel that its result depends on, as far as that shows."""
        return sum(stage.halo for stage in self.stages)

    @property
    def is_exact(self) -> bool:
        """Tell whether it computes in float32 throughout."""
        return all(weight.dtype is torch.float32 for weight in self.module.parameters())
