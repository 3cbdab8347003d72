from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from foveate_server.engines.diffusion.anchor import LowFrequencyAnchor, low_frequencies
from foveate_server.engines.diffusion.contract import Step
from foveate_server.engines.diffusion.fused_tiles import FusedTiles
from foveate_shared.geometry import Extent

if TYPE_CHECKING:
    from diffusers import UNet2DConditionModel

_STEPS = 6
_CELL = 8  # latents: 64 image pixels


@pytest.fixture(scope="module")
def network() -> UNet2DConditionModel:
    """A random network of the true kind that pulls hard: its predictions shift whole walls."""
    from diffusers import UNet2DConditionModel

    torch.manual_seed(1)
    network = UNet2DConditionModel(
        block_out_channels=(8, 16),
        layers_per_block=1,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        cross_attention_dim=8,
        norm_num_groups=4,
        attention_head_dim=2,
    ).eval()
    with torch.no_grad():
        network.conv_out.weight.mul_(3)
        network.conv_out.bias.fill_(0.8)
    return network


def upscaled(network: UNet2DConditionModel, start: Tensor, amount: float) -> Tensor:
    """Return what a loop over fused tiles, begun at strength 0.4, makes of `start`; a flow, for its plain steps."""
    anchor = LowFrequencyAnchor(start, amount)
    tiles = FusedTiles(Extent(start.shape[3], start.shape[2]), Extent(32, 32), overlap=6, multiple=2)
    sigmas = torch.linspace(0.4, 0, _STEPS + 1).tolist()
    latents = (1 - sigmas[0]) * start + sigmas[0] * torch.randn(start.shape, generator=torch.Generator().manual_seed(0))

    def ask(rows: Tensor, views: object) -> Tensor:
        return network(rows, step.timestep, torch.zeros(rows.shape[0], 4, 8)).sample

    for index, (sigma, after) in enumerate(pairwise(sigmas)):
        step = Step(index, _STEPS, torch.tensor(1000 * sigma), 1 - sigma, sigma, "flow")
        with torch.inference_mode():
            clean = anchor(step.clean(latents, tiles.predict(latents, ask)), step)
        latents = latents + (after - sigma) * step.predicted(latents, clean)
    return latents


def wall() -> Tensor:
    """(1, 4, 48, 64): two plain walls, side by side."""
    left, right = (torch.tensor(color)[None, :, None, None] for color in ([0.5, -0.5, 0.2, 0.0], [-0.3, 0.4, 0.0, 0.6]))
    return torch.cat([left.expand(1, 4, 48, 32), right.expand(1, 4, 48, 32)], dim=3)


def off_by(result: Tensor) -> float:
    """Return the largest change of a cell's mean."""
    return float((functional.avg_pool2d(result, _CELL) - functional.avg_pool2d(wall(), _CELL)).abs().max())


def wall_off_by(result: Tensor) -> float:
    """Return the largest change of a wall's mean."""
    return float((functional.avg_pool2d(result - wall(), (48, 32))).abs().max())


def test_a_wall_stays_that_wall(network: UNet2DConditionModel) -> None:
    free, held = (upscaled(network, wall(), amount) for amount in (0.0, 1.0))
    assert off_by(free) > 0.7
    assert off_by(held) < 0.3  # of which the noise's own grain is the most
    assert wall_off_by(free) > 0.3
    assert wall_off_by(held) < 0.15
    detail = (held - low_frequencies(held, 4)).std()
    assert detail > 0.5 * (free - low_frequencies(free, 4)).std()  # what is finer stays the network's


def test_the_pull_fades_with_the_step() -> None:
    start, clean = torch.ones(1, 4, 16, 16), torch.zeros(1, 4, 16, 16)
    anchor = LowFrequencyAnchor(start, 0.8)
    steps = [Step(index, 4, torch.tensor(0.0), 1, 1, "epsilon") for index in range(4)]
    pulls = [float(anchor(clean, step).mean()) for step in steps]
    assert pulls == pytest.approx([0.8, 0.75, 0.6, 0.35])


def test_no_amount_is_no_change() -> None:
    clean = torch.randn(1, 4, 16, 16)
    step = Step(0, 4, torch.tensor(0.0), 1, 1, "epsilon")
    assert LowFrequencyAnchor(torch.zeros_like(clean), 0.0)(clean, step) is clean


@pytest.mark.parametrize("amount", [-0.1, 1.1])
def test_an_impossible_amount_is_refused(amount: float) -> None:
    with pytest.raises(ValueError, match="0 to 1"):
        LowFrequencyAnchor(torch.zeros(1, 4, 8, 8), amount)


def test_what_is_plain_is_all_low_and_fine_noise_is_not() -> None:
    plain = torch.full((1, 2, 5, 40), 0.7)
    assert torch.allclose(low_frequencies(plain, 4), plain)
    checkers = torch.tensor([1.0, -1.0]).repeat(1, 1, 32, 16)
    assert low_frequencies(checkers, 4)[..., 12:-12].abs().max() < 1e-3
