import numpy as np
import pytest

from fakes.documents import run_job
from foveate_server.operations.document import window_pixels
from foveate_server.operations.with_restorer import strips
from foveate_shared.geometry import Bounds, Extent
from foveate_shared.pixels import AlphaMode, Channels, PixelFormat, SampleType

RGBA = PixelFormat(SampleType.U8, Channels.RGBA)


@pytest.mark.parametrize("scale", [2, 3, 4])
def test_strips_tile_the_new_image_and_equal_the_whole(soft, make_document, engine, monkeypatch, scale) -> None:
    document = make_document(soft, RGBA)
    whole = run_job(document, engine, "upscale", scale=scale)
    assert whole.plan.frame == "new"
    assert whole.plan.extent == Extent(203 * scale, 171 * scale)
    assert len(whole.patches) == 1
    monkeypatch.setattr(strips, "STRIP_WIDTH", 61)
    monkeypatch.setattr(strips, "STRIP_AREA", 61 * 61)
    cut = run_job(document, engine, "upscale", scale=scale)
    assert len(cut.patches) == 4 * 3
    seen = np.zeros((171 * scale, 203 * scale), int)
    for patch in cut.patches:
        seen[patch.bounds.y : patch.bounds.bottom, patch.bounds.x : patch.bounds.right] += 1
        assert patch.coverage is None
    assert (seen == 1).all()
    difference = np.abs(cut.applied_to(document).astype(int) - whole.applied_to(document))
    visible = whole.applied_to(document)[..., 3] > 0
    assert difference[visible].max() <= 1


@pytest.mark.parametrize("scale", [2, 3, 4])
def test_the_result_is_the_picture_enlarged(soft, make_document, engine, pixel_format, scale) -> None:
    document = make_document(soft, pixel_format)
    result = run_job(document, engine, "upscale", scale=scale).applied_to(document)
    height, width, channels = document.image.shape
    assert result.shape == (height * scale, width * scale, channels)
    means = result.reshape(height, scale, width, scale, channels).astype(float).mean(axis=(1, 3))
    full = 1.0 if pixel_format.dtype.is_float else float(np.iinfo(result.dtype).max)
    alpha = pixel_format.channels.alpha_position
    opaque = np.ones((height, width), bool) if alpha is None else document.image[..., alpha] >= full
    assert np.abs(means - document.image)[opaque].mean() < 0.05 * full  # the engine's own change of tones


def test_depth_is_kept(soft, make_document, engine) -> None:
    document = make_document(soft, PixelFormat(SampleType.U16, Channels.RGB))
    result = run_job(document, engine, "upscale", scale=2).applied_to(document)
    assert result.dtype == np.uint16
    assert len(np.unique(result % 256)) > 200


def test_alpha_is_enlarged_and_hidden_colours_do_not_bleed(make_document, engine) -> None:
    color = np.full((60, 60, 3), 0.8, np.float32)
    for mode in (AlphaMode.STRAIGHT, AlphaMode.PREMULTIPLIED):
        document = make_document(color, PixelFormat(SampleType.U8, Channels.RGBA, mode))
        document.image[document.image[..., 3] == 0] = 0  # black and invisible
        result = run_job(document, engine, "upscale", scale=4).applied_to(document)
        alpha = result[..., 3].astype(float)
        assert alpha.min() == 0
        assert alpha.max() == 255
        visible = alpha > 40
        straight = result[..., :3][visible].astype(float)
        if mode is AlphaMode.PREMULTIPLIED:
            straight = straight / alpha[visible][:, np.newaxis] * 255
        assert np.quantile(np.abs(straight - 204), 0.999) < 12  # rounding under a thin alpha


def test_what_is_invisible_has_the_nearest_visible_colour_as_far_as_a_network_sees() -> None:
    """No further: two windows that overlap must hold the same picture, whatever lies beyond them."""
    working = np.zeros((4, 300, 3), np.float32)
    working[:, :10] = 0.5
    alpha = np.zeros((4, 300), np.float32)
    alpha[:, :10] = 1
    filled = window_pixels.fill_invisible(working, alpha)
    reached = 10 + window_pixels.FILLED
    assert (filled[:, : reached - 1] == 0.5).all()
    assert (filled[:, reached:] == 0).all()
    assert np.array_equal(window_pixels.fill_invisible(working[:, 5:], alpha[:, 5:]), filled[:, 5:])


def test_only_the_region_is_enlarged_and_its_surroundings_count(soft, make_document, engine) -> None:
    document = make_document(soft, bounds=(50, 40, 31, 27))
    run = run_job(document, engine, "upscale", scale=3)
    assert run.plan.extent == Extent(93, 81)
    assert [patch.bounds for patch in run.patches] == [Bounds(0, 0, 93, 81)]
    whole = run_job(make_document(soft), engine, "upscale", scale=3).applied_to(document_of(soft, make_document))
    assert np.abs(run.applied_to(document).astype(int) - whole[120:201, 150:243]).max() <= 1


def document_of(soft, make_document):
    return make_document(soft)


def test_an_image_of_one_pixel(make_document, engine) -> None:
    document = make_document(np.full((1, 1, 3), 0.5, np.float32))
    result = run_job(document, engine, "upscale", scale=2).applied_to(document)
    assert result.shape == (2, 2, 3)
    assert np.abs(result.astype(int) - 128).max() <= 1


def test_in_place_keeps_the_extent_and_adds_detail(soft, make_document, engine) -> None:
    document = make_document(soft, bounds=(40, 30, 110, 100))
    run = run_job(document, engine, "upscale", target="document")
    assert run.plan.frame == "document"
    result = run.applied_to(document)
    part = (slice(50, 110), slice(60, 130))
    before, after = (np.abs(np.diff(image[part].astype(float), axis=1)).mean() for image in (document.image, result))
    assert after > 1.03 * before


def test_a_large_image_is_many_items_with_small_windows(make_document, engine) -> None:
    from foveate_server.operations.upscale import Upscale

    document = make_document(np.zeros((8, 8, 3), np.float32))
    request = document.request("upscale", scale=4)
    request = type(request)(**{**vars(request), "extent": Extent(8192, 8192)})
    plan = Upscale().plan(request, Upscale.parameters.parse(request.parameters))
    assert plan.extent == Extent(32768, 32768)
    assert len(plan.items) == 4 * 16
    assert max(item.windows[0].bounds.area for item in plan.items) < 5_000_000
