"""Variations that are made together: by an engine that works as on a graphics card."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from foveate_server.engines.diffusion.batched_variations import Made, Siblings, batch_for, key_of
from foveate_server.engines.diffusion.engine import DiffusionEngine
from foveate_server.engines.diffusion_request import DiffusionRequest, Prompt, Sampling
from foveate_server.engines.values import Pinned
from foveate_shared.errors import CancelledJobError

SEEDS = (5, 6, 7)


@pytest.fixture
def batching(library):
    return DiffusionEngine(library, torch.device("cpu"), threads=2, batches=True)


@pytest.fixture
def request_of(picture):
    def make(seed, **changes) -> DiffusionRequest:
        base = DiffusionRequest(
            picture, None, "sd1", Prompt("a face"), sampling=Sampling(2), pinned=Pinned("float32"), siblings=SEEDS
        )
        return replace(base, **{"seeds": (seed,), **changes})

    return make


def test_the_first_makes_all_and_the_others_find_theirs(batching, make_ticker, request_of):
    together = batching.diffuse(request_of(5, seeds=SEEDS, siblings=()), ticker=make_ticker()).images
    tickers = {seed: make_ticker() for seed in (6, 5, 7)}
    made = {seed: batching.diffuse(request_of(seed), ticker=ticker) for seed, ticker in tickers.items()}
    for seed, image in zip(SEEDS, together, strict=True):
        assert len(made[seed].images) == 1
        assert made[seed].images[0].tobytes() == image.tobytes()
        assert made[seed].pinned.pictures == 3
    assert tickers[6].checks > 10
    assert tickers[5].checks == tickers[7].checks == 0


def test_a_replay_of_one_gives_the_same_bytes(library, batching, ticker, request_of):
    whole = batching.diffuse(request_of(7, siblings=(1, 2, 3, 5, 6, 7)), ticker=ticker)
    assert whole.pinned.pictures == 4  # so the second batch was made, of two
    fresh = DiffusionEngine(library, torch.device("cpu"), threads=2, batches=True)
    again = fresh.diffuse(request_of(7, siblings=(1, 2, 3, 5, 6, 7), pinned=whole.pinned), ticker=ticker)
    assert again.images[0].tobytes() == whole.images[0].tobytes()


def test_another_wish_has_pictures_of_its_own(batching, make_ticker, request_of, picture):
    first = batching.diffuse(request_of(5), ticker=make_ticker()).images[0]
    mask = np.ones(picture.shape[:2], np.float32)
    mask[:8] = 0
    for change in ({"prompt": Prompt("a door")}, {"image": picture[::-1].copy()}, {"mask": mask}, {"strength": 0.9}):
        ticker = make_ticker()
        other = batching.diffuse(request_of(6, **change), ticker=ticker).images[0]
        assert ticker.checks > 0
        assert not np.array_equal(other, first)


def test_previews_are_those_of_the_own_seed(batching, make_ticker, request_of):
    shown = {seed: [] for seed in SEEDS}
    for seed in SEEDS:
        batching.diffuse(request_of(seed), ticker=make_ticker(), preview=shown[seed].append)
        batching.release()
    first = [previews[0] for previews in shown.values()]
    assert not any(np.array_equal(first[0], other) for other in first[1:])


def test_a_cancelled_batch_leaves_nothing(batching, make_ticker, request_of):
    with pytest.raises(CancelledJobError):
        batching.diffuse(request_of(5), ticker=make_ticker(cancel_after=5))
    ticker = make_ticker()
    assert batching.diffuse(request_of(6), ticker=ticker).images
    assert ticker.checks > 10


def test_released_is_forgotten(batching, make_ticker, request_of):
    batching.diffuse(request_of(5), ticker=make_ticker())
    batching.release()
    ticker = make_ticker()
    batching.diffuse(request_of(6), ticker=ticker)
    assert ticker.checks > 10


def test_on_a_processor_each_is_made_alone(engine, make_ticker, request_of):
    tickers = [make_ticker(), make_ticker()]
    made = [engine.diffuse(request_of(seed), ticker=ticker) for seed, ticker in zip((5, 6), tickers, strict=True)]
    assert all(ticker.checks > 10 for ticker in tickers)
    assert made[0].pinned.pictures is None


def test_batches_are_cut_alike_for_all_of_them(request_of):
    siblings = tuple(range(10))
    batches = [batch_for(request_of(seed, siblings=siblings), 4) for seed in siblings]
    assert set(batches) == {(0, 1, 2, 3), (4, 5, 6, 7), (8, 9)}
    assert all(seed in batch for seed, batch in zip(siblings, batches, strict=True))


def test_what_renders_is_part_of_the_key(request_of):
    keys = {key_of(request_of(seed), "a", {}) for seed in SEEDS}
    assert len(keys) == 1
    assert key_of(request_of(5), "b", {}) not in keys
    assert key_of(request_of(5), "a", {"vae": {"name": "x", "sha256": "1"}}) not in keys


def test_the_oldest_leave_where_there_is_no_room():
    image = np.zeros((4, 4, 3), np.float32)
    siblings = Siblings(budget=3 * image.nbytes)
    wanted = siblings.part("a", 1, Made((1, 2, 3), (image,) * 3, 3))
    assert wanted == Made((1,), (image,), 3)
    siblings.part("b", 4, Made((4, 5, 6), (image,) * 3, 3))
    assert siblings.take("a", 2) is None
    assert siblings.take("a", 3) is not None
    assert siblings.take("b", 5) is not None
    assert siblings.take("b", 5) is None
