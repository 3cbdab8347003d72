"""Others' work runs in the midst of a restoration, and neither sees any of it in its pixels."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from foveate_server.engines.restoration.engine import RestorationEngine
from foveate_server.engines.restoration.halo_tiles import HaloTiles
from foveate_server.engines.restoration.rrdbnet import RRDBNet
from foveate_server.engines.restoration.strip_continuation import RowStreams
from foveate_server.engines.values import Pinned, Strip
from foveate_server.models.adding.from_path import add_path
from foveate_server.models.registry import Registry
from foveate_shared.errors import CancelledJobError
from foveate_shared.geometry import Bounds

CPU = torch.device("cpu")
FREE = Pinned()
FAST = "realesr-animevideov3"


@pytest.fixture(scope="module")
def small_registry(tmp_path_factory: pytest.TempPathFactory) -> Registry:
    folder = tmp_path_factory.mktemp("models")
    torch.manual_seed(0)
    save_file(RRDBNet(2, 8, 4).state_dict(), folder / "Tiny x4.safetensors")
    registry = Registry(folder / "cache")
    add_path(registry, folder / "Tiny x4.safetensors")
    return registry


def engine_of(registry: Registry, executor: type) -> RestorationEngine:
    return RestorationEngine(registry, CPU, threads=2, executor=None if executor is RowStreams else executor())


@pytest.mark.parametrize("executor", [RowStreams, HaloTiles])
def test_neither_sees_the_other_wherever_it_gives_way(small_registry, make_ticker, executor) -> None:
    rng = np.random.default_rng(0)
    large, small = rng.random((90, 70, 3), np.float32), rng.random((33, 40, 3), np.float32)

    def render(engine: RestorationEngine, image: np.ndarray, ticker) -> bytes:
        made = engine.upscale(image, "tiny-x4", exact=False, pinned=Pinned(tile=64), ticker=ticker)
        return made.image.tobytes()

    alone = make_ticker()
    expected = [render(engine_of(small_registry, executor), image, alone) for image in (large, small)]
    engine, ticker, guests = engine_of(small_registry, executor), make_ticker(), []
    visits = range(2, alone.gave_way // 2, 5)
    for visit in visits:
        ticker.guests[visit] = lambda: guests.append(render(engine, small, make_ticker()))
    assert render(engine, large, ticker) == expected[0]
    assert guests == [expected[1]] * len(visits)
    assert len(visits) > 3
    assert ticker.fractions == sorted(ticker.fractions)
    assert ticker.fractions[-1] <= 1


@pytest.mark.weights
def test_a_picture_in_strips_goes_on_to_the_bit_after_others_came_with_real_weights(
    registry: Registry, photo, make_ticker
) -> None:
    def strips(ticker) -> list[bytes]:
        engine = RestorationEngine(registry, CPU)
        ticker.guests = {
            visit: lambda: engine.upscale(photo[200:264, :90], FAST, exact=False, pinned=FREE, ticker=make_ticker())
            for visit in ticker.guests
        }
        made = []
        for y, again in ((0, 8), (112, None)):
            strip = Strip(Bounds(0, max(0, y - 8), 120, 120), 0, again)
            made.append(
                engine.upscale(photo[:240, :120], FAST, exact=False, pinned=FREE, ticker=ticker, strip=strip).image
            )
        return [image.tobytes() for image in made]

    alone = make_ticker()
    expected = strips(alone)
    visited = make_ticker(guests=dict.fromkeys((1, 9, 20, alone.gave_way - 3)))
    assert strips(visited) == expected
    assert not visited.guests
    assert visited.gave_way == alone.gave_way, "nothing was done twice"


def test_a_guest_that_is_cancelled_or_out_of_memory_leaves_the_host_alone(small_registry, make_ticker) -> None:
    image = np.random.default_rng(1).random((60, 50, 3), np.float32)
    engine = engine_of(small_registry, RowStreams)
    expected = engine.upscale(image, "tiny-x4", exact=True, pinned=FREE, ticker=make_ticker()).image

    def visit() -> None:
        with pytest.raises(CancelledJobError):
            engine.upscale(image, "tiny-x4", exact=True, pinned=FREE, ticker=make_ticker(cancel_after=7))
        engine.release()

    ticker = make_ticker(guests={15: visit})
    made = engine.upscale(image, "tiny-x4", exact=True, pinned=FREE, ticker=ticker).image
    assert made.tobytes() == expected.tobytes()
    assert not ticker.guests
