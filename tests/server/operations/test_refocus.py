import numpy as np
import pytest
from scipy import ndimage

from fakes.documents import run_job
from foveate_server.imaging import samples, seams
from foveate_server.imaging.color import color_transform
from foveate_server.operations.with_restorer import tile_items
from foveate_shared.errors import ErrorCode, InputError
from foveate_shared.pixels import Channels, PixelFormat, SampleType

REGION = (40, 30, 110, 100)


def as_float(document, image):
    return samples.decode(document.pack(image), document.format, document.extent).color


def test_the_outcome_says_what_was_done_and_the_recipe_how(soft, make_document, engine) -> None:
    run = run_job(make_document(soft, bounds=REGION), engine, "refocus", strength=0.5)
    (outcome,) = run.outcomes
    assert outcome.item == "refocus"
    assert outcome.status == "done"
    assert 1.0 < outcome.data["blur"] < 2.5
    assert 1.0 <= outcome.data["reduction"] <= 2.0
    assert outcome.data["strength"] == 0.5
    assert run.recipe["model"]["name"] == "deterministic-x4"
    assert len(run.recipe["model"]["sha256"]) == 64
    assert run.recipe["device"]
    assert run.recipe["pinned"] == {"dtype": "float32", "tile": 128, "threads": 1}


def test_pinned_values_and_the_model_reach_the_engine(soft, make_document, engine) -> None:
    document = make_document(soft, bounds=REGION)
    run = run_job(document, engine, "refocus", model="deterministic-x2", pinned={"tile": 32})
    assert run.recipe["model"]["name"] == "deterministic-x2"
    assert run.recipe["pinned"]["tile"] == 32


def test_the_result_is_sharper_and_half_strength_is_half_the_way(soft, make_document, engine) -> None:
    document = make_document(soft, PixelFormat(SampleType.F32, Channels.RGB))
    full = run_job(document, engine, "refocus").applied_to(document)
    half = run_job(document, engine, "refocus", strength=0.5).applied_to(document)
    nominal = (full > 0) & (full < 1)  # beyond, the working space is not linear in the document's
    assert np.allclose(half[nominal], ((full + document.image) / 2)[nominal], atol=1e-5)

    def sharpness(image):
        return float(np.abs(np.diff(image, axis=1)).mean())

    assert sharpness(full) > 1.05 * sharpness(document.image)


def test_no_seam_at_the_edge_of_the_selection(soft, make_document, engine) -> None:
    document = make_document(soft, bounds=REGION)
    result = run_job(document, engine, "refocus").applied_to(document)
    selected = np.zeros(soft.shape[:2], bool)
    selected[30:130, 40:150] = True
    jump = seams.edge_jump(document.image / np.float32(255), result / np.float32(255), selected)
    assert jump <= 0.25 / 255


@pytest.mark.parametrize(
    ("space", "dtype"),
    [
        ("srgb-linear", SampleType.F32),
        ("display-p3", SampleType.U16),
        ("srgb", SampleType.F16),
        ("rec2020-linear", SampleType.F32),
    ],
)
def test_the_same_photo_in_another_profile_gives_the_same_picture(soft, make_document, engine, space, dtype) -> None:
    reference = make_document(soft, PixelFormat(SampleType.F32, Channels.RGB), REGION)
    expected = run_job(reference, engine, "refocus").applied_to(reference)
    transform = color_transform(space, None, gray=False)
    document = make_document(transform.from_working(soft), PixelFormat(dtype, Channels.RGB), REGION, space=space)
    result = run_job(document, engine, "refocus").applied_to(document)
    working = transform.to_working(as_float(document, result))
    difference = np.abs(working - expected)
    # Only where the selection fades in do spaces differ: patches are blended in the document's own.
    assert difference.mean() < 0.1 / 255
    assert np.quantile(difference[60:100, 70:120], 0.99) < 1 / 255


def test_light_above_white_stays(soft, make_document, engine) -> None:
    bright = soft.copy()
    bright[60:80, 70:100] *= 8
    document = make_document(bright, PixelFormat(SampleType.F32, Channels.RGB), REGION, space="srgb-linear")
    result = run_job(document, engine, "refocus").applied_to(document)
    assert np.allclose(result[65:75, 78:92].mean(), bright[65:75, 78:92].mean(), rtol=0.1)


