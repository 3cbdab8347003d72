"""What happens to bytes between the protocol and GIMP's buffers."""

import struct

import pytest
from foveate_gimp import same_pixels
from foveate_gimp.buffers import converted_coverage, read, write
from foveate_gimp.formats import LayerFormat, coverage_format
from foveate_gimp.layers import ImageKind, _whole

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
