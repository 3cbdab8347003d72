"""Others' work runs in the midst of a run, with the same checkpoint or another one."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from foveate_server.engines.diffusion.denoiser import PipelineDenoiser
from foveate_server.engines.diffusion.engine import DiffusionEngine
from foveate_server.engines.diffusion.library import Addition
from foveate_server.engines.diffusion_request import DiffusionRequest, Prompt, Sampling, Tiling, Weighted
from foveate_server.engines.kept_memory import KeptMemory
from foveate_server.engines.layer_hooks import hooked, layers
from foveate_server.engines.values import Pinned
from foveate_shared.errors import CancelledJobError, ErrorCode, ResourceError

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


def diffused(engine, request, ticker) -> bytes:
    return engine.diffuse(request, ticker=ticker).images[0].tobytes()


@pytest.mark.parametrize("tiling", [None, Tiling(tile=64)])
def test_neither_sees_the_other_though_they_share_a_checkpoint(engine, base, make_ticker, tiling):
    """Wherever the guest comes in: between layers of a pass, too, whose LoRA it takes off and puts on."""
    large, small = replace(base, tiling=tiling), replace(base, loras=(Weighted("oil", 0.5),), seeds=(2,))
    alone = make_ticker()
    expected = [diffused(engine, request, ticker) for request, ticker in ((large, alone), (small, make_ticker()))]
    guests, visits = [], range(2, alone.gave_way + 1, alone.gave_way // 4)
    ticker = make_ticker(
        guests=dict.fromkeys(visits, lambda: guests.append(diffused(engine, small, make_ticker()))),
    )
    assert diffused(engine, large, ticker) == expected[0]
    assert guests == [expected[1]] * len(visits)
    assert ticker.fractions == sorted(ticker.fractions)


def test_a_cancel_of_the_host_does_not_end_its_guest(engine, base, make_ticker):
    """Not where the host reads its prompt, either: its checks are on the layers that the guest runs through."""
    small = replace(base, loras=(Weighted("oil", 0.5),), sampling=Sampling(1), seeds=(2,))
    expected, guests, ticker = diffused(engine, small, make_ticker()), [], make_ticker()

    def come() -> None:
        ticker.cancel_after = 0  # the next check is one too many
        guests.append(diffused(engine, small, make_ticker()))

    ticker.guests[1] = come
    with pytest.raises(CancelledJobError):
        engine.diffuse(base, ticker=ticker)
    assert guests == [expected]


@pytest.mark.parametrize("model", ["sdxl", "sd3", "flux1"])
def test_in_no_family_does_a_guest_show_in_the_host(engine, base, make_ticker, model):
    large = replace(base, model=model, loras=(), sampling=Sampling(1))
    alone = make_ticker()
    diffused(engine, large, make_ticker())  # what was loaded may have given way
    expected, small = diffused(engine, large, alone), replace(large, prompt=Prompt("a hat, a cat"), seeds=(2,))
    visits = range(1, alone.gave_way + 1, alone.gave_way // 2)
    ticker = make_ticker(guests=dict.fromkeys(visits, lambda: diffused(engine, small, make_ticker())))
    assert diffused(engine, large, ticker) == expected
    assert not ticker.guests


def test_a_guest_may_wear_another_autoencoder_in_the_midst_of_one(engine, base, make_ticker, tiny, library):
    """Each of two that stand in for the checkpoint's own is loaded once, however often a guest comes."""
    for name in ("sd1", "sdxl"):
        library.additions[name] = Addition(name, name, (), tiny.folder(name) / "vae")
    large = replace(base, vae="sdxl", sampling=Sampling(1), exact=True)
    alone = make_ticker()
    expected = diffused(engine, large, alone)
    last = range(alone.gave_way - 40, alone.gave_way + 1, 20)  # while it decodes
    for other in ("sd1", None):
        small = replace(large, vae=other, exact=False)
        ticker = make_ticker(guests=dict.fromkeys(last, lambda small=small: diffused(engine, small, make_ticker())))
        assert diffused(engine, large, ticker) == expected
        assert not ticker.guests
        assert ticker.gave_way == alone.gave_way, "it is the very autoencoder that goes on"


def test_it_gives_way_while_it_reads_and_encodes_in_each_pass_and_while_it_decodes(engine, base, make_ticker):
    engine.diffuse(base, ticker=make_ticker())
    pipe = engine.loaded[0].pipe
    parts = {"reads": pipe.text_encoder, "encodes": pipe.vae.encoder, "passes": pipe.unet, "decodes": pipe.vae.decoder}
    chances: Counter[str] = Counter()

    class Counting(make_ticker):
        at_work = ""

        def give_way(self) -> bool:
            chances[self.at_work] += 1
            return False

    def begin(module: nn.Module, inputs: object) -> None:
        ticker.at_work = next(name for name, part in parts.items() if part is module)

    ticker = Counting()
    with hooked(parts.values(), begin):
        engine.diffuse(base, ticker=ticker)
    assert chances["reads"] >= 2 * len(pipe.text_encoder.encoder.layers), "before each block"
    assert chances["passes"] >= 3 * len([*pipe.unet.down_blocks, *pipe.unet.up_blocks])
    assert chances["encodes"] >= len(layers(pipe.vae.encoder)), "before each layer"
    assert chances["decodes"] >= len(layers(pipe.vae.decoder))


def test_on_a_card_nobody_comes_in_the_midst_of_a_pass(engine, base, make_ticker, monkeypatch):
    """It takes less than a second there, and its memory is short."""
    monkeypatch.setattr(PipelineDenoiser, "pauses", False)
    ticker = make_ticker()
    engine.diffuse(base, ticker=ticker)
    assert ticker.gave_way == 3 + 2, "before each pass of the network, before it encodes and before it decodes"


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
