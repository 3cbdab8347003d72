"""What happens to bytes between the protocol and GIMP's buffers."""

import struct
from types import SimpleNamespace

import pytest
from foveate_gimp import document, same_pixels
from foveate_gimp.buffers import converted_coverage, read, write
from foveate_gimp.formats import LayerFormat, coverage_format
from foveate_gimp.layers import ImageKind, _whole, _with_coverage

from foveate_shared.errors import InputError, ServerError
from foveate_shared.geometry import Bounds, Extent
from foveate_shared.jobs.coverage import differs_where_covered
from foveate_shared.jobs.host import Image, ResultPatch
from foveate_shared.pixels import COVERAGE_U8, Channels, PixelFormat, SampleType


def layout(samples, channels=Channels.RGBA):
    return LayerFormat("any", "own", PixelFormat(samples, channels), is_reduced=False)


class Buffer:
    """A GEGL buffer that hands out fewer bytes than were asked for, and takes any."""

    def __init__(self):
        self.taken = None

    def get(self, rectangle, scale, name, policy):
        return b"\0" * 7

    def set(self, rectangle, name, data):
        self.taken = data


def test_a_wrong_number_of_bytes_is_never_passed_on():
    buffer = Buffer()
    with pytest.raises(InputError):
        read(buffer, Bounds(0, 0, 2, 1), "any", 4)
    with pytest.raises(ServerError):
        write(buffer, Bounds(0, 0, 2, 1), "any", b"\0" * 7, 4)
    assert buffer.taken is None
    write(buffer, Bounds(0, 0, 2, 1), "any", b"\1" * 8, 4)
    assert buffer.taken == b"\1" * 8


def test_coverage_of_the_right_kind_is_not_converted():
    assert converted_coverage(b"\1\2", Extent(2, 1), SampleType.U8, SampleType.U8) == b"\1\2"


@pytest.mark.parametrize(
    ("samples", "name"),
    [(SampleType.U8, "Y u8"), (SampleType.U16, "Y u16"), (SampleType.F16, "Y float"), (SampleType.F32, "Y float")],
)
def test_selections_are_read_as_the_protocol_allows(samples, name):
    found, kind = coverage_format(samples)
    assert found == name
    assert kind.channels is Channels.Y
    assert kind.dtype is not SampleType.F16


@pytest.mark.parametrize(("change", "differs"), [(1e-7, False), (1e-3, True)])
def test_floats_may_differ_as_little_as_gimp_draws_them(change, differs):
    old, new = (struct.pack("<4f", value, 0, 0, 1) for value in (0.5, 0.5 + change))
    covered = struct.pack("<f", 1.0)
    noise = same_pixels._NOISE[SampleType.F32]
    assert differs_where_covered(old, new, covered, layout(SampleType.F32).pixels, noise) is differs


def test_an_image_is_of_the_same_kind_whenever_its_profile_was_derived():
    first, later, other = (
        ImageKind("u16-linear", layout(SampleType.U16), attached, icc, None)
        for attached, icc in ((b"own", b"at 1 s"), (b"own", b"at 2 s"), (b"another", b"at 1 s"))
    )
    assert first == later
    assert first != other


def test_pixels_without_alpha_get_their_coverage_as_it():
    extent = Extent(2, 1)
    image = Image(extent, bytes(range(6)), PixelFormat(SampleType.U8, Channels.RGB))
    soft = ResultPatch(extent.bounds, image, Image(extent, bytes([7, 200]), COVERAGE_U8))
    assert _whole(soft, layout(SampleType.U8)) == bytes([0, 1, 2, 7, 3, 4, 5, 200])
    assert _whole(ResultPatch(extent.bounds, image, None), layout(SampleType.U8)) == bytes([0, 1, 2, 255, 3, 4, 5, 255])


class Sheet:
    """A GEGL buffer of one row: a pixel of it is `size` bytes."""

    def __init__(self, data, size):
        self.data, self.size = data, size

    def get(self, rectangle, scale, name, policy):
        return self.data


@pytest.mark.parametrize(("covered", "sentence"), [(None, "Nothing in this image"), (b"\0\xff", "in the selection")])
def test_where_nothing_is_visible_nothing_is_begun(covered, sentence):
    hidden, shown = bytes(8), bytes(7) + b"\1"
    size, region = 4, Bounds(0, 0, 2, 1)
    frozen = SimpleNamespace(
        region=region,
        visible=Sheet(hidden, size),
        coverage=covered and Sheet(covered, 1),
        kind=SimpleNamespace(layout=layout(SampleType.U8)),
    )
    with pytest.raises(InputError, match=sentence):
        document._require_something_visible(frozen)
    frozen.visible.data = shown
    document._require_something_visible(frozen)


def test_a_layer_is_transparent_where_its_image_was():
    kind = layout(SampleType.U8)
    pixels = Image(Extent(2, 1), b"\0\0\0\0\1\2\3\xff", kind.pixels)
    patch = ResultPatch(Bounds(0, 0, 2, 1), pixels, Image(Extent(2, 1), b"\xff\x80", COVERAGE_U8))
    assert _with_coverage(patch, kind) == b"\0\0\0\0\1\2\3\x80"
