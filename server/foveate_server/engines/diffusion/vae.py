"""Decodes and encodes images of any size as if all of them fitted into memory at once.

Diffusers' `enable_tiling` lets every tile normalise by statistics of its own and attend to itself alone, and hides the
steps by blending. Here the middle with its attention sees all of the image, every group norm uses the statistics of
all of the image, and tiles are cut with as much around them as their level's convolutions reach: what differs from
the untiled result is rounding. The statistics of a norm can only be known when all before it was run, so a level in
tiles is run up to each of its norms in turn, always from the level's input: 3 to 4 times the arithmetic, for a small
part of the memory. A level that is small enough is one tile, and is run once.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from foveate_server.engines.diffusion.vae_levels import (
    Activation,
    Level,
    Norm,
    decoder_levels,
    decoder_middle,
    encoder_levels,
    encoder_middle,
    is_known,
)
from foveate_shared.geometry import Bounds, Extent, ceil_to_multiple, tiles

_LEAST_TILE = 16  # pixels of a level
Tick = Callable[[], None]  # called before every step of a tile; what it raises ends the pass
Store = Callable[[tuple[int, ...], torch.dtype], Tensor]  # (shape, dtype) -> an uninitialised tensor to keep


class Codec(Protocol):
    """A way to run an AutoencoderKL on images of any size. Tensors are on the autoencoder's device."""

    def decode(self, vae: Any, latents: Tensor, tick: Tick) -> Tensor:
        """Return the images (b, 3, h * factor, w * factor) float32, about -1..1, of `latents` (b, c, h, w).

        `latents` are as the autoencoder's own `decode` takes them: no longer scaled or shifted.
        """

    def encode(self, vae: Any, images: Tensor, tick: Tick) -> Tensor:
        """Return the moments (b, 2 c, h / factor, w / factor) float32 (mean, log var) of `images` (b, 3, h, w)."""


def in_memory(device: torch.device) -> Store:
    """Return a store on `device`: the autoencoder's own where there is room, the CPU's memory where there is not."""

    def allocate(shape: tuple[int, ...], dtype: torch.dtype) -> Tensor:
        return torch.empty(shape, dtype=dtype, device=device)

    return allocate


def in_files(folder: Path) -> Store:
    """Return a store of nameless files in `folder`, for images beyond any memory; they are gone with their tensors."""

    def allocate(shape: tuple[int, ...], dtype: torch.dtype) -> Tensor:
        with tempfile.TemporaryFile(dir=folder) as file:
            mapped = np.memmap(file, np.uint8, "w+", shape=prod(shape) * dtype.itemsize)
        return torch.from_numpy(mapped).view(dtype).view(shape)

    return allocate


@dataclass(frozen=True)
class ExactTiles:
    """The codec for autoencoders of the known build; others are run untiled, by their own code."""

    tile: int = 512  # image pixels: the side of a tile at the image's resolution; others hold as many values
    store: Store | None = None  # keeps what goes from level to level; None: the autoencoder's device

    def decode(self, vae: Any, latents: Tensor, tick: Tick) -> Tensor:
        """See :class:`Codec`."""
        if not is_known(vae):
            decoded: Tensor = vae.decode(latents.to(vae.dtype), return_dict=False)[0]
            return decoded.float()
        return torch.cat([self._decode(vae, picture[None].to(vae.dtype), tick) for picture in latents])

    def encode(self, vae: Any, images: Tensor, tick: Tick) -> Tensor:
        """See :class:`Codec`."""
        if not is_known(vae):
            moments: Tensor = vae.encode(images.to(vae.dtype), return_dict=False)[0].parameters
            return moments.float()
        return torch.cat([self._encode(vae, picture[None], tick) for picture in images])

    @torch.inference_mode()
    def _decode(self, vae: Any, latents: Tensor, tick: Tick) -> Tensor:
        x = decoder_middle(vae, latents, tick)
        levels = decoder_levels(vae)
        for level in levels:
            dtype = torch.float32 if level is levels[-1] else x.dtype
            x = self._tiled(vae, level, tick).run(x, dtype)
        return x.to(latents.device, torch.float32)

    @torch.inference_mode()
    def _encode(self, vae: Any, image: Tensor, tick: Tick) -> Tensor:
        x = image
        for level in encoder_levels(vae):
            x = self._tiled(vae, level, tick).run(x, vae.dtype)
        return encoder_middle(vae, x.to(image.device), tick).float()

    def _tiled(self, vae: Any, level: Level, tick: Tick) -> _TiledLevel:
        widths = vae.config.block_out_channels
        side = round(self.tile * (widths[min(1, len(widths) - 1)] / level.width) ** 0.5)
        store = in_memory(vae.device) if self.store is None else self.store
        return _TiledLevel(level, max(_LEAST_TILE, ceil_to_multiple(side, 2)), vae.device, vae.dtype, store, tick)


