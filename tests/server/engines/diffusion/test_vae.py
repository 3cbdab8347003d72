from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import torch
from torch import Tensor

from fakes.live_memory import LiveMemory
from foveate_server.engines.diffusion.vae import ExactTiles, in_files, in_memory
from foveate_server.engines.diffusion.vae_levels import decoder_levels, encoder_levels, is_known
from foveate_shared.errors import CancelledJobError

if TYPE_CHECKING:
    from diffusers import AutoencoderKL

_ROUNDING = 4  # times the untiled result's own distance from float64's: what tiles may differ by


def autoencoder(**config: object) -> AutoencoderKL:
    """Return one of the true build (four levels, two layers each, 32 groups), narrow, with random weights."""
    from diffusers import AutoencoderKL

    torch.manual_seed(0)
    return AutoencoderKL(
        block_out_channels=(32, 32, 64, 64),
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        layers_per_block=2,
        norm_num_groups=32,
        **{"latent_channels": 4, **config},
    ).eval()


@pytest.fixture(scope="module")
def vae() -> AutoencoderKL:
    """As those of SD1, SD2 and SDXL."""
    return autoencoder()


@pytest.fixture(scope="module")
def plain_vae() -> AutoencoderKL:
    """As those of SD3 and FLUX.1, and without attention besides."""
    return autoencoder(
        latent_channels=16, use_quant_conv=False, use_post_quant_conv=False, mid_block_add_attention=False
    )


def no_tick() -> None:
    """Nothing is to be told."""


def latents(vae: AutoencoderKL, height: int, width: int, count: int = 1) -> Tensor:
    shape = (count, vae.config.latent_channels, height, width)
    return torch.randn(shape, generator=torch.Generator().manual_seed(height))


def images(height: int, width: int) -> Tensor:
    return torch.rand(1, 3, height, width, generator=torch.Generator().manual_seed(width)) * 2 - 1


def untiled(vae: AutoencoderKL, z: Tensor) -> Tensor:
    with torch.inference_mode():
        return vae.decode(z).sample


def moments(vae: AutoencoderKL, x: Tensor) -> Tensor:
    with torch.inference_mode():
        return vae.encode(x).latent_dist.parameters


def assert_rounding_alone(tiled: Tensor, whole: Tensor, truth: Tensor) -> None:
    """Tiles differ from the whole by no more than the whole differs from what exact arithmetic would give."""
    assert tiled.shape == whole.shape
    own = (whole - truth).abs().max()
    assert (tiled - truth).abs().max() < _ROUNDING * own
    assert (tiled - whole).abs().max() < 1e-4 * whole.std()


@pytest.mark.parametrize("kind", ["vae", "plain_vae"])
@pytest.mark.parametrize(("height", "width", "tile"), [(11, 16, 40), (8, 22, 56)])
def test_decoding_in_tiles_is_exact(kind: str, height: int, width: int, tile: int, request) -> None:
    vae: AutoencoderKL = request.getfixturevalue(kind)
    z = latents(vae, height, width)
    truth = untiled(vae.double(), z.double())
    whole = untiled(vae.float(), z)
    assert_rounding_alone(ExactTiles(tile).decode(vae, z, no_tick), whole, truth)


@pytest.mark.parametrize("kind", ["vae", "plain_vae"])
@pytest.mark.parametrize(("height", "width", "tile"), [(96, 128, 40), (88, 120, 56), (85, 107, 40)])
def test_encoding_in_tiles_is_exact(kind: str, height: int, width: int, tile: int, request) -> None:
    vae: AutoencoderKL = request.getfixturevalue(kind)
    x = images(height, width)
    truth = moments(vae.double(), x.double())
    whole = moments(vae.float(), x)
    assert_rounding_alone(ExactTiles(tile).encode(vae, x, no_tick), whole, truth)


def test_enable_tiling_would_fail_this(vae: AutoencoderKL) -> None:
    """The bounds above can be missed: by four orders of magnitude with diffusers' own tiles."""
    z = latents(vae, 15, 22)
    whole = untiled(vae, z)
    vae.tile_latent_min_size, vae.tile_sample_min_size = 12, 96
    vae.enable_tiling()
    try:
        tiled = untiled(vae, z)
    finally:
        vae.disable_tiling()
    assert (tiled - whole).abs().max() > 0.1 * whole.std()


