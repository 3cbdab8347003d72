import numpy as np
import pytest
from PIL import Image

from fakes.documents import run_job
from foveate_server.engines.deterministic.tints import LORA, MODEL
from foveate_server.operations.with_checkpoint import contact_sheet
from foveate_shared.errors import InputError
from foveate_shared.geometry import Bounds, Extent

VARIANTS = [
    {"label": "strength 0.3", "strength": 0.3},
    {"label": "strength 0.9", "strength": 0.9},
    {"label": "seed 8", "seed": 8, "strength": 0.9},
    {"label": "a label that is much too long for a small picture, so that it must be wrapped", "strength": 0.9},
]
JOB = {"model": MODEL, "seed": 7, "prompt": "x", "variants": VARIANTS}


def test_the_sheet_is_full_and_shows_the_original_first(soft, make_document, pixel_format, engine):
    document = make_document(soft, pixel_format, (40, 30, 110, 100))
    run = run_job(document, engine, "compare", **JOB)
    assert [item.id for item in run.items] == ["original", *(f"variant-{n}" for n in range(1, 5))]
    assert run.plan.frame == "new"
    assert sum(patch.bounds.area for patch in run.patches) == run.plan.extent.area
    result = run.applied_to(document)
    assert result.shape[2] == document.image.shape[2]
    slots = [Bounds(*outcome.data["slot"]) for outcome in run.outcomes]
    cells = [result[slot.y : slot.bottom, slot.x : slot.right] for slot in slots]
    assert len({cell.tobytes() for cell in cells}) == 5
    assert run.outcomes[1].data["seed"] == 7
    assert run.outcomes[3].data["seed"] == 8
    assert run.outcomes[2].data["recipe"]["model"]["name"] == MODEL


def test_opaque_originals_are_shown_as_they_are(soft, make_document, engine):
    document = make_document(soft, bounds=(40, 30, 110, 100))
    run = run_job(document, engine, "compare", **JOB)
    shown = contact_sheet.lay_out(Extent(110, 100), 5).picture_of(0)
    result = run.applied_to(document)
    cell = result[shown.y : shown.bottom, shown.x : shown.right]
    assert cell.tobytes() == document.image[30:130, 40:150].tobytes()


def test_previews_lie_in_the_variants_own_place(soft, make_document, engine):
    run = run_job(make_document(soft, bounds=(40, 30, 110, 100)), engine, "compare", **JOB)
    layout = contact_sheet.lay_out(Extent(110, 100), 5, (each["label"] for each in VARIANTS))
    assert {bounds for bounds, _ in run.previews} == {layout.picture_of(number) for number in range(1, 5)}


@pytest.mark.parametrize("extent", [Extent(1, 1), Extent(4000, 30), Extent(30, 4000), Extent(512, 512)])
@pytest.mark.parametrize("count", [2, 3, 7, 25])
def test_sheets_hold_all_pictures(extent, count):
    layout = contact_sheet.lay_out(extent, count)
    slots = [layout.slot_of(index) for index in range(count)] + layout.empty_slots(count)
    assert sum(slot.area for slot in slots) == layout.extent.area
    assert all(layout.extent.bounds.contains(slot) for slot in slots)
    assert len(layout.empty_slots(count)) < layout.columns
    for index in range(count):
        assert layout.slot_of(index).contains(layout.picture_of(index))


def test_labels_are_drawn():
    layout = contact_sheet.lay_out(Extent(256, 256), 2)
    picture = np.full((256, 256, 3), 0.5, np.float32)
    written, empty = layout.drawn(picture, None, "strength 0.4"), layout.drawn(picture, None, "")
    assert written[270:].max() > 0.8
    assert empty[270:].max() < 0.2
    assert np.array_equal(written[:264], empty[:264])
    Image.fromarray((written * 255).astype(np.uint8))


def test_a_long_label_is_wrapped_below_all_pictures():
    picture, label = (
        np.full((100, 110, 3), 0.5, np.float32),
        "strength 0.25, a checkpoint with a long name, film-look 0.8",
    )
    short, layout = (contact_sheet.lay_out(Extent(110, 100), 3, labels) for labels in ((), ("a", label)))
    assert layout.slot.height > short.slot.height
    below = layout.drawn(picture, None, label)[layout.picture_of(0).bottom :, :, 0]
    rows = (below > 0.5).any(axis=1)
    lines = np.flatnonzero(rows[1:] & ~rows[:-1])
    assert len(lines) >= 2
    assert layout.picture_of(0) == short.picture_of(0)


def test_a_region_that_no_sheet_could_show_is_refused(soft, make_document, engine):
    big = np.zeros((2000, 3000, 3), np.float32)
    with pytest.raises(InputError, match="too large to compare"):
        run_job(make_document(big), engine, "compare", **JOB)


def test_a_variant_with_a_model_of_its_own_wears_nothing_of_the_job_s(soft, make_document, engine):
    document = make_document(soft, bounds=(40, 30, 110, 100))
    variants = [{"model": MODEL}, {"model": MODEL, "loras": [{"name": LORA}]}, {"strength": 0.5}]
    run = run_job(document, engine, "compare", **{**JOB, "variants": variants}, loras=[{"name": LORA, "weight": 2}])
    worn = [outcome.data["recipe"]["additions"].get("loras") for outcome in run.outcomes[1:]]
    assert [each and each[0]["weight"] for each in worn] == [None, 1, 2]
    assert set(run.recipe["variants"]) == {"1", "2", "3"}


def test_a_variant_s_pinned_values_go_before_the_job_s(soft, make_document, engine):
    document = make_document(soft, bounds=(40, 30, 110, 100))
    digest = run_job(document, engine, "compare", **JOB).outcomes[1].data["recipe"]["model"]["sha256"]
    pinned = {"pinned": {"threads": 1}}
    asked = {**JOB, "variants": [{**VARIANTS[0], **pinned}]}
    run_job(document, engine, "compare", **asked, pinned={"models": {MODEL: digest}})
    with pytest.raises(InputError, match="not the one that the recipe was made with"):
        run_job(document, engine, "compare", **asked, pinned={"models": {MODEL: "a" * 64}})
