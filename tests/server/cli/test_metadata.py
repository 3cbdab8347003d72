"""Exif and XMP survive from each container into each, whole but for what the result has made untrue."""

import io
import struct
import zlib
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageOps, TiffImagePlugin
from PIL.TiffImagePlugin import IFDRational

from foveate_server.picture_files import exif, tiff, xmp
from foveate_server.picture_files.picture import Picture
from foveate_server.picture_files.read import read_picture
from foveate_server.picture_files.write import prepare, save
from foveate_shared import png
from foveate_shared.geometry import Extent
from foveate_shared.pixels import Channels

SUFFIXES = [".png", ".jpg", ".webp", ".tif"]
PIXELS = np.arange(5 * 7 * 3, dtype=np.uint8).reshape(5, 7, 3)
PACKET = b"""<?xpacket begin="\xef\xbb\xbf" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about=""
 xmlns:tiff="http://ns.adobe.com/tiff/1.0/" xmlns:xmp="http://ns.adobe.com/xap/1.0/"
 xmlns:mine="http://example.org/mine/" tiff:Orientation="6" xmp:Rating="4" mine:word="\xc3\xa4\xc3\xb6">
</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="w"?>"""
UPRIGHT_PACKET = PACKET.replace(b'Orientation="6"', b'Orientation="1"')
NOT_DESCRIPTIVE = {  # of a TIFF's directory: how its samples are stored
    *(0x00FE, 0x0100, 0x0101, 0x0102, 0x0103, 0x0106, 0x0111, 0x0115, 0x0116, 0x0117, 0x011C, 0x013D, 0x0152, 0x0153),
    tiff.XMP,
    *tiff.POINTERS,
}


def exif_block(orientation: int) -> Image.Exif:
    block = Image.Exif()
    block[0x010F], block[0x0112], block[0x013B] = "Maker", orientation, "Photographer"
    details = block.get_ifd(tiff.EXIF)
    details[0x829A], details[0x829D], details[0x927C] = IFDRational(1, 125), IFDRational(28, 10), b"MAKER NOTE"
    details[0x9000], details[0xA002], details[0xA003] = b"0232", 7, 5
    place = block.get_ifd(tiff.GPS)
    place[1], place[2] = "N", (IFDRational(48), IFDRational(51), IFDRational(30))
    return block


def facts_of(path):
    """What another program than ours reads."""
    with Image.open(path) as image:
        block = image.getexif()
        tags = {**block, **block.get_ifd(tiff.EXIF), **block.get_ifd(tiff.GPS)}
    return {tag: str(value) for tag, value in tags.items() if tag not in NOT_DESCRIPTIVE}


def packet_of(path):
    with Image.open(path) as image:
        packet = image.info.get("xmp") or image.info.get("XML:com.adobe.xmp")
        if packet is None and hasattr(image, "tag_v2"):
            packet = image.tag_v2.get(tiff.XMP)
    return packet.encode() if isinstance(packet, str) else packet


def write_original(path, orientation=6):
    image = Image.fromarray(PIXELS)
    if path.suffix == ".png":
        save(Picture(PIXELS, Channels.RGB, exif=exif_block(orientation).tobytes()[6:]), path)
        data = path.read_bytes()
        text = png.chunk(b"iTXt", b"XML:com.adobe.xmp\0\x01\0\0\0" + zlib.compress(PACKET))
        block = png.chunk(b"eXIf", exif_block(orientation).tobytes()[6:])
        header = len(png.SIGNATURE) + 25
        end = data.index(b"eXIf") - 4
        rest = end + 12 + struct.unpack_from(">I", data, end)[0]
        path.write_bytes(data[:header] + text + block + data[header:end] + data[rest:])
    elif path.suffix == ".tif":
        block = exif_block(orientation)
        directory = TiffImagePlugin.ImageFileDirectory_v2()
        for tag, value in block.items():
            directory[tag] = value
        for tag in (tiff.EXIF, tiff.GPS):
            directory[tag] = block.get_ifd(tag)
        directory[tiff.XMP] = PACKET
        image.save(path, tiffinfo=directory)
    else:
        image.save(path, exif=exif_block(orientation), xmp=PACKET)


