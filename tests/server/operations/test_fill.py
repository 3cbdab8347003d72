import numpy as np
import pytest

from fakes.documents import run_job
from fakes.models import MODELS
from foveate_server.engines.deterministic.engine import DeterministicEngine, Options
from foveate_server.engines.deterministic.tints import MODEL
from foveate_server.imaging import samples
from foveate_server.operations.contract import JobRequest
from foveate_server.operations.fill import Fill
from foveate_server.operations.with_checkpoint import extend_canvas
from foveate_server.operations.with_checkpoint.start_image import start_image
from foveate_shared.errors import InputError
from foveate_shared.geometry import Extent
from foveate_shared.pixels import Channels, PixelFormat, SampleType

JOB = {"model": MODEL, "strength": 1.0, "seed": 3, "prompt": "a meadow"}


class SameEngine(DeterministicEngine):
    """Returns what it is shown, and keeps it."""

    def diffuse(self, request, *, ticker, preview=None):
        made = super().diffuse(request, ticker=ticker, preview=preview)
        self.shown = request
        return type(made)((request.image,), made.facts, made.sampling, made.device, made.pinned)


@pytest.fixture
def same():
    return SameEngine(Options())


def hole(shape, y, x, side):
    coverage = np.zeros(shape, np.float32)
    coverage[y : y + side, x : x + side] = 1
    return coverage


def test_an_object_is_gone_before_the_checkpoint_begins(soft, make_document, same):
    marked = soft.copy()
    marked[70:100, 80:120] = (0, 1, 0)
    document = make_document(marked, bounds=(74, 64, 52, 42))
    result = run_job(document, same, "fill", **JOB).applied_to(document)
    inside = result[74:96, 84:116].astype(int)
    assert (inside[..., 1] - inside[..., [0, 2]].max(axis=2)).max() < 60  # no green is left
    around = document.image[50:64, 70:130].astype(int)
    assert abs(inside.mean() - around.mean()) < 60


@pytest.mark.parametrize("start", ["fill", "noise", "original"])
def test_starts_are_finite_and_leave_the_surroundings(soft, start):
    coverage = hole(soft.shape[:2], 60, 70, 40)
    made = start_image(soft, coverage, start, 7)
    assert np.isfinite(made).all()
    far = np.ones(coverage.shape, bool)
    far[52:108, 62:118] = False
    assert made[far].tobytes() == soft[far].tobytes()
    assert (made.tobytes() == soft.tobytes()) == (start == "original")


def test_a_fill_has_no_hard_edge(soft):
    made = start_image(soft, hole(soft.shape[:2], 60, 70, 40), "fill", 0)
    jumps = np.abs(np.diff(made, axis=0))[50:110, 60:120]
    assert jumps.max() <= np.abs(np.diff(soft, axis=0)).max()


def test_everything_selected_starts_from_a_mean(soft):
    made = start_image(soft, np.ones(soft.shape[:2], np.float32), "fill", 0)
    assert np.allclose(made, made[0, 0], atol=1e-5)
    assert np.allclose(made[0, 0], soft.mean(axis=(0, 1)), atol=1e-3)


def extended(document, engine, **sides):
    run = run_job(document, engine, "fill", **JOB, extend=sides)
    return run, run.applied_to(document)


@pytest.mark.parametrize(
    "sides", [{"right": 60}, {"left": 33, "top": 21}, dict.fromkeys(("left", "top", "right", "bottom"), 40)]
)
def test_old_pixels_are_the_same_bytes_in_a_larger_picture(soft, make_document, pixel_format, engine, sides):
    document = make_document(soft, pixel_format)
    run, result = extended(document, engine, **sides)
    height, width = soft.shape[:2]
    left, top = sides.get("left", 0), sides.get("top", 0)
    assert run.plan.frame == "new"
    assert run.plan.extent == Extent(width + left + sides.get("right", 0), height + top + sides.get("bottom", 0))
    assert result[top : top + height, left : left + width].tobytes() == document.image.tobytes()
    assert sum(patch.bounds.area for patch in run.patches) == run.plan.extent.area
    new = np.ones(result.shape[:2], bool)
    new[top : top + height, left : left + width] = False
    alpha = pixel_format.channels.alpha_position
    if alpha is not None:
        full = np.iinfo(result.dtype).max if result.dtype.kind == "u" else 1
        assert (result[new][:, alpha] == full).all()
    assert np.isfinite(result.astype(float)).all()


def test_the_new_area_goes_on_from_the_edge(soft, make_document, same):
    _, result = extended(make_document(soft), same, right=80)
    edge = soft.shape[1]
    jump = np.abs(result[:, edge].astype(int) - result[:, edge - 1]).mean()
    assert jump < 12


def test_a_large_picture_is_extended_piece_by_piece(soft, make_document, engine, monkeypatch):
    monkeypatch.setattr(extend_canvas, "SINGLE_AREA", 1)
    monkeypatch.setattr(extend_canvas, "PIECE", 90)
    monkeypatch.setattr(extend_canvas, "CONTEXT", 40)
    monkeypatch.setattr(extend_canvas, "FADE", 16)
    monkeypatch.setattr(extend_canvas, "KEPT", Extent(100, 64))
    document = make_document(soft, PixelFormat(SampleType.U16, Channels.RGBA))
    run, result = extended(document, engine, left=30, bottom=50)
    assert len([item for item in run.items if item.id.startswith("keep")]) > 4
    assert len([item for item in run.items if item.id.startswith("extend")]) > 3
    assert max(item.windows[0].bounds.area for item in run.items) < 203 * 171
    assert result[:171, 30:].tobytes() == document.image.tobytes()
    decoded = samples.decode(document.pack(result), document.format, run.plan.extent)
    assert (decoded.alpha[171:] == 1).all()
    assert (result[171:, :, :3].sum(axis=2) > 0).all()
    assert (result[:, :30, :3].sum(axis=2) > 0).all()


def plan_of(extent, **sides):
    model = next(each for each in MODELS if each.name == MODEL)
    rgb = PixelFormat(SampleType.U8, Channels.RGB)
    parameters = {"extend": sides}
    request = JobRequest("fill", parameters, extent, rgb, "srgb", None, None, model)
    return Fill().plan(request, Fill.parameters.parse(parameters))


def test_a_band_is_planned_as_one_picture_where_it_can_be():
    plan = plan_of(Extent(5000, 4000), right=400, top=300)
    canvases = [item.arguments["piece"] for item in plan.items if item.id.startswith("extend")]
    assert canvases == [[0, 0, 5400, 812], [4488, 0, 912, 4300]]


def test_a_gigapixel_needs_no_large_item():
    plan = plan_of(Extent(40_000, 30_000), right=300, top=2000)
    assert plan.extent == Extent(40_300, 32_000)
    assert max(item.windows[0].bounds.area for item in plan.items) <= 4096 * 1024
    for item in plan.items:
        if "piece" in item.arguments:
            _, _, width, height = item.arguments["piece"]
            assert width * height < 9 << 20


def test_a_selection_and_a_larger_canvas_do_not_go_together(soft, make_document, engine):
    with pytest.raises(InputError, match="one job"):
        run_job(make_document(soft, bounds=(0, 0, 10, 10)), engine, "fill", **JOB, extend={"left": 5})