@dataclass(frozen=True)
class _TiledLevel:
    """One level on its way over an image. Bounds are in pixels of the level."""

    level: Level
    side: int  # of a tile, even
    device: torch.device
    dtype: torch.dtype
    store: Store
    tick: Tick

    def run(self, x: Tensor, dtype: torch.dtype) -> Tensor:
        """Return the level's result for all of `x` (1, channels, h, w), as `dtype`."""
        extent = Extent(x.shape[3], x.shape[2]).scaled(2 if self.level.enlarges else 1)
        cores = self._cores(extent)
        if len(cores) == 1:
            return self._forward(x.to(self.device, self.dtype), len(self.level.steps), {}).to(dtype)
        known: dict[int, _Moments] = {}
        for index in self.level.norms:
            known[index] = self._measured(x, cores, extent, index, known)
        result: Tensor | None = None
        for core in cores:
            seen = self._seen(core, extent)
            part = self._forward(self._input(x, seen), len(self.level.steps), known)
            target = core
            if self.level.reduces:
                target, seen = _halved(core), _halved(seen)
            if result is None:
                size = Extent(extent.width // 2, extent.height // 2) if self.level.reduces else extent
                result = self.store((1, part.shape[1], size.height, size.width), dtype)
            _cut(result, target).copy_(_cut(part, target.relative_to(seen)))
        assert result is not None  # noqa: S101 - there were cores
        return result

    def _measured(
        self, x: Tensor, cores: list[Bounds], extent: Extent, index: int, known: dict[int, _Moments]
    ) -> _Moments:
        """Return the statistics of the whole before the norm at `index`, all norms before it being known."""
        norm = self.level.steps[index]
        assert isinstance(norm, Norm)  # noqa: S101
        moments = _Moments.none(norm.module.num_groups)
        for core in cores:
            seen = self._seen(core, extent)
            before = self._forward(self._input(x, seen), index, known)
            moments = moments.with_values(_cut(before, core.relative_to(seen)))
        return moments

    def _forward(self, x: Tensor, count: int, known: dict[int, _Moments]) -> Tensor:
        """Return `x` after the first `count` steps; norms of which nothing is known see what they get."""
        state = Activation(x)
        del x
        for index, step in enumerate(self.level.steps[:count]):
            self.tick()
            if not isinstance(step, Norm):
                state = step.run(state)
            elif index in known:
                state = Activation(known[index].normalized(step.module, state.x), state.residual)
            else:
                state = Activation(step.module(state.x), state.residual)
        return state.x

    def _cores(self, extent: Extent) -> list[Bounds]:
        """Return tiles that cover the image once, with even edges where the resolution is halved."""
        unit = 2 if self.level.reduces else 1
        units = Extent(-(-extent.width // unit), -(-extent.height // unit))
        side = self.side // unit
        return [core.scaled(unit).clamp(extent) for core in tiles(units.bounds, Extent(side, side))]

    def _seen(self, core: Bounds, extent: Extent) -> Bounds:
        """Return `core` with all that its result depends on, on the grid of what comes in and goes out."""
        around = core.pad(self.level.radius + int(self.level.reduces)).clamp(extent)
        left, top = around.x // 2 * 2, around.y // 2 * 2
        right, bottom = ceil_to_multiple(around.right, 2), ceil_to_multiple(around.bottom, 2)
        return Bounds.from_edges(left, top, right, bottom).clamp(extent)

    def _input(self, x: Tensor, seen: Bounds) -> Tensor:
        """Return the part of the level's input that `seen` is made of, on the device."""
        return _cut(x, _halved(seen) if self.level.enlarges else seen).to(self.device, self.dtype)


@dataclass(frozen=True)
class _Moments:
    """Mean and variance per group of channels, gathered tile by tile; float64 on the CPU, (groups,)."""

    count: int
    mean: Tensor
    squares: Tensor  # sum of the squared distances from the mean

    @classmethod
    def none(cls, groups: int) -> _Moments:
        zeros = torch.zeros(groups, dtype=torch.float64)
        return cls(0, zeros, zeros)

    def with_values(self, x: Tensor) -> _Moments:
        """Return them with those of `x` (1, channels, h, w) taken in (Chan and others, 1979)."""
        parts = [
            torch.stack(torch.var_mean(group.to(torch.float32), correction=0))
            for group in x.chunk(len(self.mean), dim=1)
        ]
        variance, mean = torch.stack(parts, dim=1).cpu().to(torch.float64)
        added = x.numel() // len(self.mean)
        count = self.count + added
        away = mean - self.mean
        squares = self.squares + variance * added + away**2 * (self.count * added / count)
        return _Moments(count, self.mean + away * (added / count), squares)

    def normalized(self, norm: nn.GroupNorm, x: Tensor) -> Tensor:
        """Return what `norm` makes of `x` (1, channels, h, w), a part of an image with these statistics."""
        size = norm.num_channels // norm.num_groups
        mean, variance = (
            values.to(torch.float32).repeat_interleave(size).to(x.device)
            for values in (self.mean, self.squares / self.count)
        )
        # Batch norm in inference is just this, and computes in float32 whatever x is.
        weight, bias = norm.weight.to(torch.float32), norm.bias.to(torch.float32)
        return functional.batch_norm(x, mean, variance, weight, bias, training=False, eps=norm.eps)


def _halved(bounds: Bounds) -> Bounds:
    """Return `bounds`, of even left and top edges, at half the resolution."""
    right, bottom = bounds.right // 2, bounds.bottom // 2
    return Bounds(bounds.x // 2, bounds.y // 2, right - bounds.x // 2, bottom - bounds.y // 2)


def _cut(x: Tensor, bounds: Bounds) -> Tensor:
    """Return the part of `x` (1, channels, h, w) in `bounds`, without a copy."""
    return x[:, :, bounds.y : bounds.bottom, bounds.x : bounds.right]
