from __future__ import annotations

import pytest
import torch
from torch import Tensor

from fakes.full_size import autoencoder
from foveate_server.engines import device_precision
from foveate_server.engines.diffusion.vae import ExactTiles, in_memory

pytestmark = pytest.mark.gpu
_NARROW = {"block_out_channels": (32, 32, 64, 64)}


def no_tick() -> None:
    """Nothing is to be told."""


@torch.inference_mode()
def untiled(vae, latents: Tensor) -> Tensor:
    return vae.decode(latents, return_dict=False)[0].float()


def latents(device: torch.device, side: int, dtype: torch.dtype) -> Tensor:
    shape = (1, 4, side // 8, side // 8 + 3)
    return torch.randn(shape, generator=torch.Generator().manual_seed(0)).to(device, dtype)


def test_in_float32_tiles_differ_by_rounding_alone(device: torch.device, full: bool, record_property) -> None:
    vae = autoencoder(device, torch.float32, **({} if full else _NARROW))
    z = latents(device, 512 if full else 128, torch.float32)
    with device_precision.reproducible(0):
        whole, tiled = untiled(vae, z), ExactTiles(256 if full else 64).decode(vae, z, no_tick)
    error = float((tiled - whole).abs().max() / whole.std())
    record_property("largest error by the standard deviation", error)
    assert error < 2e-4


def test_in_float16_tiles_err_no_more_than_float16_does(card: torch.device, record_property) -> None:
    vae = autoencoder(card, torch.float16)
    z = latents(card, 1024, torch.float16)
    whole, tiled = untiled(vae, z), ExactTiles(512).decode(vae, z, no_tick)
    truth = untiled(vae.float(), z.float())
    errors = [float((image - truth).abs().mean() / truth.std()) for image in (whole, tiled)]
    record_property("mean error by the standard deviation: untiled, tiled", errors)
    assert errors[1] < 1.2 * errors[0]


def test_encoding_in_tiles_differs_by_rounding_alone(device: torch.device, full: bool) -> None:
    vae = autoencoder(device, torch.float32, **({} if full else _NARROW))
    side = 1024 if full else 128
    x = torch.rand(1, 3, side, side + 24, generator=torch.Generator().manual_seed(0)).to(device) * 2 - 1
    with device_precision.reproducible(0), torch.inference_mode():
        whole = vae.encode(x).latent_dist.parameters
        tiled = ExactTiles(256 if full else 64).encode(vae, x, no_tick)
    assert (tiled - whole).abs().max() < 2e-4 * whole.std()


def test_the_cards_memory_is_spared(card: torch.device, record_property) -> None:
    """With four times the picture, tiles take less than the whole would."""
    vae = autoencoder(card, torch.float16)
    outside = in_memory(torch.device("cpu"))
    peaks = []
    for side, run in (
        (1024, lambda z: untiled(vae, z)),
        (1024, lambda z: ExactTiles(256, outside).decode(vae, z, no_tick)),
        (2048, lambda z: ExactTiles(256, outside).decode(vae, z, no_tick)),
    ):
        z = latents(card, side, torch.float16)
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats(card)
        before = torch.cuda.memory_allocated(card)
        run(z)
        peaks.append(torch.cuda.max_memory_allocated(card) - before)
    record_property("peak MB: untiled 1024, tiled 1024, tiled 2048", [peak >> 20 for peak in peaks])
    assert peaks[1] < 0.3 * peaks[0]
    assert peaks[2] < peaks[0]
