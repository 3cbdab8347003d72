from __future__ import annotations

import pytest
import torch
from torch import nn

from foveate_server.engines.diffusion.footprint import Footprint
from foveate_server.engines.diffusion.memory_plan import (
    MemoryDemand,
    MemoryPlan,
    available_memory,
    module_bytes,
    plan,
    resident,
    with_less,
)
from foveate_shared.errors import ErrorCode, ResourceError
from foveate_shared.geometry import Extent

GB = 1 << 30
CPU, CUDA, MPS = torch.device("cpu"), torch.device("cuda"), torch.device("mps")
ROUND = MemoryDemand(Extent(1024, 1024))
SDXL = Footprint(
    title="SDXL",
    network={
        "block_out_channels": [320, 640, 1280],
        "layers_per_block": 2,
        "down_block_types": ["DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"],
        "attention_head_dim": [5, 10, 20],
    },
    vae={"block_out_channels": [128, 256, 512, 512]},
    network_weights=5_135_000_000,
    vae_weights=335_000_000,
    text_weights=1_636_000_000,
    vae_itemsize=2,
)


def test_with_room_nothing_is_spared() -> None:
    chosen = plan(SDXL, MemoryDemand(Extent(1024, 1024), pictures=4), CUDA, 80 * GB)
    assert (chosen.pictures, chosen.vae_tile) == (4, None)
    assert not any((chosen.offloads, chosen.stores_outside, chosen.slices_attention))


def test_the_sentence_says_what_is_needed_of_what_there_is() -> None:
    chosen = plan(SDXL, ROUND, CUDA, 12 * GB)
    assert chosen.text == f"SDXL, 1024 x 1024, {chosen.need / GB:.1f} of 12.0 GB of memory"


def test_with_less_memory_a_plan_needs_less_and_is_slower() -> None:
    """A person with a smaller graphics card gets the same picture, later."""
    job = MemoryDemand(Extent(1024, 1024), pictures=4)
    plans = [plan(SDXL, job, CUDA, int(gb * GB)) for gb in (24, 9, 8, 6)]
    assert all(chosen.need <= chosen.available for chosen in plans)
    assert [chosen.need for chosen in plans] == sorted((chosen.need for chosen in plans), reverse=True)
    assert [chosen.offloads for chosen in plans] == [False, False, True, True]
    assert plans[-1].pictures < plans[0].pictures
    assert plans[1].vae_tile is not None


@pytest.mark.parametrize(("side", "tile", "measured"), [(512, None, 0.699), (1024, None, 2.704), (2048, 512, 0.690)])
def test_decoding_on_a_card_needs_what_one_was_seen_to_need(side: int, tile: int | None, measured: float) -> None:
    """Peaks above the weights in 10^9 bytes, from an H200; see benchmarks/results/diffusion.md."""
    latents = Extent(side // 8, side // 8)
    estimate = SDXL.decoding(latents, tile, stored=tile is None, relaid=True)
    assert 1.0 < estimate / (measured * 1e9) < 1.2


def test_a_large_canvas_is_seen_in_fewer_tiles_at_once() -> None:
    job = MemoryDemand(Extent(4096, 4096), tile=Extent(1024, 1024))
    assert plan(SDXL, job, CUDA, 80 * GB).tiles == 8
    less = plan(SDXL, job, CUDA, 12 * GB)
    assert less.vae_tile is not None
    assert less.stores_outside
    assert plan(SDXL, job, CUDA, 6 * GB).tiles < 8


def test_where_main_memory_is_the_devices_nothing_moves_there() -> None:
    chosen = plan(SDXL, ROUND, CPU, 9 * GB)
    assert not chosen.offloads
    with pytest.raises(ResourceError):
        plan(SDXL, ROUND, CPU, 6 * GB)


def test_where_scores_are_held_attention_is_sliced() -> None:
    assert not plan(SDXL, ROUND, MPS, 64 * GB).slices_attention
    assert plan(SDXL, ROUND, MPS, 8 * GB).slices_attention


def test_what_does_not_fit_is_refused_with_what_it_would_need() -> None:
    with pytest.raises(ResourceError) as caught:
        plan(SDXL, ROUND, CUDA, 4 * GB)
    info = caught.value.info
    assert info.code is ErrorCode.OUT_OF_MEMORY
    assert info.message == "SDXL at 1024 x 1024 needs 5.4 GB of memory, and 4.0 GB are free."
    assert "smaller" in info.remedy


def test_there_is_a_good_deal_less_to_fall_back_on() -> None:
    chosen = plan(SDXL, MemoryDemand(Extent(1024, 1024), pictures=4), CUDA, 80 * GB)
    assert chosen.smaller is not None
    assert chosen.smaller.need < 0.8 * chosen.need
    assert chosen.smaller.smaller is None


class Device:
    """Runs out of memory as often as it is told to."""

    def __init__(self, failures: int) -> None:
        self.failures = failures
        self.seen: list[MemoryPlan] = []

    def run(self, chosen: MemoryPlan) -> str:
        self.seen.append(chosen)
        if len(self.seen) <= self.failures:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return "picture"


@pytest.fixture
def chosen() -> MemoryPlan:
    return plan(SDXL, MemoryDemand(Extent(1024, 1024), pictures=4), CUDA, 80 * GB)


def test_out_of_memory_all_the_same_goes_on_with_less(chosen: MemoryPlan, ticker) -> None:
    device = Device(1)
    assert with_less(chosen, device.run, CPU, ticker) == "picture"
    assert device.seen == [chosen, chosen.smaller]
    assert ticker.notes == ["Memory ran out; going on with a plan that needs less."]


def test_out_of_memory_twice_is_said_plainly(chosen: MemoryPlan, ticker) -> None:
    with pytest.raises(ResourceError, match="Memory ran out with SDXL at 1024 x 1024") as caught:
        with_less(chosen, Device(2).run, CPU, ticker)
    assert caught.value.info.code is ErrorCode.OUT_OF_MEMORY


def test_out_of_memory_with_nothing_smaller_is_said_at_once(chosen: MemoryPlan, ticker) -> None:
    assert chosen.smaller is not None
    device = Device(1)
    with pytest.raises(ResourceError):
        with_less(chosen.smaller, device.run, CPU, ticker)
    assert len(device.seen) == 1


def test_other_failures_pass(chosen: MemoryPlan, ticker) -> None:
    def run(_: MemoryPlan) -> None:
        raise RuntimeError("shapes do not match")

    with pytest.raises(RuntimeError, match="shapes"):
        with_less(chosen, run, CPU, ticker)
    assert ticker.notes == []


def test_a_plan_is_noted_and_what_makes_it_slow(ticker) -> None:
    chosen = plan(SDXL, ROUND, CUDA, 6 * GB)
    chosen.note(ticker)
    assert ticker.notes[0] == chosen.text
    assert len(ticker.notes) == 2


def test_memory_that_a_checkpoint_holds_is_its_own() -> None:
    free, more = available_memory(CPU), available_memory(CPU, held=100 * GB)
    assert free > 0
    assert more > 100 * GB


def test_parts_wait_elsewhere_only_where_asked() -> None:
    part = nn.Linear(3, 5)
    assert module_bytes(part) == 4 * (15 + 5)
    meta = torch.device("cpu")
    for offloads in (False, True):
        with resident([part], meta, offloads=offloads):
            assert part(torch.ones(1, 3)).shape == (1, 5)
