from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from foveate_server.engines.diffusion.latent_canvas import canvas_for
from foveate_server.engines.diffusion_request import DiffusionRequest, Prompt, Sampling, Tiling
from foveate_server.engines.values import Pinned
from foveate_shared.geometry import Bounds, Extent

WIDE = Extent(96, 64)


def test_without_tiling_or_below_a_tile_the_picture_is_seen_as_a_whole():
    assert canvas_for(WIDE, None, native_side=32, strength=0.5).tile is None
    small = canvas_for(WIDE, Tiling(anchor=0.4), native_side=512, strength=0.5)
    assert (small.tile, small.seen, small.anchor) == (None, WIDE, 0.4)


def test_a_tile_is_the_native_side_and_overlaps_more_at_higher_strength():
    canvas = canvas_for(WIDE, Tiling(), native_side=48, strength=0.25)
    assert (canvas.tile, canvas.overlap) == (Extent(48, 48), 32)
    assert canvas_for(WIDE, Tiling(tile=64, overlap=8), native_side=48, strength=0.5).seen == Extent(64, 64)


def test_regions_have_prompts_of_their_own():
    prompts = (((8, 8, 16, 16), Prompt("a nose")),)
    canvas = canvas_for(WIDE, Tiling(prompts=prompts), native_side=512, strength=0.5)
    assert canvas.regions == ((Bounds(8, 8, 16, 16), Prompt("a nose")),)
    assert canvas.tile == WIDE


@pytest.fixture
def request_of(picture):
    base = DiffusionRequest(
        picture, None, "sd1", Prompt("a face"), sampling=Sampling(4, 3.0, "ddim"), pinned=Pinned("float32")
    )
    return lambda **changes: replace(base, **changes)


def test_one_tile_is_the_picture_as_a_whole(engine, ticker, request_of):
    whole = engine.diffuse(request_of(), ticker=ticker)
    tiled = engine.diffuse(request_of(tiling=Tiling(tile=96)), ticker=ticker)
    assert whole.images[0].tobytes() == tiled.images[0].tobytes()
    assert tiled.pinned.tile is None


@pytest.mark.parametrize("model", ["sd1", "sd1-inpainting", "sdxl", "sd3", "flux1"])
def test_every_family_renders_in_tiles(engine, ticker, request_of, picture, model):
    mask = np.ones(picture.shape[:2], np.float32)
    mask[:16] = 0
    scheduler = "flow-euler" if model in ("sd3", "flux1") else "euler"
    request = request_of(model=model, mask=mask, sampling=Sampling(2, 3.0, scheduler), tiling=Tiling(tile=48))
    result = engine.diffuse(request, ticker=ticker)
    assert result.pinned.tile == 48
    assert np.isfinite(result.images[0]).all()
    assert np.abs(result.images[0] - picture).max() > 1e-2


def test_a_region_with_a_prompt_of_its_own_differs_there(engine, ticker, request_of):
    plain = engine.diffuse(request_of(strength=1.0, tiling=Tiling(tile=64)), ticker=ticker).images[0]
    prompts = (((64, 0, 32, 64), Prompt("a hill, a hill, a hill")),)
    special = engine.diffuse(request_of(strength=1.0, tiling=Tiling(tile=64, prompts=prompts)), ticker=ticker).images[0]
    change = np.abs(special - plain)
    assert change[:, 72:].mean() > 2 * change[:, :24].mean()


def test_an_anchor_keeps_the_picture_near_the_start(engine, ticker, request_of, picture):
    """The picture's low frequencies are those of the start: seen in the pictures, whose decoder is untrained."""
    start = engine.diffuse(
        request_of(strength=1.0, mask=np.zeros(picture.shape[:2], np.float32)), ticker=ticker
    ).images[0]
    free, held = (
        engine.diffuse(request_of(strength=1.0, tiling=Tiling(tile=64, anchor=anchor)), ticker=ticker).images[0]
        for anchor in (0.0, 1.0)
    )
    assert np.abs(held - start).mean() < np.abs(free - start).mean()


def test_a_plan_is_told_and_a_cancel_works_within_a_tile(engine, make_ticker, request_of):
    ticker = make_ticker()
    engine.diffuse(request_of(tiling=Tiling(tile=64)), ticker=ticker)
    assert any(note.startswith("Stable Diffusion 1.x, 96 x 64, ") for note in ticker.notes)
    assert ticker.fractions == sorted(ticker.fractions)
