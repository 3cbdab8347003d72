from __future__ import annotations

import os
import time

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from fakes.tickers import RecordingTicker
from foveate_server.config.server_config import load_config
from foveate_server.engines.restoration.engine import RestorationEngine
from foveate_server.engines.values import Pinned
from foveate_server.models.registry import open_registry

pytestmark = [pytest.mark.gpu, pytest.mark.weights]
_LEVEL = 1 / 255
_MOST = 1  # level between ways to cut, in 8 bits


@pytest.fixture
def restorer(device: torch.device) -> RestorationEngine:
    return RestorationEngine(open_registry(load_config(environment=os.environ)), device)


def upscaled(engine: RestorationEngine, image: NDArray[np.float32], ticker, **pinned) -> NDArray[np.float32]:
    return engine.upscale(image, "realesrgan-x4plus", exact=False, pinned=Pinned(**pinned), ticker=ticker).image


def levels_between(one: NDArray[np.float32], other: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.abs(np.rint(one / _LEVEL) - np.rint(other / _LEVEL))


def test_in_float16_tiles_agree_with_the_whole(restorer, photo, ticker, full, record_property) -> None:
    image = photo if full else photo[100:132, 150:214]
    tile = 128 if full else 24
    dtype = "float16" if full else "float32"
    whole, tiled = (upscaled(restorer, image, ticker, dtype=dtype, tile=side) for side in (1024, tile))
    truth = upscaled(restorer, image, ticker, dtype="float32", tile=1024)
    levels = levels_between(tiled, whole)
    for name, value in {
        "largest difference, levels": levels.max(),
        "samples that differ by more than a level": (levels > 1).mean(),
        "float16 against float32, levels": (np.abs(whole - truth) / _LEVEL).max(),
    }.items():
        record_property(name, float(value))
    assert levels.max() <= _MOST


def test_others_work_in_its_midst_changes_nothing(restorer, photo, ticker, full) -> None:
    large, small = (photo, photo[:64, :64]) if full else (photo[:24, :32], photo[:16, :16])
    expected = [upscaled(restorer, image, ticker).tobytes() for image in (large, small)]
    guests: list[bytes] = []
    visits = (5, 120, 300)
    visited = RecordingTicker(
        guests={
            visit: lambda: guests.append(upscaled(restorer, small, RecordingTicker()).tobytes()) for visit in visits
        }
    )
    assert upscaled(restorer, large, visited).tobytes() == expected[0]
    assert guests == [expected[1]] * len(visits)


def test_speed(restorer, photo, ticker, card, record_property) -> None:
    image = np.tile(photo, (2, 2, 1))
    upscaled(restorer, image, ticker)
    start = time.perf_counter()
    upscaled(restorer, image, ticker)
    seconds = time.perf_counter() - start
    record_property("seconds per output megapixel, 1024 px", seconds / (16 * image[..., 0].size / 1e6))


def test_memory_is_given_back(restorer, photo, ticker, card) -> None:
    before = torch.cuda.memory_allocated(card)
    upscaled(restorer, photo, ticker)
    assert torch.cuda.memory_allocated(card) > before
    restorer.release()
    assert torch.cuda.memory_allocated(card) <= before
    assert torch.cuda.memory_reserved(card) <= before + (64 << 20)


def test_out_of_memory_goes_on_with_smaller_tiles(restorer, photo, ticker, limited) -> None:
    image = np.tile(photo, (2, 2, 1))
    expected = upscaled(restorer, image, ticker, tile=256)
    limited(1.2e9)
    result = upscaled(restorer, image, ticker, tile=1024)
    assert any("going on with tiles" in note for note in ticker.notes)
    levels = levels_between(result, expected)
    assert levels.max() <= _MOST
