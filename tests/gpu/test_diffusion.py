from __future__ import annotations

import time

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from fakes.checkpoints import NAMES, TinyCheckpoints
from fakes.tickers import RecordingTicker
from foveate_server.engines.diffusion.engine import DiffusionEngine
from foveate_server.engines.diffusion.library import Checkpoint, Files
from foveate_server.engines.diffusion.memory_plan import MemoryDemand, available_memory, plan
from foveate_server.engines.diffusion_request import DiffusionRequest, Prompt, Sampling, Tiling
from foveate_server.engines.values import Pinned
from foveate_shared.errors import CancelledJobError
from foveate_shared.geometry import Extent

pytestmark = pytest.mark.gpu
_FACTS = {"sd1-inpainting": {"inpainting": True}, "sd2": {"prediction": "v"}}


class TinyLibrary:
    """The tests' tiny checkpoints of all families."""

    def __init__(self, checkpoints: TinyCheckpoints) -> None:
        self._checkpoints = checkpoints

    def checkpoint(self, name: str | None) -> Checkpoint:
        return Checkpoint(str(name), f"hash of {name}", str(name).partition("-")[0], facts=_FACTS.get(str(name), {}))

    def files(self, name: str, progress: object) -> Files:
        return Files(self._checkpoints.folder(name))


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> TinyLibrary:
    return TinyLibrary(TinyCheckpoints(tmp_path_factory.mktemp("tiny")))


