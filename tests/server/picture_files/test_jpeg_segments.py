"""What a JPEG says survives its being encoded anew, and what would not be true of the result is told."""

import io
import struct

import numpy as np
import pytest
from PIL import Image, IptcImagePlugin

from fakes.told_pictures import IPTC, PIXELS, chunks_in, jpeg, png_file, profile, resource, segment, segments_in
from foveate_server.picture_files.picture import Picture
from foveate_server.picture_files.png_texts import raw_profile
from foveate_server.picture_files.read import read_picture
from foveate_server.picture_files.write import prepare, save
from foveate_shared.errors import InputError
from foveate_shared.pixels import Channels

PHOTOSHOP = b"Photoshop 3.0\0"
PACKET = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:Description xmlns:tiff="http://ns.adobe.com/tiff/1.0/" %s/></x:xmpmeta>'
)


@pytest.fixture
def through(tmp_path):
    """Read bytes as one kind of file and save the picture as another; return its bytes and what was said."""

    def run(data, source=".jpg", target=".jpg"):
        original, result = tmp_path / f"in{source}", tmp_path / f"out{target}"
        original.write_bytes(data)
        prepared = prepare(read_picture(original), result)
        save(prepared, result)
        return result.read_bytes(), " ".join(prepared.notes)

    return run


@pytest.mark.parametrize("size", [60_000, 65_519, 65_520, 70_000, 200_000, 1_000_000])
def test_profiles_of_several_segments_are_whole(tmp_path, size):
    path = tmp_path / "a.jpg"
    icc = profile(size)
    save(Picture(PIXELS, Channels.RGB, icc=icc), path)
    with Image.open(path) as image:
        assert image.info["icc_profile"] == icc
    assert read_picture(path).icc == icc


def test_a_profile_beyond_what_segments_can_number_is_left_out_with_a_word(tmp_path):
    prepared = prepare(Picture(PIXELS, Channels.RGB, icc=bytes(255 * 65_519 + 1)), tmp_path / "a.jpg")
    assert prepared.icc is None
    assert "colour profile" in prepared.notes[0]


def test_all_comments_survive_as_they_were(through):
    data, notes = through(jpeg(segment(0xFE, b"first"), segment(0xFE, "zweiter: \xfc".encode())))
    assert [content for marker, content in segments_in(data) if marker == 0xFE] == [b"first", "zweiter: \xfc".encode()]
    assert 0x010E not in Image.open(io.BytesIO(data)).getexif(), "no description is made of it"
    assert not notes


@pytest.mark.parametrize("form", [b'tiff:Orientation="6"', b'tiff:Other="1"><tiff:Orientation>6</tiff:Orientation'])
@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp", ".tif"])
def test_orientation_in_xmp_alone_is_applied(tmp_path, suffix, form):
    path = tmp_path / f"a{suffix}"
    packet = PACKET % form
    image = Image.fromarray(PIXELS)
    if suffix == ".png":
        path.write_bytes(png_file((b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + packet)))
    elif suffix == ".tif":
        image.save(path, tiffinfo={700: packet})
    else:
        image.save(path, xmp=packet, **({"lossless": True} if suffix == ".webp" else {}))
    picture = read_picture(path)
    assert (picture.extent.width, picture.extent.height) == (6, 8)
    if suffix != ".jpg":
        np.testing.assert_array_equal(picture.samples, np.rot90(PIXELS, 3))


def test_a_continued_packet_is_told(through):
    packet = PACKET % b'xmlns:xmpNote="http://ns.adobe.com/xmp/note/" xmpNote:HasExtendedXMP="AB"'
    data, notes = through(
        jpeg(
            segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + packet),
            segment(0xE1, b"http://ns.adobe.com/xmp/extension/\0" + bytes(40) + b"more"),
        )
    )
    assert b"HasExtendedXMP" not in data
    assert "the continuation of the XMP packet" in notes


@pytest.mark.parametrize("target", [".jpg", ".tif", ".png"])
def test_iptc_survives_in_any_order_of_resources(through, target):
    resources = resource(0x03ED, struct.pack(">IHHIHH", 300 << 16, 1, 1, 300 << 16, 1, 1)) + resource(0x0404, IPTC)
    data, notes = through(jpeg(segment(0xED, PHOTOSHOP + resources)), target=target)
    assert not notes
    if target == ".png":  # in the way of ImageMagick, which others read
        (text,) = [chunk for chunk in chunks_in(data) if chunk[0] == b"zTXt"]
        assert raw_profile(text) == resource(0x0404, IPTC) + resources[: -len(resource(0x0404, IPTC))]
        again, _ = through(data, source=".png")
        found = IptcImagePlugin.getiptcinfo(Image.open(io.BytesIO(again)))
    else:
        found = IptcImagePlugin.getiptcinfo(Image.open(io.BytesIO(data)))
    assert found == {
        (2, 5): b"A title",
        (2, 25): [b"one", b"two"],
        (2, 80): b"Somebody",
        (2, 120): b"A caption",
    }


