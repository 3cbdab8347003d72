from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from fakes.live_memory import LiveMemory
from foveate_server.engines.diffusion.footprint import Footprint, parameters
from foveate_server.engines.diffusion.vae import ExactTiles
from foveate_shared.geometry import Extent

_LEAST, _MOST = 0.95, 1.5  # an estimate by a measured peak


def footprint(network: Any = None, vae: Any = None) -> Footprint:
    return Footprint(
        title="SDXL",
        network={} if network is None else dict(network.config),
        vae={} if vae is None else dict(vae.config),
        network_weights=0,
        vae_weights=0,
        text_weights=0,
        network_itemsize=4,
        vae_itemsize=4,
    )


def unet(widths: tuple[int, ...], attends: tuple[bool, ...]) -> nn.Module:
    from diffusers import UNet2DConditionModel

    torch.manual_seed(0)
    return UNet2DConditionModel(
        block_out_channels=widths,
        down_block_types=tuple("CrossAttnDownBlock2D" if one else "DownBlock2D" for one in attends),
        up_block_types=tuple("CrossAttnUpBlock2D" if one else "UpBlock2D" for one in reversed(attends)),
        cross_attention_dim=32,
        norm_num_groups=8,
        attention_head_dim=4,
    ).eval()


def peak(module: nn.Module, *args: torch.Tensor) -> int:
    """Return the most bytes that are alive while `module` runs, apart from its weights and its input."""
    with torch.inference_mode(), LiveMemory(*module.parameters(), *args) as memory:
        module(*args)
    return memory.peak


@pytest.mark.parametrize(
    ("widths", "attends"),
    [((32, 64, 128, 128), (True, True, True, False)), ((32, 64, 128), (False, True, True)), ((16, 32), (False, True))],
    ids=["as SD1", "as SDXL", "tiny"],
)
@pytest.mark.parametrize(("height", "width", "rows"), [(32, 32, 2), (24, 40, 1)])
def test_unets(widths: tuple[int, ...], attends: tuple[bool, ...], height: int, width: int, rows: int) -> None:
    network = unet(widths, attends)
    measured = peak(network, torch.randn(rows, 4, height, width), torch.tensor(5.0), torch.randn(rows, 7, 32))
    assert _LEAST < footprint(network).denoising(Extent(width, height), rows) / measured < _MOST


@pytest.mark.parametrize(("height", "width"), [(64, 64), (32, 64)])
def test_sd3(height: int, width: int) -> None:
    from diffusers import SD3Transformer2DModel

    network = SD3Transformer2DModel(
        patch_size=2, in_channels=16, num_layers=2, attention_head_dim=16, num_attention_heads=8,
        joint_attention_dim=32, caption_projection_dim=128, pooled_projection_dim=32,
    ).eval()  # fmt: skip
    given = torch.randn(1, 16, height, width), torch.randn(1, 333, 32), torch.randn(1, 32), torch.tensor([5.0])
    assert _LEAST < footprint(network).denoising(Extent(width, height), 1) / peak(network, *given) < _MOST


@pytest.mark.parametrize(("height", "width"), [(64, 64), (32, 64)])
def test_flux1(height: int, width: int) -> None:
    from diffusers import FluxTransformer2DModel

    network = FluxTransformer2DModel(
        in_channels=64, num_layers=1, num_single_layers=2, attention_head_dim=32, num_attention_heads=4,
        joint_attention_dim=32, pooled_projection_dim=16, axes_dims_rope=(8, 8, 16),
    ).eval()  # fmt: skip
    tokens = height * width // 4
    given = (
        torch.randn(1, tokens, 64), torch.randn(1, 512, 32), torch.randn(1, 16), torch.tensor([0.5]),
        torch.zeros(tokens, 3), torch.zeros(512, 3),
    )  # fmt: skip
    assert _LEAST < footprint(network).denoising(Extent(width, height), 1) / peak(network, *given) < _MOST


@pytest.mark.parametrize(("height", "width", "tile"), [(12, 16, None), (16, 24, 64), (12, 36, 48)])
def test_autoencoders(height: int, width: int, tile: int | None) -> None:
    from diffusers import AutoencoderKL

    torch.manual_seed(0)
    vae = AutoencoderKL(
        block_out_channels=(8, 16, 16, 16),
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        layers_per_block=2,
        norm_num_groups=8,
    ).eval()
    with LiveMemory(*vae.parameters()) as memory:
        ExactTiles(tile or 9999).decode(vae, torch.randn(1, 4, height, width), lambda: None)
    estimate = footprint(vae=vae).decoding(Extent(width, height), tile)
    assert _LEAST < estimate / memory.peak < _MOST
    with LiveMemory(*vae.parameters()) as memory:
        ExactTiles(tile or 9999).encode(vae, torch.rand(1, 3, height * 8, width * 8), lambda: None)
    assert memory.peak < estimate


def test_scores_that_a_kernel_holds_count() -> None:
    network = unet((32, 64), (False, True))
    known = footprint(network)
    assert known.heads() == 4
    more = known.denoising(Extent(32, 32), 2, scores=4) - known.denoising(Extent(32, 32), 2)
    assert more == 2 * 4 * 2 * (16 * 16) ** 2 * 4  # rows, heads, copies, scores, bytes


def test_heads_are_those_of_the_level_that_sees_most() -> None:
    config = {"block_out_channels": [320, 640, 1280], "attention_head_dim": [5, 10, 20]}
    kinds = ["DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"]
    assert Footprint("", config | {"down_block_types": kinds}, {}, 0, 0, 0).heads() == 10


def test_parameters_are_counted_from_the_header(tmp_path: Path) -> None:
    path = tmp_path / "weights.safetensors"
    save_file({"a": torch.zeros(3, 5), "b": torch.zeros(7, dtype=torch.float16), "c": torch.tensor(1.0)}, path)
    assert parameters(path) == 15 + 7 + 1


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x01",
        (2).to_bytes(8, "little") + b"[]",
        (1 << 60).to_bytes(8, "little"),
        (9).to_bytes(8, "little") + b"{",
    ],
)
def test_other_files_are_refused(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "weights.safetensors"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"safetensors|Expecting"):
        parameters(path)


def test_headers_may_have_metadata(tmp_path: Path) -> None:
    header = json.dumps(
        {"__metadata__": {"format": "pt"}, "a": {"dtype": "F16", "shape": [4, 4], "data_offsets": [0, 32]}}
    )
    path = tmp_path / "weights.safetensors"
    path.write_bytes(len(header).to_bytes(8, "little") + header.encode() + bytes(32))
    assert parameters(path) == 16