def a_request(photo: NDArray[np.float32], model: str, side: int, **changes) -> DiffusionRequest:
    mask = np.zeros((side, side), np.float32)
    mask[side // 4 : -side // 4, side // 4 : -side // 4] = 1
    repeats = -(-side // 512)
    values = {
        "image": np.ascontiguousarray(np.tile(photo, (repeats, repeats, 1))[:side, :side]),
        "mask": mask,
        "model": model,
        "prompt": Prompt("a face", "blurry"),
        "strength": 0.5,
        "sampling": Sampling(8, 5.0, None),
    }
    return DiffusionRequest(**{**values, **changes})


# --- every family, tiny ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_every_family_does_what_it_does_on_the_cpu(tiny, device, photo, name: str, record_property) -> None:
    asked = a_request(photo, name, 128, pinned=Pinned(dtype="float32"))
    [here] = DiffusionEngine(tiny, device).diffuse(asked, ticker=RecordingTicker()).images
    [there] = DiffusionEngine(tiny, torch.device("cpu")).diffuse(asked, ticker=RecordingTicker()).images
    difference = float(np.abs(here - there).max())
    record_property("largest difference", difference)
    assert difference < 0.02


@pytest.mark.parametrize("name", NAMES)
def test_the_same_request_gives_the_same_bytes(tiny, device, photo, ticker, name: str) -> None:
    engine = DiffusionEngine(tiny, device)
    asked = a_request(photo, name, 128, seeds=(3, 4))
    first, second = (engine.diffuse(asked, ticker=ticker).images for _ in range(2))
    for one, other in zip(first, second, strict=True):
        assert np.isfinite(one).all()
        assert np.array_equal(one, other)


# --- the published sizes ---------------------------------------------------------------------------------------------


@pytest.fixture(params=["sd15", "sdxl"])
def model(request, full: bool) -> tuple[str, int]:
    """A checkpoint, and the side at which it is used."""
    if full:
        return request.param, {"sd15": 512, "sdxl": 1024}[request.param]
    return {"sd15": "tiny", "sdxl": "tiny-xl"}[request.param], 128


def test_refocus(engine: DiffusionEngine, model, photo, ticker, record_property) -> None:
    name, side = model
    asked = a_request(photo, name, side)
    engine.diffuse(asked, ticker=ticker)
    start = time.perf_counter()
    [image] = engine.diffuse(asked, ticker=ticker).images
    record_property("seconds", time.perf_counter() - start)
    record_property("plan", ticker.notes[-1])
    assert image.shape == (side, side, 3)
    assert np.isfinite(image).all()


def test_a_cancel_stops_the_card_within_a_step(engine: DiffusionEngine, model, photo) -> None:
    name, side = model
    ticker = RecordingTicker(cancel_in=3)
    with pytest.raises(CancelledJobError):
        engine.diffuse(a_request(photo, name, side, strength=1.0, sampling=Sampling(60, 5.0, None)), ticker=ticker)
    *_, (_, _, step, _) = ticker.reports
    assert step == ticker.wished  # no other step has begun


def test_the_plan_is_what_is_needed(engine: DiffusionEngine, model, photo, card, record_property) -> None:
    name, side = model
    asked = a_request(photo, name, side, seeds=(1, 2))
    ticker = RecordingTicker()
    engine.release()
    engine.diffuse(asked, ticker=ticker)
    torch.cuda.reset_peak_memory_stats(card)
    engine.diffuse(asked, ticker=ticker)
    peak = torch.cuda.max_memory_allocated(card)
    job = MemoryDemand(Extent(side, side), pictures=2)
    loaded = engine.loaded[0].footprint()
    chosen = plan(loaded, job, card, available_memory(card, loaded.weights))
    record_property("planned, peak (GB)", [chosen.need / 2**30, peak / 2**30])
    assert 0.95 < chosen.need / peak < 1.5


def test_out_of_memory_goes_on_with_less(engine: DiffusionEngine, photo, ticker, card, limited) -> None:
    """The card is fuller than it says: another program took what was free when the job was planned."""
    asked = a_request(photo, "sd15", 768, seeds=(1, 2, 3, 4))
    engine.release()
    engine.diffuse(a_request(photo, "sd15", 64), ticker=ticker)
    loaded = engine.loaded[0].footprint()
    chosen = plan(loaded, MemoryDemand(Extent(768, 768), pictures=4), card, available_memory(card, loaded.weights))
    assert chosen.smaller is not None
    limited(1.1 * chosen.smaller.need)
    images = engine.diffuse(asked, ticker=ticker).images
    assert "Memory ran out; going on with a plan that needs less." in ticker.notes
    assert len(images) == 4
    assert all(np.isfinite(image).all() for image in images)


def test_memory_is_given_back(engine: DiffusionEngine, model, photo, ticker, card) -> None:
    engine.release()
    before = torch.cuda.memory_allocated(card)
    engine.diffuse(a_request(photo, model[0], model[1]), ticker=ticker)
    assert torch.cuda.memory_allocated(card) > before
    engine.release()
    assert torch.cuda.memory_allocated(card) <= before + (1 << 20)


def test_a_canvas_of_fused_tiles(engine: DiffusionEngine, photo, ticker, full, record_property) -> None:
    name, tile, side = ("sd15", 512, 2048) if full else ("tiny", 128, 192)
    tiling, sampling = Tiling(tile=tile, anchor=0.5), Sampling(8, 5.0, None)
    asked = a_request(photo, name, side, mask=None, strength=0.25, tiling=tiling, sampling=sampling)
    start = time.perf_counter()
    [image] = engine.diffuse(asked, ticker=ticker).images
    record_property("seconds, the first time", time.perf_counter() - start)
    record_property("plan", ticker.notes[-1])
    assert image.shape == (side, side, 3)
    assert np.isfinite(image).all()


def test_others_work_between_its_steps_changes_nothing(tiny, device, photo, ticker) -> None:
    engine = DiffusionEngine(tiny, device)
    requests = [a_request(photo, name, side, seeds=(side,)) for name, side in (("sd1", 128), ("sd1", 64), ("sd2", 64))]
    expected = [engine.diffuse(request, ticker=ticker).images[0].tobytes() for request in requests]
    made: list[bytes] = []

    def visit() -> None:
        made.extend(engine.diffuse(request, ticker=RecordingTicker()).images[0].tobytes() for request in requests[1:])

    large = engine.diffuse(requests[0], ticker=RecordingTicker(guests={2: visit, 3: visit}))
    assert large.images[0].tobytes() == expected[0]
    assert made == expected[1:] * 2
    engine.release()