@pytest.mark.parametrize("target", SUFFIXES)
@pytest.mark.parametrize("source", SUFFIXES)
def test_exif_and_xmp_survive_whole_and_upright(tmp_path, source, target):
    original, result = tmp_path / f"in{source}", tmp_path / f"out{target}"
    write_original(original)
    picture = read_picture(original)
    assert (picture.extent.width, picture.extent.height) == (5, 7)
    save(prepare(picture, result), result)
    assert facts_of(result) == facts_of(original) | {0x0112: "1", 0xA002: "5", 0xA003: "7"}
    assert facts_of(result)[0x927C] == str(b"MAKER NOTE")
    assert packet_of(result) == UPRIGHT_PACKET
    again = read_picture(result)
    assert again.extent == picture.extent
    if ".jpg" not in (source, target):
        np.testing.assert_array_equal(again.samples, picture.samples)


@pytest.mark.parametrize("dtype", [np.uint16, np.float32])
def test_deep_tiffs_carry_both_too(tmp_path, dtype):
    samples = np.random.default_rng(0).integers(0, 2, (33, 65, 4)).astype(dtype)
    picture = Picture(samples, Channels.RGBA, exif=exif_block(1).tobytes()[6:], xmp=PACKET)
    save(picture, tmp_path / "a.tif")
    again = read_picture(tmp_path / "a.tif")
    np.testing.assert_array_equal(again.samples, samples)
    assert again.exif
    assert again.xmp == UPRIGHT_PACKET
    save(again, tmp_path / "b.tif")
    assert read_picture(tmp_path / "b.tif").exif == again.exif


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_no_packet_is_made_up(tmp_path, suffix):
    Image.fromarray(PIXELS).save(tmp_path / "in.jpg")
    save(read_picture(tmp_path / "in.jpg"), tmp_path / f"out{suffix}")
    assert packet_of(tmp_path / f"out{suffix}") is None


@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation_is_applied_as_pillow_does(tmp_path, orientation):
    path = tmp_path / "a.png"
    Image.fromarray(PIXELS).save(path, exif=exif_block(orientation))
    with Image.open(path) as image:
        expected = np.asarray(ImageOps.exif_transpose(image))
    np.testing.assert_array_equal(read_picture(path).samples, expected)


def test_where_exif_and_xmp_disagree_about_orientation_exif_wins(tmp_path):
    path = tmp_path / "a.jpg"
    write_original(path, orientation=1)
    assert read_picture(path).extent == Extent(7, 5)


@pytest.mark.parametrize("order", ["II", "MM"])
def test_the_thumbnail_of_the_picture_before_goes(order):
    code = "<" if order == "II" else ">"
    link = struct.pack(code + "I", 8 + 2 + 12 + 4)
    first = struct.pack(code + "HHHIHxx", 1, 0x0112, 3, 1, 6) + link
    second = struct.pack(code + "HHHIIHHIII", 2, 0x0201, 4, 1, 56, 0x0202, 4, 1, 4, 0)
    block = order.encode() + struct.pack(code + "HI", 42, 8) + first + second + b"JPEG"
    made = exif.describing(block, Extent(3, 4))
    assert exif.orientation_in(block) == 6
    assert made[10:22] == struct.pack(code + "HHIHxx", 0x0112, 3, 1, 1)
    assert b"JPEG" not in made
    assert made[22:26] == bytes(4), "no second directory"


def test_a_size_beyond_16_bits_gets_a_larger_field():
    size = struct.pack("<HHHIHxxI", 1, 0xA002, 3, 1, 7, 0)
    block = b"II*\0\x08\0\0\0" + struct.pack("<HHHIII", 1, tiff.EXIF, 4, 1, 26, 0) + size
    made = exif.describing(block, Extent(70_000, 4))
    assert made[26:40] == struct.pack("<HHHII", 1, 0xA002, 4, 1, 70_000)


