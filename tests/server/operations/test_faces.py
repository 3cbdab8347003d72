from dataclasses import replace

import numpy as np
import pytest

from fakes.documents import run_job
from foveate_server.engines.deterministic.engine import FACE_COLOR, DeterministicEngine, Options
from foveate_server.operations import costs
from foveate_shared.errors import ErrorCode, InputError
from foveate_shared.geometry import Bounds

DISCS = [(55, 60, 60), (150, 110, 64)]


@pytest.fixture
def picture(soft, paint_discs):
    return paint_discs(soft, DISCS)


class MovingEngine(DeterministicEngine):
    """Sees faces elsewhere, or none, once it has restored something."""

    def __init__(self, dx: float | None) -> None:
        super().__init__(Options())
        self._dx = dx
        self._looks = 0

    def detect(self, detector, image, *, min_score, ticker):
        faces = super().detect(detector, image, min_score=min_score, ticker=ticker)
        self._looks += 1
        if self._looks < 3:  # the search, and the face before it was restored
            return faces
        if self._dx is None:
            return []
        return [replace(f, landmarks=tuple((x + self._dx * f.box[2], y) for x, y in f.landmarks)) for f in faces]


def test_each_face_is_an_item_with_a_patch_of_its_own(picture, make_document, engine) -> None:
    document = make_document(picture)
    run = run_job(document, engine, "faces")
    assert [outcome.item for outcome in run.outcomes] == ["detect", "face-1", "face-2"]
    assert [patch.item for patch in run.patches] == ["face-1", "face-2"]
    for number, (x, y, diameter) in enumerate(DISCS, 1):
        outcome, patch = run.outcome(f"face-{number}"), run.patches[number - 1]
        assert outcome.status == "done"
        assert outcome.data["number"] == number
        assert outcome.data["face"]["box"][2] == pytest.approx(diameter, abs=1)
        assert outcome.data["shift"] == pytest.approx(0, abs=0.05)
        assert outcome.data["strength"] > 0
        assert patch.bounds.contains(Bounds(x - diameter // 2, y - diameter // 2, diameter, diameter))
        assert patch.bounds.area < (1.7 * diameter) ** 2
        assert patch.coverage[patch.coverage.shape[0] // 2, patch.coverage.shape[1] // 2] == 255
        edges = np.concatenate([patch.coverage[0], patch.coverage[-1], patch.coverage[:, 0], patch.coverage[:, -1]])
        assert edges.max() <= 16
    assert run.recipe["model"]["name"] == "deterministic-x4"


def test_windows_are_crops_at_full_scale(picture, make_document, engine) -> None:
    run = run_job(make_document(np.tile(picture, (4, 4, 1))), engine, "faces", only=[3])
    (item,) = run.items[1:]
    assert item.windows[0].extent == item.windows[0].bounds.extent
    assert item.windows[0].bounds.area <= 140 * 140


def test_only_some_and_numbers_that_there_are_not(picture, make_document, engine) -> None:
    run = run_job(make_document(picture), engine, "faces", only=[2, 7])
    assert [outcome.item for outcome in run.outcomes] == ["detect", "face-2"]
    assert "no face number 7" in run.outcome("detect").message


@pytest.mark.parametrize(
    ("image", "told"),
    [
        ("picture", r"^2 faces were found\. There is no face number 7, 9\. .* see which were found\.$"),
        ("soft", r"^No face was found\. A lower certainty may find faces that are small, turned or covered\.$"),
    ],
)
def test_where_none_of_those_named_is_there_the_job_fails(request, make_document, engine, image, told) -> None:
    document = make_document(request.getfixturevalue(image))
    with pytest.raises(InputError, match=told) as caught:
        run_job(document, engine, "faces", only=[9, 7])
    assert caught.value.info.code is ErrorCode.INVALID_PARAMETER


def test_no_face_is_no_error(soft, make_document, engine) -> None:
    run = run_job(make_document(soft), engine, "faces")
    (outcome,) = run.outcomes
    assert outcome.status == "done"
    assert outcome.data == {"faces": []}
    assert run.patches == []


@pytest.mark.parametrize(("dx", "words"), [(None, "no longer recognised"), (0.3, "moved")])
def test_a_face_that_vanishes_or_moves_is_kept_as_it_was(picture, make_document, dx, words) -> None:
    document = make_document(picture)
    run = run_job(document, MovingEngine(dx), "faces", only=[1])
    outcome = run.outcome("face-1")
    assert outcome.status == "kept"
    assert words in outcome.message
    assert outcome.data["strength"] == 0.0
    assert run.patches == []


def test_a_face_beside_the_mask_is_skipped(picture, make_document, engine) -> None:
    coverage = np.zeros(picture.shape[:2], np.uint8)
    coverage[0:10, :] = 255
    coverage[60:171, 110:203] = 255
    document = make_document(picture, bounds=(0, 0, 203, 171), coverage=coverage)
    run = run_job(document, engine, "faces")
    assert run.outcome("face-1").status == "skipped"
    assert run.outcome("face-2").status == "done"


def test_a_face_at_the_border(soft, paint_discs, make_document, engine) -> None:
    document = make_document(paint_discs(soft, [(18, 18, 60), (185, 150, 60)]))
    run = run_job(document, engine, "faces", min_score=0.2)
    assert len(run.patches) == 2
    assert run.applied_to(document).shape == document.image.shape


@pytest.mark.parametrize("times", [1, 12])
def test_what_a_face_costs_is_told_by_the_look_that_finds_it(picture, make_document, engine, times) -> None:
    """In a large document by the closest of many looks: some faces are small in the first one."""
    run = run_job(make_document(np.tile(picture, (1, times, 1))), engine, "faces")
    looks, faces = [item for item in run.items if item.is_survey], [item for item in run.items if not item.is_survey]
    assert (len(looks) > 1) == (times > 1)
    assert len(faces) == len(DISCS) * times
    for item in faces:
        extent, reduction = item.windows[0].extent, run.outcome(item.id).data["reduction"]
        restoring = costs.restoring(extent.area / reduction**2)
        assert item.weight == pytest.approx(restoring + 2 * costs.detecting(extent), rel=0.1)


def test_a_face_in_focus_costs_next_to_nothing(soft, picture, make_document, engine) -> None:
    hard = np.where(picture != soft, np.array(FACE_COLOR, np.float32), np.float32(0.5))
    run = run_job(make_document(np.hstack([hard, picture])), engine, "faces")
    outcomes = {item.id: run.outcome(item.id).status for item in run.items[1:]}
    assert sorted(outcomes.values()) == ["done", "done", "kept", "kept"]
    weights = {outcomes[item.id]: item.weight for item in run.items[1:]}
    assert weights["kept"] < weights["done"] / 100
