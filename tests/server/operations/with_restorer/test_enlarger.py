from __future__ import annotations

import numpy as np
import pytest

from fakes.tickers import RecordingTicker
from foveate_server.imaging import samples
from foveate_server.operations.contract import JobRequest
from foveate_server.operations.with_restorer import enlarger
from foveate_server.operations.with_restorer.enlarger import Enlarged
from foveate_shared.geometry import Bounds, Extent
from foveate_shared.pixels import AlphaMode, Channels, PixelFormat, RowOrder, SampleType

HEIGHT, WIDTH = 37, 29
BOTTOM_UP = PixelFormat(SampleType.U16, Channels.RGBA, AlphaMode.STRAIGHT, RowOrder.BOTTOM_UP)


def request(pixel_format: PixelFormat) -> JobRequest:
    return JobRequest("upscale", {}, Extent(WIDTH, HEIGHT), pixel_format, "srgb", None, None)


def enlarged(factor: int, scale: int) -> Enlarged:
    """Return a picture that a network enlarged by `factor`, to be enlarged by `scale`."""
    draw = np.random.default_rng(0)
    rendered = draw.random((HEIGHT * factor, WIDTH * factor, 3), np.float32)
    correction = (draw.random((HEIGHT, WIDTH, 3), np.float32) - 0.5) / 10
    return Enlarged(rendered, correction, draw.random((HEIGHT * scale, WIDTH * scale), np.float32), scale)


@pytest.mark.parametrize("scale", [2, 3, 4])
@pytest.mark.parametrize("factor", [1, 2, 4])
def test_rows_are_those_of_the_whole(factor: int, scale: int) -> None:
    picture = enlarged(factor, scale)
    whole = picture.rows(0, HEIGHT)
    assert whole.shape == (HEIGHT * scale, WIDTH * scale, 3)
    for top, bottom in ((0, 5), (5, 6), (6, 30), (30, HEIGHT)):
        np.testing.assert_allclose(picture.rows(top, bottom), whole[top * scale : bottom * scale], atol=1e-6)


@pytest.mark.parametrize("pixel_format", [BOTTOM_UP, PixelFormat(SampleType.U8, Channels.RGB)], ids=["up", "down"])
def test_a_part_is_the_same_however_few_rows_are_taken_at_a_time(monkeypatch, pixel_format: PixelFormat) -> None:
    picture, part = enlarged(4, 3), Bounds(2, 3, 20, 31)
    whole = picture.encode(request(pixel_format), part, RecordingTicker())
    monkeypatch.setattr(enlarger, "BAND_AREA", 20 * 9 * 4)
    monkeypatch.setattr(enlarger, "ENCODED_AREA", 60 * 5)
    ticker = RecordingTicker()
    assert picture.encode(request(pixel_format), part, ticker) == whole
    assert ticker.gave_way > 1
    shown = samples.decode(whole, pixel_format, part.extent.scaled(3)).color
    assert np.abs(shown - np.clip(picture.rows(3, 34)[:, 6:66], 0, 1)).max() < 1 / 255


def test_colours_keep_their_low_frequencies_in_bands_too(monkeypatch) -> None:
    draw = np.random.default_rng(1)
    nominal, rendered = draw.random((HEIGHT, WIDTH, 3), np.float32), draw.random((148, 116, 3), np.float32)
    whole = enlarger._color_difference(nominal, rendered, RecordingTicker())
    monkeypatch.setattr(enlarger, "BAND_AREA", 1)
    np.testing.assert_allclose(enlarger._color_difference(nominal, rendered, RecordingTicker()), whole, atol=1e-6)
