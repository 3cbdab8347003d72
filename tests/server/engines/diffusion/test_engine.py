from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from foveate_server.engines.diffusion import memory_plan
from foveate_server.engines.diffusion.engine import DiffusionEngine
from foveate_server.engines.diffusion.library import Checkpoint
from foveate_server.engines.diffusion_request import DiffusionRequest, Prompt, Sampling
from foveate_server.engines.memory_share import memory_share, sharing
from foveate_server.engines.values import Pinned
from foveate_shared.errors import CancelledJobError, InputError, ResourceError
from foveate_shared.geometry import Extent

FEW = Sampling(num_inference_steps=4)
EXACT = Pinned(dtype="float32")

PLANNED = {"need": 1, "available": 2, "title": "A small plan", "picture": Extent(96, 64)}  # of a plan for a test


@pytest.fixture
def request_of(picture):
    def make(**changes) -> DiffusionRequest:
        base = DiffusionRequest(picture, None, "sd1", Prompt("a face"), sampling=FEW, pinned=EXACT)
        return replace(base, **changes)

    return make


def test_strength_zero_is_the_identity_and_needs_no_weights(library, ticker, request_of, picture):
    library.fetched.clear()
    result = DiffusionEngine(library, torch.device("cpu"), threads=2).diffuse(request_of(strength=0.0), ticker=ticker)
    assert np.array_equal(result.images[0], picture)
    assert library.fetched == []


def test_a_seed_gives_the_same_bytes_and_another_one_others(engine, ticker, request_of):
    first = engine.diffuse(request_of(seeds=(1,)), ticker=ticker).images[0]
    engine.release()
    again = engine.diffuse(request_of(seeds=(1,)), ticker=ticker).images[0]
    other = engine.diffuse(request_of(seeds=(2,)), ticker=ticker).images[0]
    assert first.tobytes() == again.tobytes()
    assert np.abs(first - other).mean() > 1e-4


def test_a_picture_does_not_depend_on_those_beside_it(engine, ticker, request_of):
    alone = engine.diffuse(request_of(seeds=(3,)), ticker=ticker).images[0]
    beside = engine.diffuse(request_of(seeds=(1, 2, 3, 4, 5)), ticker=ticker).images
    assert len(beside) == 5
    # Kernels round differently for other batches: by up to 1e-5 where there is AVX-512.
    assert np.abs(beside[2] - alone).max() < 5e-5
    assert np.abs(beside[1] - alone).max() > 5e-3


def test_what_is_masked_stays_near_the_image(engine, ticker, request_of, picture):
    mask = np.zeros(picture.shape[:2], np.float32)
    mask[:, :32] = 1
    everything = engine.diffuse(request_of(strength=1.0), ticker=ticker).images[0]
    part = engine.diffuse(request_of(strength=1.0, mask=mask), ticker=ticker).images[0]
    nothing = engine.diffuse(request_of(strength=1.0, mask=np.zeros_like(mask)), ticker=ticker).images[0]
    far = np.s_[:, 64:]
    # An untrained decoder lets everything see everything a little; of the latents themselves see test_loop.
    assert np.abs(part[far] - nothing[far]).mean() < 0.8 * np.abs(everything[far] - nothing[far]).mean()
    assert np.abs(part[:, :24] - nothing[:, :24]).mean() > 0.5 * np.abs(everything - nothing)[:, :24].mean()


def test_previews_and_progress_arrive(engine, ticker, request_of):
    shown = []
    engine.diffuse(request_of(), ticker=ticker, preview=shown.append)
    assert shown
    assert shown[0].dtype == np.uint8
    assert shown[0].shape == (8, 12, 3)
    assert ticker.fractions == sorted(ticker.fractions)
    assert ticker.fractions[-1] > 0.85


def test_how_long_a_checkpoint_loads_is_said_where_it_is_loaded(library, ticker, request_of):
    engine = DiffusionEngine(library, torch.device("cpu"), threads=2)
    for _ in range(2):
        engine.diffuse(request_of(), ticker=ticker)
    engine.release()
    engine.diffuse(request_of(), ticker=ticker)
    first, again = ticker.waits
    assert first > again, "what is imported once takes no time again"