def test_what_is_too_soft_is_kept_with_a_sentence(soft, make_document, engine) -> None:
    mush = ndimage.gaussian_filter(soft, (11, 11, 0))
    document = make_document(mush, bounds=REGION)
    run = run_job(document, engine, "refocus")
    (outcome,) = run.outcomes
    assert outcome.status == "kept"
    assert "too soft" in outcome.message
    assert run.patches == []
    assert run.recipe == {}


def test_a_large_region_is_measured_first_and_restored_in_tiles(soft, make_document, engine, monkeypatch) -> None:
    document = make_document(np.tile(soft, (2, 3, 1)))
    whole = run_job(document, engine, "refocus")
    monkeypatch.setattr(tile_items, "SINGLE_AREA", 0)
    monkeypatch.setattr(tile_items, "CORE", 150)
    run = run_job(document, engine, "refocus")
    assert [item.id for item in run.items[:2]] == ["inspect", "tile-1"]
    assert len(run.plan.items[0].windows) == 5
    assert all(item.windows[0].bounds.area < 500 * 500 for item in run.items)
    reductions = {outcome.data["reduction"] for outcome in run.outcomes[1:]}
    assert len(reductions) == 1
    assert sum(patch.bounds.area for patch in run.patches) == document.extent.area
    assert abs(run.outcomes[1].data["blur"] - whole.outcomes[0].data["blur"]) < 0.5
    result = run.applied_to(document) / np.float32(255)
    columns = sorted({patch.bounds.x for patch in run.patches} - {0})
    source = document.image / np.float32(255)
    assert seams.seam_ratio(result, columns=columns) < seams.seam_ratio(source, columns=columns) + 0.05


def test_a_large_region_at_strength_zero_is_the_identity(soft, make_document, engine, monkeypatch) -> None:
    monkeypatch.setattr(tile_items, "SINGLE_AREA", 0)
    document = make_document(soft, bounds=REGION)
    run = run_job(document, engine, "refocus", strength=0)
    assert run.applied_to(document).tobytes() == document.image.tobytes()
    assert run.recipe == {}


@pytest.mark.parametrize("bounds", [(0, 0, 0, 5), (200, 0, 10, 10)])
@pytest.mark.parametrize("operation", ["refocus", "faces", "detect", "upscale"])
def test_an_impossible_region_is_refused_by_the_plan(soft, make_document, engine, bounds, operation) -> None:
    with pytest.raises(InputError) as caught:
        run_job(make_document(soft, bounds=bounds), engine, operation)
    assert caught.value.info.code is ErrorCode.INVALID_REGION


def test_a_small_selection_of_a_huge_document_asks_for_little(soft, make_document) -> None:
    from foveate_server.operations.contract import JobRequest
    from foveate_server.operations.refocus import Refocus
    from foveate_shared.geometry import Bounds, Extent
    from foveate_shared.wire.protocol import Selection

    selection = Selection(Bounds(4000, 4000, 100, 120))
    request = JobRequest(
        "refocus", {}, Extent(8192, 8192), PixelFormat(SampleType.U8, Channels.RGB), "srgb", None, selection
    )
    (item,) = Refocus().plan(request, Refocus.parameters.parse(request.parameters)).items
    assert item.windows[0].bounds.area <= 300 * 300


def test_a_plan_tells_what_a_large_region_costs_at_most(soft, make_document, engine, monkeypatch) -> None:
    document = make_document(np.tile(soft, (2, 3, 1)))
    small = run_job(document, engine, "refocus").plan
    assert small.work == small.items[0].weight
    monkeypatch.setattr(tile_items, "SINGLE_AREA", 0)
    monkeypatch.setattr(tile_items, "CORE", 150)
    run = run_job(document, engine, "refocus")
    tiles = [item.weight for item in run.items[1:]]
    assert len(tiles) > 1
    assert sum(tiles) <= run.plan.work < 8 * sum(tiles)
    assert run_job(document, engine, "refocus", strength=0).plan.work == run.plan.work  # nothing is reduced there
