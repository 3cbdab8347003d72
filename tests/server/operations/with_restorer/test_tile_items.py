"""What holds for every operation that changes the document in place, whatever its layout of pixels."""

import numpy as np
import pytest

from fakes.documents import run_job
from foveate_server.engines.deterministic.tints import MODEL
from foveate_server.operations.with_restorer import strips
from foveate_shared.pixels import PixelFormat

PROMPTED = {"model": MODEL, "seed": 4, "prompt": "a cat"}
JOBS = {
    "refocus": ("refocus", {}),
    "upscale": ("upscale", {"target": "document"}),
    "faces": ("faces", {}),
    "prompted refocus": ("refocus", {**PROMPTED, "strength": 0.8}),
    "prompted faces": ("faces", {**PROMPTED, "strength": 0.3}),
    "prompted fill": ("fill", {**PROMPTED, "strength": 1.0}),
    "prompted fill from noise": ("fill", {**PROMPTED, "strength": 0.7, "start": "noise"}),
    "prompted upscale": ("upscale", {**PROMPTED, "target": "document"}),
}


@pytest.fixture(params=JOBS.values(), ids=JOBS)
def job(request):
    return request.param


@pytest.fixture
def picture(soft, paint_discs):
    return paint_discs(soft, [(55, 60, 60), (150, 110, 64)])


def same_bytes(a, b, where):
    return a[where].tobytes() == b[where].tobytes()


def test_alpha_and_all_outside_of_the_selection_are_untouched(
    picture, make_document, pixel_format: PixelFormat, engine, job
) -> None:
    if job[0] == "faces" and pixel_format.channels.is_gray:
        pytest.skip("the deterministic engine's faces have a colour")
    bounds = (31, 27, 101, 87)
    document = make_document(picture, pixel_format, bounds)
    result = run_job(document, engine, job[0], **job[1]).applied_to(document)
    outside = np.ones(result.shape[:2], bool)
    outside[27:114, 31:132] = False
    assert same_bytes(result, document.image, outside)
    assert result.tobytes() != document.image.tobytes()
    position = pixel_format.channels.alpha_position
    if position is not None:
        assert same_bytes(result, document.image, (..., position))
        assert same_bytes(result, document.image, document.image[..., position] == 0)


def test_a_soft_mask_limits_the_effect(picture, make_document, engine, job) -> None:
    coverage = np.zeros(picture.shape[:2], np.uint8)
    coverage[40:90, 30:100] = 128
    coverage[50:80, 40:90] = 255
    coverage[60:64, 50:55] = 0
    document = make_document(picture, bounds=(30, 40, 70, 50), coverage=coverage)
    run = run_job(document, engine, job[0], **job[1])
    result = run.applied_to(document)
    assert same_bytes(result, document.image, coverage == 0)
    assert result.tobytes() != document.image.tobytes()
    for patch in run.patches:
        limit = coverage[patch.bounds.y : patch.bounds.bottom, patch.bounds.x : patch.bounds.right]
        assert (patch.coverage <= limit).all()


@pytest.mark.parametrize("job", [("refocus", {}), ("faces", {})], ids=["refocus", "faces"])
def test_strength_zero_is_the_identity(picture, make_document, pixel_format, engine, job) -> None:
    for bounds in (None, (31, 27, 101, 87)):
        document = make_document(picture, pixel_format, bounds)
        run = run_job(document, engine, job[0], strength=0)
        assert run.applied_to(document).tobytes() == document.image.tobytes()
        assert all(outcome.status == "done" for outcome in run.outcomes)
        assert run.patches or (job[0] == "faces" and pixel_format.channels.is_gray)


@pytest.mark.parametrize(
    "bounds",
    [
        (0, 0, 1, 1),
        (202, 170, 1, 1),
        (100, 80, 1, 1),
        (0, 0, 203, 1),
        (0, 40, 30, 131),
        (150, 0, 53, 90),
        (0, 0, 203, 171),
    ],
)
@pytest.mark.parametrize("job", [JOBS["refocus"], JOBS["upscale"]], ids=["refocus", "upscale"])
def test_tiny_regions_and_regions_at_every_border(soft, make_document, engine, job, bounds) -> None:
    document = make_document(soft, bounds=bounds)
    run = run_job(document, engine, job[0], **job[1])
    result = run.applied_to(document)
    x, y, width, height = bounds
    outside = np.ones(result.shape[:2], bool)
    outside[y : y + height, x : x + width] = False
    assert same_bytes(result, document.image, outside)
    assert all(outcome.status in ("done", "kept") for outcome in run.outcomes)


def test_tiles_join_without_a_seam(soft, make_document, engine, monkeypatch) -> None:
    document = make_document(np.tile(soft, (2, 2, 1)), bounds=(10, 20, 380, 300))
    whole = run_job(document, engine, "upscale", target="document").applied_to(document)
    monkeypatch.setattr(strips, "STRIP_WIDTH", 97)
    monkeypatch.setattr(strips, "STRIP_AREA", 97 * 97)
    run = run_job(document, engine, "upscale", target="document")
    assert len(run.patches) > 9
    assert np.abs(run.applied_to(document).astype(int) - whole).max() <= 1
    seen = np.zeros(whole.shape[:2], int)
    for patch in run.patches:
        seen[patch.bounds.y : patch.bounds.bottom, patch.bounds.x : patch.bounds.right] += 1
    assert seen.max() == 1