@given(st.binary(max_size=200), st.integers(0, 3))
@settings(max_examples=200)
def test_damaged_blocks_are_left_out(noise, start):
    block = (b"II*\0\x08\0\0\0", b"MM\0*\0\0\0\x08", b"II+\0", b"")[start] + noise
    made = exif.describing(block, Extent(3, 4))
    assert made is None or len(made) == len(block)
    exif.orientation_in(block)
    tiff.read_descriptive(io.BytesIO(block))


FIELDS = st.sampled_from(sorted(tiff.UNIT_BYTES)).flatmap(
    lambda kind: st.integers(1, 9).flatmap(
        lambda count: st.binary(
            min_size=count * tiff.UNIT_BYTES[kind] * tiff.UNITS.get(kind, 1),
            max_size=count * tiff.UNIT_BYTES[kind] * tiff.UNITS.get(kind, 1),
        ).map(lambda data: tiff.TiffField(kind, data))
    )
)
PLAIN_TAGS = st.integers(1, 65_535).filter(lambda tag: tag not in tiff.POINTERS)
SUBDIRECTORY = st.dictionaries(PLAIN_TAGS, FIELDS, min_size=1, max_size=5)


@given(SUBDIRECTORY, SUBDIRECTORY, SUBDIRECTORY, st.sampled_from("<>"))
@settings(max_examples=60)
def test_fields_come_back_as_they_were_in_either_byte_order(details, place, below, order):
    fields = {
        0x010F: tiff.TiffField(2, b"Maker\0"),
        tiff.EXIF: details | {tiff.INTEROPERABILITY: below},
        tiff.GPS: place,
    }
    block = tiff.exif_block(tiff.Layout(order), fields)
    layout, again, packet = tiff.read_descriptive(io.BytesIO(block))
    assert (layout, again, packet) == (tiff.Layout(order), fields, None)


@pytest.mark.parametrize("form", [b'<rdf:D xmlns:t="%s" t:%s="%s"/>', b'<rdf:D xmlns:t="%s"><t:%s>%s</t:%s></rdf:D>'])
def test_xmp_is_made_true_in_both_its_forms(form):
    names = b"http://ns.adobe.com/tiff/1.0/"
    for name, value in {b"Orientation": b"1", b"ImageWidth": b"30", b"ImageLength": b"20"}.items():
        parts = (names, name, b"8", name)[: form.count(b"%s")]
        expected = (names, name, value, name)[: form.count(b"%s")]
        assert xmp.describing(form % parts, Extent(30, 20)) == form % expected


def test_xmp_loses_its_old_thumbnail_and_its_continuation():
    packet = (
        b'<rdf:D xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:n="http://ns.adobe.com/xmp/note/" n:HasExtendedXMP="AB"'
        b' xmp:Rating="3"><xmp:Thumbnails><rdf:Alt>BASE64</rdf:Alt></xmp:Thumbnails><xmp:Label>red</xmp:Label></rdf:D>'
    )
    made = xmp.describing(packet, Extent(1, 1))
    assert b"Thumbnails" not in made
    assert b"BASE64" not in made
    assert b"Extended" not in made
    assert b' xmp:Rating="3"><xmp:Label>red</xmp:Label>' in made


def test_what_is_too_large_for_jpeg_is_left_out_with_a_word(tmp_path):
    picture = Picture(PIXELS, Channels.RGB, xmp=PACKET + b" " * 70_000, exif=exif_block(1).tobytes()[6:])
    prepared = prepare(picture, tmp_path / "a.jpg")
    assert prepared.xmp is None
    assert prepared.exif
    assert any("XMP packet of 68 KiB" in note for note in prepared.notes)
    assert prepare(replace(picture, kind="jpeg"), tmp_path / "a.png").xmp == picture.xmp
