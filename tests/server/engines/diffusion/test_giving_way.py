"""Others' work runs between two steps, with the same checkpoint or another one."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from safetensors.torch import save_file

from foveate_server.engines.diffusion.engine import DiffusionEngine
from foveate_server.engines.diffusion.library import Addition
from foveate_server.engines.diffusion_request import DiffusionRequest, Prompt, Sampling, Tiling, Weighted
from foveate_server.engines.kept_memory import KeptMemory
from foveate_server.engines.values import Pinned
from foveate_shared.errors import ErrorCode, ResourceError

LAYER = "unet.down_blocks.0.attentions.0.transformer_blocks.0.attn2.to_v"


@pytest.fixture
def base(library, picture, tmp_path) -> DiffusionRequest:
    generator = torch.Generator().manual_seed(0)
    for name in ("ink", "oil"):
        state = {
            f"{LAYER}.lora_A.weight": torch.randn(2, 768, generator=generator) / 7,
            f"{LAYER}.lora_B.weight": torch.randn(16, 2, generator=generator),
        }
        save_file(state, tmp_path / f"{name}.safetensors")
        library.additions[name] = Addition(name, name, ("sd1",), tmp_path / f"{name}.safetensors")
    request = DiffusionRequest(picture, None, "sd1", Prompt("a face"), sampling=Sampling(3), pinned=Pinned("float32"))
    return replace(request, strength=1.0, loras=(Weighted("ink", 1.0),), seeds=(1,))


@pytest.mark.parametrize("tiling", [None, Tiling(tile=64)])
def test_neither_sees_the_other_though_they_share_a_checkpoint(engine, base, make_ticker, tiling):
    large, small = replace(base, tiling=tiling), replace(base, loras=(Weighted("oil", 0.5),), seeds=(2,))
    alone = make_ticker()
    expected = [engine.diffuse(request, ticker=alone).images[0].tobytes() for request in (large, small)]
    guests = []
    ticker = make_ticker(
        guests={
            visit: lambda: guests.append(engine.diffuse(small, ticker=make_ticker()).images[0].tobytes())
            for visit in (1, 3)
        }
    )
    assert engine.diffuse(large, ticker=ticker).images[0].tobytes() == expected[0]
    assert guests == [expected[1]] * 2
    assert ticker.fractions == sorted(ticker.fractions)


def test_it_gives_way_before_every_pass(engine, base, make_ticker):
    whole, tiled = make_ticker(), make_ticker()
    engine.diffuse(base, ticker=whole)
    assert whole.gave_way == 3
    engine.diffuse(replace(base, tiling=Tiling(tile=32)), ticker=tiled)
    assert tiled.gave_way > whole.gave_way


def test_a_guest_does_not_load_what_the_host_will_need_room_for(library, base, make_ticker):
    """Nor does it send away what the host renders with, though the budget is spent."""

    class Weighing:
        """The library, in which a checkpoint weighs something."""

        def __getattr__(self, name):
            return getattr(library, name)

        def checkpoint(self, name):
            return replace(library.checkpoint(name), size=1 << 20)

    bare = replace(base, loras=())
    for budget, kept in ((1, 0), (1 << 40, 1 << 60)):
        ledger = KeptMemory()
        engine = DiffusionEngine(Weighing(), torch.device("cpu"), threads=2, memory_budget=budget, kept=ledger)
        expected = engine.diffuse(bare, ticker=make_ticker()).images[0]
        refused = []

        def visit(engine=engine, ledger=ledger, kept=kept, refused=refused) -> None:
            with ledger.keep(kept), pytest.raises(ResourceError) as caught:
                engine.diffuse(replace(bare, model="sd2"), ticker=make_ticker())
            refused.append(caught.value.info.code)

        made = engine.diffuse(bare, ticker=make_ticker(guests={2: visit})).images[0]
        assert refused == [ErrorCode.OUT_OF_MEMORY]
        assert made.tobytes() == expected.tobytes()
        assert len(engine.loaded) == 1
        engine.diffuse(replace(bare, model="sd2"), ticker=make_ticker())  # afterwards there is room