def test_a_cancel_works_within_a_block(engine, make_ticker, request_of):
    counting = make_ticker()
    engine.diffuse(request_of(), ticker=counting)
    stopping = make_ticker(cancel_after=counting.checks // 2)
    with pytest.raises(CancelledJobError):
        engine.diffuse(request_of(), ticker=stopping)
    assert stopping.checks == counting.checks // 2 + 1
    assert engine.diffuse(request_of(), ticker=make_ticker()).images  # nothing is left behind


def test_sides_that_do_not_fit_are_refused(engine, ticker, request_of, picture):
    with pytest.raises(InputError, match="96 x 60, are no multiples of 8"):
        engine.diffuse(request_of(image=picture[:60]), ticker=ticker)


def test_a_budget_lets_the_least_recently_used_one_go(library, ticker, request_of):
    library.fetched.clear()
    engine = DiffusionEngine(library, torch.device("cpu"), threads=2, memory_budget=1)
    for model in ("sd1", "sd1", "sd2", "sd1"):
        engine.diffuse(request_of(model=model, sampling=Sampling(1)), ticker=ticker)
    assert library.fetched == ["sd1", "sd2", "sd1"]
    assert len(engine.loaded) == 1


def test_an_unknown_scheduler_and_family_are_refused(engine, library, ticker, request_of, monkeypatch):
    with pytest.raises(InputError, match=r'scheduler "flow-euler" does not work with Stable Diffusion 1.x checkpoints'):
        engine.diffuse(request_of(sampling=Sampling(scheduler="flow-euler")), ticker=ticker)
    monkeypatch.setattr(library, "checkpoint", lambda name: Checkpoint("odd", "", "pixart"))
    with pytest.raises(InputError, match="odd is a checkpoint of a family that Foveate has no adapter for"):
        engine.facts("odd")


def test_facts_say_what_a_checkpoint_wants(engine, library):
    facts = engine.facts("sdxl")
    assert (facts.family, facts.native_side, facts.pixels, facts.multiple) == ("sdxl", 1024, 1024 * 1024, 8)
    assert facts.defaults["scheduler"] in facts.schedulers
    library.facts["sd2"] = {"prediction": "epsilon"}
    assert engine.facts("sd2").native_side == 512
    library.facts["sdxl"] = {"variant": "lightning", "steps": 8}
    assert engine.facts("sdxl").defaults == {
        "num_inference_steps": 8,
        "guidance_scale": 1.0,
        "scheduler": "euler",
        "strength": 0.5,
    }


@pytest.mark.parametrize("dtype", ["bfloat16", "float32"])
def test_a_pinned_precision_is_what_is_computed_in(engine, ticker, request_of, dtype):
    result = engine.diffuse(request_of(pinned=Pinned(dtype=dtype), sampling=Sampling(2)), ticker=ticker)
    assert result.pinned.dtype == dtype
    assert str(next(engine.loaded[0].network.parameters()).dtype) == f"torch.{dtype}"
    assert next(engine.loaded[0].vae.parameters()).dtype is torch.float32
    assert np.isfinite(result.images[0]).all()


def test_flux_says_that_it_knows_no_negative_prompt(engine, ticker, request_of):
    request = request_of(model="flux1", prompt=Prompt("a face", "fog"), sampling=Sampling(1, scheduler="flow-euler"))
    engine.diffuse(request, ticker=ticker)
    assert "FLUX.1 checkpoints know no negative prompt; yours is left away." in ticker.notes


def test_where_half_of_the_memory_is_too_little_a_plan_takes_what_it_needs(engine, request_of, ticker, monkeypatch):
    """And no more: it is not the fastest one for all of it."""
    tried = []

    def plan(footprint, job, device, available):
        tried.append((memory_share(), available))
        if memory_share() < 1:
            raise ResourceError("There is too little memory.")
        return replace(memory_plan.plan(footprint, job, device, available), smaller=smaller)

    request = request_of()
    smaller = memory_plan.MemoryPlan(1, 1, 256, offloads=False, stores_outside=True, slices_attention=False, **PLANNED)
    monkeypatch.setattr("foveate_server.engines.diffusion.engine.plan", plan)
    with sharing(0.5):
        engine.diffuse(request, ticker=ticker)
    assert [share for share, _ in tried] == [0.5, 0.5, 1]
    assert tried[0][1] < tried[-1][1]
    assert "A small plan" in " ".join(map(str, ticker.notes))
