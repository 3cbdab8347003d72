"""The operations with the real weights, on small crops: what people will see."""

import os

import numpy as np
import pytest
from scipy import ndimage
from skimage import data

from fakes.documents import MemoryDocument, run_job
from foveate_server.imaging.seams import seam_ratio
from foveate_server.operations.with_restorer import strips
from foveate_shared.geometry import Bounds
from foveate_shared.wire.protocol import Selection

pytestmark = pytest.mark.weights


@pytest.fixture(scope="module")
def real_engine():
    from foveate_server.config.server_config import load_config
    from foveate_server.engines.combined import create

    models_dir = load_config(environment=os.environ).cache_dir
    return create({"models_dir": str(models_dir), "device": "cpu", "threads": 2})


@pytest.fixture(scope="module")
def sharp():
    """A face of about 50 pixels, (128, 128, 3) u8."""
    return np.ascontiguousarray(data.astronaut()[:256, 96:352].reshape(128, 2, 128, 2, 3).mean(axis=(1, 3)).round())


@pytest.fixture(scope="module")
def document(sharp):
    return MemoryDocument(ndimage.gaussian_filter(sharp, (1, 1, 0)).round().astype(np.uint8))


def error(image, sharp, box=(36, 28, 56, 64)):
    x, y, width, height = box
    part = (slice(y, y + height), slice(x, x + width))
    return float(np.sqrt(((image[part].astype(float) - sharp[part]) ** 2).mean()))


def test_a_soft_face_comes_nearer_to_its_sharp_original(document, sharp, real_engine) -> None:
    run = run_job(document, real_engine, "faces")
    outcome = run.outcome("face-1")
    assert outcome.status == "done"
    assert outcome.data["shift"] < 0.06
    assert run.recipe["model"]["name"] == "realesrgan-x4plus"
    assert error(run.applied_to(document), sharp) < 0.9 * error(document.image, sharp)


def test_a_selected_face_does_so_too_by_refocus(document, sharp, real_engine) -> None:
    near = (slice(20, 100), slice(28, 100))  # what lies further away costs time alone
    selected = MemoryDocument(document.image[near].copy(), selection=Selection(Bounds(6, 6, 60, 68)))
    run = run_job(selected, real_engine, "refocus", model="realesrgan-x4plus")
    assert run.outcomes[0].status == "done"
    face = (8, 8, 56, 64)
    assert error(run.applied_to(selected), sharp[near], face) < 0.95 * error(selected.image, sharp[near], face)


def test_what_is_far_too_soft_is_kept_rather_than_made_a_monster(sharp, real_engine) -> None:
    mush = MemoryDocument(ndimage.gaussian_filter(sharp, (2.2, 2.2, 0)).round().astype(np.uint8))
    run = run_job(mush, real_engine, "faces", min_score=0.3)
    assert run.outcome("face-1").status == "kept"
    assert "too soft" in run.outcome("face-1").message
    assert run.applied_to(mush).tobytes() == mush.image.tobytes()


def test_no_seam_shows_on_the_lines_between_strips(document, real_engine, monkeypatch) -> None:
    """In the precision that a user gets: bf16 where the processor has it.

    Networks that shuffle pixels have a faint grid of their own; the whole's ratio is therefore the yardstick.
    """
    lines = range(128, 512, 128)

    def ratio(image) -> float:
        return seam_ratio(image.astype(np.float32), columns=lines, rows=lines)

    options = {"scale": 4, "model": "realesr-animevideov3"}
    whole = ratio(run_job(document, real_engine, "upscale", **options).applied_to(document))
    cut_into(monkeypatch, 32, 32)
    run = run_job(document, real_engine, "upscale", **options)
    image = run.applied_to(document)
    assert len(run.patches) == 16
    assert ratio(image) / whole == pytest.approx(1.0, abs=0.02)
    image[:, 128:256] = np.clip(image[:, 128:256].astype(int) + 4, 0, 255)  # what a strip that is too bright would be
    assert ratio(image) / whole > 1.02


def test_strips_with_the_fast_model_equal_the_whole(document, real_engine, monkeypatch) -> None:
    options = {"scale": 3, "model": "realesr-animevideov3"}
    whole = run_job(document, real_engine, "upscale", **options).applied_to(document)
    cut_into(monkeypatch, 50, 50)
    run = run_job(document, real_engine, "upscale", **options)
    assert len(run.patches) == 9
    assert np.abs(run.applied_to(document).astype(int) - whole).max() <= 1


@pytest.mark.parametrize("target", ["new", "document"])
def test_strips_equal_the_whole_in_the_precision_that_a_user_gets(sharp, real_engine, monkeypatch, target) -> None:
    """The photo model sees all of the picture at every pixel, and bfloat16's rounding would show any difference."""
    document = MemoryDocument(np.ascontiguousarray(sharp[:32, :48]).astype(np.uint8))
    options = {"scale": 4} if target == "new" else {}
    whole = run_job(document, real_engine, "upscale", target=target, **options)
    cut_into(monkeypatch, 24, 16)
    run = run_job(document, real_engine, "upscale", target=target, **options)
    assert len(run.patches) == 4
    assert run.recipe["pinned"] == whole.recipe["pinned"]
    assert np.abs(run.applied_to(document).astype(int) - whole.applied_to(document)).max() <= 1


def test_exact_strips_equal_the_whole_within_a_level(sharp, real_engine, monkeypatch) -> None:
    """Whole jobs of an 8-bit document."""
    document = MemoryDocument(np.ascontiguousarray(sharp[:10, :80]).astype(np.uint8))
    wide = MemoryDocument(np.ascontiguousarray(np.concatenate((document.image, document.image[:, ::-1]), axis=1)))
    whole = run_job(wide, real_engine, "upscale", scale=2, exact=True)
    cut_into(monkeypatch, 80, 80)
    run = run_job(wide, real_engine, "upscale", scale=2, exact=True)
    assert len(run.patches) == 2
    assert run.recipe["pinned"]["dtype"] == "float32"
    assert np.abs(run.applied_to(wide).astype(int) - whole.applied_to(wide)).max() <= 1


def cut_into(monkeypatch: pytest.MonkeyPatch, width: int, height: int) -> None:
    """Make strips of these sides, in document pixels."""
    monkeypatch.setattr(strips, "STRIP_WIDTH", width)
    monkeypatch.setattr(strips, "STRIP_AREA", width * height)
