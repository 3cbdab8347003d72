import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from foveate_server.imaging.samples import DTYPES, decode, encode
from foveate_shared.errors import ErrorCode, InputError
from foveate_shared.geometry import Bounds, Extent
from foveate_shared.pixels import AlphaMode, Channels, PixelFormat, RowOrder, SampleType

FORMATS = st.builds(
    PixelFormat,
    st.sampled_from(SampleType),
    st.sampled_from(Channels),
    st.just(AlphaMode.STRAIGHT),
    st.sampled_from(RowOrder),
)


@st.composite
def images(draw, formats=FORMATS):
    """Return (bytes, format, extent) of any legal image; floats reach far beyond 0..1."""
    pixel_format = draw(formats)
    extent = Extent(draw(st.integers(1, 9)), draw(st.integers(1, 9)))
    dtype = DTYPES[pixel_format.dtype]
    values = None
    if pixel_format.dtype.is_float:
        values = st.floats(allow_nan=False, allow_infinity=False, width=8 * dtype.itemsize)
    shape = (extent.height, extent.width, pixel_format.channels.count)
    return draw(hnp.arrays(dtype, shape, elements=values)).tobytes(), pixel_format, extent


@given(images())
@settings(max_examples=150, deadline=None)
def test_straight_pixels_come_back_to_the_bit(image):
    data, pixel_format, extent = image
    decoded = decode(data, pixel_format, extent)
    assert encode(decoded.color, decoded.alpha, pixel_format) == data


@pytest.mark.parametrize("dtype", [SampleType.U8, SampleType.U16])
def test_every_integer_value_comes_back(dtype):
    full = np.iinfo(DTYPES[dtype]).max
    values = np.arange(full + 1, dtype=DTYPES[dtype])
    pixel_format = PixelFormat(dtype, Channels.Y)
    decoded = decode(values.tobytes(), pixel_format, Extent(len(values), 1))
    assert encode(decoded.color, None, pixel_format) == values.tobytes()
    assert decoded.color.min() == 0
    assert decoded.color.max() == 1


@pytest.mark.parametrize("channels", [c for c in Channels if not c.is_gray])
@pytest.mark.parametrize("rows", RowOrder)
def test_layouts_name_the_same_picture(channels, rows):
    levels = {"R": 10, "G": 20, "B": 30, "A": 40}
    top = bytes(levels[name] for name in channels.value)
    bottom = bytes(2 * levels[name] for name in channels.value)
    data = top + bottom if rows is RowOrder.TOP_DOWN else bottom + top
    decoded = decode(data, PixelFormat(SampleType.U8, channels, rows=rows), Extent(1, 2))
    assert np.rint(decoded.color[:, 0] * 255).tolist() == [[10, 20, 30], [20, 40, 60]]
    if channels.has_alpha:
        assert np.rint(decoded.alpha[:, 0] * 255).tolist() == [40, 80]


@given(st.sampled_from([SampleType.U8, SampleType.U16]), st.data())
@settings(max_examples=60, deadline=None)
def test_premultiplied_integers_come_back_where_they_are_visible(dtype, data):
    pixel_format = PixelFormat(dtype, Channels.RGBA, AlphaMode.PREMULTIPLIED)
    pixels = data.draw(hnp.arrays(DTYPES[dtype], (3, 3, 4)))
    pixels[..., :3] = np.minimum(pixels[..., :3], pixels[..., 3:])  # what premultiplication can give
    decoded = decode(pixels.tobytes(), pixel_format, Extent(3, 3))
    assert decoded.color.max(initial=0) <= 1
    assert encode(decoded.color, decoded.alpha, pixel_format) == pixels.tobytes()


def test_invisible_pixels_keep_the_original_samples():
    pixel_format = PixelFormat(SampleType.F32, Channels.RGBA, AlphaMode.PREMULTIPLIED)
    glow = np.array([[[0.5, 0.25, 4.0, 0.0], [0.5, 0.25, 0.125, 0.5]]], "<f4")  # light without cover; half covered
    decoded = decode(glow.tobytes(), pixel_format, Extent(2, 1))
    assert decoded.color[0, 1].tolist() == [1.0, 0.5, 0.25]
    changed = decoded.color * 0.5
    kept = np.frombuffer(encode(changed, decoded.alpha, pixel_format, original=glow.tobytes()), "<f4").reshape(1, 2, 4)
    assert kept[0, 0].tolist() == glow[0, 0].tolist()
    assert kept[0, 1].tolist() == [0.25, 0.125, 0.0625, 0.5]


def test_light_under_next_to_no_cover_stays_finite():
    pixels = np.array([[[3e38, 1.0, 0.0, 1e-30]]], "<f4")
    decoded = decode(
        pixels.tobytes(), PixelFormat(SampleType.F32, Channels.RGBA, AlphaMode.PREMULTIPLIED), Extent(1, 1)
    )
    assert np.isfinite(decoded.color).all()


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("dtype", [SampleType.F16, SampleType.F32])
def test_pixels_that_are_no_numbers_are_refused_and_located(bad, dtype):
    pixels = np.zeros((4, 5, 4), DTYPES[dtype])
    pixels[2, 3, 1] = bad
    with pytest.raises(InputError, match="x = 3, y = 2") as caught:
        decode(pixels.tobytes(), PixelFormat(dtype, Channels.RGBA), Extent(5, 4))
    assert caught.value.info.code is ErrorCode.INVALID_PIXELS


@pytest.mark.parametrize(
    ("shows", "source", "told"),
    [
        (Bounds(28, 8, 5, 4), "document", "The image's pixel at x = 31, y = 10, counted from its top left corner"),
        (Bounds(10, 20, 50, 40), "document", "x = 40, y = 40"),  # a window at a tenth of its size
        (Bounds(0, 0, 5, 4), "control", "x = 3, y = 2 of the picture 'control'"),
    ],
)
@pytest.mark.parametrize("rows", RowOrder)
def test_pixels_that_are_no_numbers_are_where_a_person_finds_them(shows, source, told, rows):
    pixels = np.zeros((4, 5, 3), np.float32)
    pixels[2 if rows is RowOrder.TOP_DOWN else 1, 3] = np.inf
    with pytest.raises(InputError, match=told):
        decode(
            pixels.tobytes(),
            PixelFormat(SampleType.F32, Channels.RGB, rows=rows),
            Extent(5, 4),
            shows=shows,
            source=source,
        )


@pytest.mark.parametrize("size", [0, 11, 13, 24])
def test_a_buffer_of_another_size_is_refused(size):
    with pytest.raises(InputError, match="12 bytes"):
        decode(bytes(size), PixelFormat(SampleType.U8, Channels.RGB), Extent(2, 2))


def test_values_beyond_an_integer_are_clipped_and_beyond_a_float_too():
    color = np.array([[[-1.0], [2.0], [1e30]]], np.float32)
    assert encode(color, None, PixelFormat(SampleType.U8, Channels.Y)) == bytes([0, 255, 255])
    half = np.frombuffer(encode(color, None, PixelFormat(SampleType.F16, Channels.Y)), "<f2")
    assert half.tolist() == [-1.0, 2.0, 65504.0]