def test_one_tile_is_diffusers_result_bit_for_bit(vae: AutoencoderKL) -> None:
    z, x = latents(vae, 8, 9, count=2), images(64, 72)
    assert torch.equal(ExactTiles(512).decode(vae, z, no_tick), torch.cat([untiled(vae, one[None]) for one in z]))
    assert torch.equal(ExactTiles(512).encode(vae, x, no_tick), moments(vae, x))


def test_many_places_attend_in_parts(vae: AutoencoderKL, monkeypatch: pytest.MonkeyPatch) -> None:
    z = latents(vae, 9, 13)
    whole = untiled(vae, z)
    module = "foveate_server.engines.diffusion.vae_levels"
    monkeypatch.setattr(f"{module}.ATTENTION_TOKENS", 16)
    monkeypatch.setattr(f"{module}.ATTENTION_SCORES", 9 * 13 * 10)
    assert (ExactTiles(512).decode(vae, z, no_tick) - whole).abs().max() < 1e-4 * whole.std()


def test_in_bfloat16_tiles_err_no_more_than_bfloat16_does(vae: AutoencoderKL) -> None:
    z = latents(vae, 6, 10)
    truth = untiled(vae, z)
    half = autoencoder().bfloat16()
    whole = (untiled(half, z.bfloat16()) - truth).abs().mean()
    tiled = ExactTiles(32).decode(half, z, no_tick)
    assert tiled.dtype == torch.float32
    assert (tiled - truth).abs().mean() < 1.2 * whole


def peak(vae: AutoencoderKL, height: int, width: int, tile: int) -> int:
    """Return the most bytes that tiles hold at once, apart from what is stored between levels."""
    with LiveMemory(*vae.parameters()) as memory:

        def store(shape: tuple[int, ...], dtype: torch.dtype) -> Tensor:
            return memory.ignore(in_memory(torch.device("cpu"))(shape, dtype))

        z = memory.ignore(latents(vae, height, width))
        ExactTiles(tile, store).decode(vae, z, no_tick)
    return memory.peak


def test_memory_is_flat(plain_vae: AutoencoderKL) -> None:
    """Four times the image needs no more on the device than its middle and its result do, which are as large as it."""
    small, large = (peak(plain_vae, 12, width, 48) for width in (12, 48))
    result = 12 * 36 * 64 * 3 * 4  # bytes that the larger one's result has more
    middle = 12 * 36 * 64 * 4 * 4  # four activations of 64 channels at the latents' resolution
    assert large < 1.3 * small + result + middle
    assert peak(plain_vae, 12, 48, 512) > 3 * large


def test_what_is_stored_can_lie_in_files(vae: AutoencoderKL, tmp_path: Path) -> None:
    z = latents(vae, 9, 14)
    stored = ExactTiles(48, in_files(tmp_path)).decode(vae, z, no_tick)
    assert torch.equal(stored, ExactTiles(48).decode(vae, z, no_tick))
    assert not list(tmp_path.iterdir())
    assert in_files(tmp_path)((2, 3), torch.bfloat16).shape == (2, 3)


def test_a_cancel_ends_it_between_steps(vae: AutoencoderKL, make_ticker) -> None:
    ticker = make_ticker(cancel_after=40)
    with pytest.raises(CancelledJobError):
        ExactTiles(48).decode(vae, latents(vae, 15, 22), ticker.check)
    assert ticker.checks == 41


def test_reach_is_as_measured(vae: AutoencoderKL) -> None:
    """Of the whole path, in latents and in image pixels: what design notes have measured on the true build."""
    radius = sum(level.radius / 2**index for index, level in enumerate(decoder_levels(vae)))
    assert radius == 6 + 7 / 2 + 7 / 4 + 8 / 8 == 12.25
    assert sum(level.radius * 2**index for index, level in enumerate(encoder_levels(vae))) == 5 + 8 + 16 + 32


def test_other_autoencoders_are_run_by_their_own_code(vae: AutoencoderKL) -> None:
    from diffusers import AsymmetricAutoencoderKL, AutoencoderTiny

    torch.manual_seed(0)
    other = AsymmetricAutoencoderKL(norm_num_groups=4, down_block_out_channels=(8,), up_block_out_channels=(8,)).eval()
    assert is_known(vae)
    assert not is_known(other)
    assert not is_known(AutoencoderTiny())
    z = torch.randn(1, 4, 8, 8)
    with torch.inference_mode():
        assert torch.equal(ExactTiles(16).decode(other, z, no_tick), other.decode(z).sample)
