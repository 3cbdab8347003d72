import numpy as np
import pytest

from fakes.documents import run_job
from foveate_server.operations.findings import search_views


def faces_of(run):
    return run.outcome("detect").data["faces"]


def test_faces_are_numbered_from_left_to_right_in_document_pixels(soft, paint_discs, make_document, engine) -> None:
    document = make_document(paint_discs(soft, [(150, 120, 50), (60, 60, 40)]))
    run = run_job(document, engine, "detect")
    first, second = faces_of(run)
    assert first["box"] == pytest.approx([40, 40, 40, 40], abs=1)
    assert second["box"] == pytest.approx([125, 95, 50, 50], abs=1)
    assert len(first["landmarks"]) == 5
    assert 0.5 < first["score"] <= 1
    assert run.outcome("detect").message == "2 faces were found."
    assert run.patches == []


def test_no_face_is_no_error(soft, make_document, engine) -> None:
    outcome = run_job(make_document(soft), engine, "detect").outcome("detect")
    assert outcome.status == "done"
    assert outcome.data == {"faces": []}
    assert "No face was found" in outcome.message


def test_faces_outside_of_the_selection_do_not_count(soft, paint_discs, make_document, engine) -> None:
    document = make_document(paint_discs(soft, [(60, 60, 40), (150, 120, 50)]), bounds=(20, 20, 80, 80))
    (face,) = faces_of(run_job(document, engine, "detect"))
    assert face["box"][0] == pytest.approx(40, abs=1)


@pytest.fixture
def small_views(monkeypatch):
    monkeypatch.setattr(search_views, "PREVIEW_SIDE", 200)
    monkeypatch.setattr(search_views, "TILE_SIDE", 400)


@pytest.mark.usefixtures("small_views")
@pytest.mark.parametrize("oversend", [False, True])
def test_a_large_document_is_searched_widely_and_closely(soft, paint_discs, make_document, engine, oversend) -> None:
    large = np.tile(soft * np.float32(0.5), (5, 5, 1))
    discs = [(500, 430, 300), (100, 60, 10), (333, 90, 12), (900, 800, 16)]  # the small ones are lost in the first look
    document = make_document(paint_discs(large, discs), oversend=oversend)
    run = run_job(document, engine, "detect", min_score=0.4)
    assert len(run.items) > 5
    assert run.items[-1].id == "detect"
    assert all(outcome.data == {} for outcome in run.outcomes[:-1])
    found = [(face["box"][0] + face["box"][2] / 2, face["box"][1] + face["box"][3] / 2) for face in faces_of(run)]
    expected = sorted((x, y) for x, y, _ in discs)
    assert len(found) == len(expected)
    assert {min(range(4), key=lambda i: abs(x - discs[i][0])) for x, _ in found} == {0, 1, 2, 3}
    boxes = [face["box"] for face in faces_of(run)]
    assert boxes == sorted(boxes)
    assert max(box[2] for box in boxes) == pytest.approx(300, rel=0.1)


def test_every_layout_of_pixels_is_understood(soft, paint_discs, make_document, engine, pixel_format) -> None:
    if pixel_format.channels.is_gray:
        pytest.skip("the deterministic engine's faces have a colour")
    document = make_document(paint_discs(soft, [(60, 50, 40)]), pixel_format)
    assert len(faces_of(run_job(document, engine, "detect"))) == 1