def test_resources_that_fill_several_segments_are_whole(through):
    large = resource(0x07D0, np.random.default_rng(0).bytes(100_000), b"Path 1")
    whole = resource(0x0404, IPTC) + large
    parts = [segment(0xED, PHOTOSHOP + part) for part in (whole[:60_000], whole[60_000:])]
    data, _ = through(jpeg(*parts))
    assert b"".join(content[14:] for marker, content in segments_in(data) if marker == 0xED) == whole


def test_thumbnails_in_resources_go_with_a_word(through):
    data, notes = through(jpeg(segment(0xED, PHOTOSHOP + resource(0x040C, b"JPEG") + resource(0x0404, IPTC))))
    assert b"8BIM\x04\x0c" not in data
    assert "the thumbnail" in notes


@pytest.mark.parametrize("behind", [b"\0" * 500, b""])
def test_nothing_is_said_of_nothing(through, behind):
    assert through(jpeg(behind=behind))[1] == ""


@pytest.mark.parametrize(
    ("behind", "word"),
    [
        (b"\0\0\0\x18ftypmp42" + bytes(500), "the video"),
        (b"MotionPhoto_Data\0\0\0\x18ftypmp42" + bytes(500), "the video"),
        (jpeg(), "the further pictures"),
        (b"SEFT", "the data behind the picture"),
    ],
)
def test_what_lies_behind_the_end_is_told(through, behind, word):
    data, notes = through(jpeg(behind=behind))
    assert word in notes
    assert data.endswith(b"\xff\xd9")


def test_an_end_within_a_segment_between_scans_is_none(through):
    data = jpeg(progressive=True)
    scan = data.index(b"\xff\xda", data.index(b"\xff\xda") + 2)
    assert through(data[:scan] + segment(0xFE, b"no \xff\xd9 end") + data[scan:])[1] == ""


@pytest.mark.parametrize(
    ("marker", "content", "word"),
    [
        (0xE2, b"MPF\0II*\0", "the further pictures"),
        (0xEB, b"JP\0\1jumb", "the content credentials"),
        (0xE2, b"FPXR\0\0", "the segment APP2"),
        (0xE0, b"JFXX\0\x10", "the thumbnail"),
    ],
)
def test_segments_that_are_not_kept_are_named(through, marker, content, word):
    data, notes = through(jpeg(segment(marker, content)))
    assert word in notes
    assert content not in data


@pytest.mark.parametrize(("unit", "x", "y"), [(1, 300, 300), (2, 118, 59), (0, 4, 3)])
@pytest.mark.parametrize("target", [".jpg", ".png", ".tif"])
def test_the_resolution_survives(through, unit, x, y, target):
    data = jpeg()
    at = data.index(b"JFIF\0") + 7
    said, notes = through(data[:at] + struct.pack(">BHH", unit, x, y) + data[at + 5 :], target=target)
    again, _ = through(said, source=target)
    assert again[again.index(b"JFIF\0") + 7 :][:5] == struct.pack(">BHH", unit, x, y) or target == ".png"
    if target == ".png" and unit:
        inch = 2.54 if unit == 2 else 1
        assert Image.open(io.BytesIO(said)).info["dpi"] == pytest.approx((x * inch, y * inch), abs=0.02)
    assert not notes


@pytest.mark.parametrize("length", [0, 1])
def test_a_segment_shorter_than_its_own_length_is_damage(through, length):
    with pytest.raises(InputError, match="cut off or damaged"):
        through(b"\xff\xd8\xff\xfe" + struct.pack(">H", length) + jpeg()[2:6])


@pytest.mark.parametrize("parts", [b"\1\2", b"\2\2", b"\0\0", b""])
def test_a_profile_that_lacks_a_part_goes_with_a_word(through, parts):
    data, notes = through(jpeg(segment(0xE2, b"ICC_PROFILE\0" + parts + b"profile")))
    assert b"ICC_PROFILE" not in data
    assert "a damaged colour profile" in notes
