"""The exact codec beside the untiled decode and diffusers' `enable_tiling`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import torch
from benchmarks.diffusion.measuring import Setup, measured
from benchmarks.report import growing
from torch import Tensor

from fakes.full_size import autoencoder
from foveate_server.engines import device_precision
from foveate_server.engines.diffusion.vae import ExactTiles, in_memory

_TRUTH_SIDE = 1024  # image pixels: up to here, errors are measured against float32, and every run is repeated


def report(setup: Setup) -> Iterator[str]:
    """Yield a table of seconds, memory and error per size and way."""
    yield (
        "## Decoding\n\nErrors are shares of the picture's standard deviation: mean (largest). The exact tiles keep\n"
        "what goes from level to level on the device, or in main memory where that is said. The first row of a side\n"
        "is the reference of the others.\n\n"
    )
    columns = ["side, px", "way", "seconds", "peak MB", "against untiled", "against float32"]
    yield from growing(columns, _rows(setup))


def _rows(setup: Setup) -> Iterator[list[str]]:
    sides = (1024, 2048, 4096) if setup.full and setup.device.type == "cuda" else (192, 256)
    config: dict[str, Any] = {} if setup.full else {"block_out_channels": (32, 32, 64, 64)}
    vae = autoencoder(setup.device, setup.dtype, **config)
    for side in sides:
        generator = torch.Generator().manual_seed(0)
        latents = torch.randn(1, 4, side // 8, side // 8, generator=generator).to(setup.device, setup.dtype)
        truth = _truth(setup, config, latents) if side <= _TRUTH_SIDE else None
        reference: Tensor | None = None
        for name, run in _ways(vae, latents, setup, sides).items():
            try:
                cost = measured(setup.device, run, setup.repeat if side <= _TRUTH_SIDE else 1)
            except torch.OutOfMemoryError:
                yield [f"{side}", name, "out of memory", "", "", ""]
                continue
            image = cost.result.float()
            reference = image if reference is None else reference
            errors = [_error(image, reference), "" if truth is None else _error(image, truth)]
            yield [f"{side}", name, *cost.cells, *errors]
            del cost, image
        del truth, reference
        device_precision.empty_cache(setup.device)


def _ways(vae: Any, latents: Tensor, setup: Setup, sides: tuple[int, ...]) -> dict[str, Callable[[], Tensor]]:
    large, small = (1024, 512) if sides[-1] > 1024 else (96, 64)
    outside = in_memory(torch.device("cpu"))

    def exact(codec: ExactTiles) -> Callable[[], Tensor]:
        return lambda: codec.decode(vae, latents, lambda: None)

    ways = {
        "untiled": lambda: _plain(vae, latents),
        f"exact, tiles of {small}": exact(ExactTiles(small)),
        "diffusers' enable_tiling": lambda: _enable_tiling(vae, latents),
        f"exact, tiles of {large}": exact(ExactTiles(large)),
    }
    if setup.device.type != "cpu":
        ways[f"exact, tiles of {small}, rest in main memory"] = exact(ExactTiles(small, outside))
    return ways


@torch.inference_mode()
def _plain(vae: Any, latents: Tensor) -> Tensor:
    decoded: Tensor = vae.decode(latents, return_dict=False)[0]
    return decoded


def _enable_tiling(vae: Any, latents: Tensor) -> Tensor:
    if latents.shape[3] <= vae.tile_latent_min_size:
        vae.tile_latent_min_size, vae.tile_sample_min_size = 16, 128
    vae.enable_tiling()
    try:
        return _plain(vae, latents)
    finally:
        vae.disable_tiling()


def _truth(setup: Setup, config: dict[str, Any], latents: Tensor) -> Tensor:
    """Return the untiled result with the same weights in float32."""
    vae = autoencoder(setup.device, setup.dtype, **config).float()
    with device_precision.reproducible(0):
        return _plain(vae, latents.float())


def _error(image: Tensor, reference: Tensor) -> str:
    away = (image.to(reference) - reference).abs() / reference.std()
    return f"{away.mean():.1e} ({away.max():.1e})"
