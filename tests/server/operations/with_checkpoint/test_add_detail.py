import numpy as np
import pytest

from fakes.documents import run_job
from foveate_server.engines.deterministic.engine import DeterministicEngine, Options
from foveate_server.engines.deterministic.tints import MODEL
from foveate_server.operations.with_checkpoint import add_detail
from foveate_shared.geometry import Extent
from foveate_shared.pixels import Channels, PixelFormat, SampleType

JOB = {"model": MODEL, "seed": 3, "prompt": "x", "strength": 0.8}


class WatchedEngine(DeterministicEngine):
    """Keeps the requests."""

    def __init__(self):
        super().__init__(Options())
        self.requests = []

    def diffuse(self, request, *, ticker, preview=None):
        self.requests.append(request)
        return super().diffuse(request, ticker=ticker, preview=preview)


@pytest.mark.parametrize("scale", [2, 4])
def test_the_result_is_the_picture_enlarged_with_its_colours(soft, make_document, pixel_format, engine, scale):
    document = make_document(soft, pixel_format)
    run = run_job(document, engine, "upscale", **JOB, scale=scale)
    assert run.plan.extent == Extent(203 * scale, 171 * scale)
    assert sum(patch.bounds.area for patch in run.patches) == run.plan.extent.area
    result = run.applied_to(document)
    height, width, channels = document.image.shape
    means = result.reshape(height, scale, width, scale, channels).astype(float).mean(axis=(1, 3))
    full = 1.0 if pixel_format.dtype.is_float else float(np.iinfo(result.dtype).max)
    alpha = pixel_format.channels.alpha_position
    opaque = np.ones((height, width), bool) if alpha is None else document.image[..., alpha] >= full
    assert np.abs(means - document.image)[opaque].mean() < 0.06 * full
    assert run.recipe["restorer"]["name"] == "deterministic-x4"
    assert run.recipe["model"]["name"] == MODEL


def test_a_large_result_is_one_canvas_with_tiles_that_keep_to_the_whole(soft, make_document):
    engine = WatchedEngine()
    document = make_document(np.tile(soft, (2, 2, 1)))
    run_job(document, engine, "upscale", **JOB, scale=4)
    (request,) = engine.requests
    assert request.tiling is not None
    assert request.tiling.overlap == round(16 + 64 * 0.8)
    assert request.tiling.anchor == 1.0
    assert request.image.shape[:2] == (1368, 1624)
    run_job(document, engine, "upscale", **JOB, scale=4, overlap=100, anchor=0.5, tile=256)
    assert engine.requests[1].tiling.overlap == 100
    assert engine.requests[1].tiling.anchor == 0.5
    assert engine.requests[1].tiling.tile == 256


def test_faces_keep_what_the_restorer_made(soft, paint_discs, make_document, engine):
    faced = paint_discs(soft, [(60, 70, 50)])
    document = make_document(faced)
    run = run_job(document, engine, "upscale", **JOB, scale=2)
    assert run.outcomes[0].data["faces_protected"] == 1
    assert "1 face was left" in run.outcomes[0].message
    result = run.applied_to(document).astype(int)
    restored = run_job(document, engine, "upscale", scale=2).applied_to(document)
    assert np.abs(result - restored)[125:155, 105:135].max() <= 1
    assert np.abs(result - restored)[200:300, 250:380].max() > 2


@pytest.mark.parametrize("target", ["new", "document"])
def test_several_canvases_fade_into_each_other(soft, make_document, engine, monkeypatch, target):
    from foveate_server.operations.with_checkpoint import fading_canvases

    document = make_document(soft, PixelFormat(SampleType.U16, Channels.RGBA))
    whole = run_job(document, engine, "upscale", **JOB, scale=2, target=target).applied_to(document).astype(int)
    monkeypatch.setattr(add_detail, "SINGLE_AREA", 1)
    monkeypatch.setattr(add_detail, "CANVAS_SIDE", 160)
    monkeypatch.setattr(fading_canvases, "CORE", 80)
    monkeypatch.setattr(fading_canvases, "MARGIN", 60)
    run = run_job(document, engine, "upscale", **JOB, scale=2, target=target)
    assert len(run.patches) == 9
    result = run.applied_to(document)
    assert np.abs(result.astype(int) - whole)[result[..., 3] > 0].mean() < 0.02 * 65535
    if target == "new":
        assert np.abs(result[..., 3].astype(int) - whole[..., 3]).max() <= 1


def test_strength_zero_is_the_restorers_result(soft, make_document, engine):
    document = make_document(soft)
    plain = run_job(document, engine, "upscale", scale=2).applied_to(document)
    run = run_job(document, engine, "upscale", **{**JOB, "strength": 0}, scale=2)
    assert np.abs(run.applied_to(document).astype(int) - plain).max() <= 1


@pytest.mark.parametrize("target", ["new", "document"])
def test_the_restorer_that_works_first_is_chosen_and_pinned(soft, make_document, engine, target):
    document = make_document(soft)
    asked = {**JOB, "scale": 2, "target": target, "restorer": "deterministic-x2"}
    run = run_job(document, engine, "upscale", **asked, pinned={"restorer": {"tile": 32}})
    assert run.recipe["restorer"]["name"] == "deterministic-x2"
    assert run.recipe["model"]["name"] == MODEL
    assert run.recipe["pinned"]["restorer"] == {"dtype": "float32", "tile": 32, "threads": 1}
    assert run.recipe["pinned"]["dtype"] == "float32"
    usual = run_job(document, engine, "upscale", **{**asked, "restorer": "deterministic-x4"})
    assert usual.recipe["restorer"]["name"] == "deterministic-x4"
    assert usual.applied_to(document).tobytes() != run.applied_to(document).tobytes()
