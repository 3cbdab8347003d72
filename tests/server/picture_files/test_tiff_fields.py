"""What a TIFF's directory says survives, IPTC among it, in either byte order and in whatever type it was written."""

import io
import struct

import numpy as np
import pytest
from PIL import Image, IptcImagePlugin

from fakes.told_pictures import IPTC, PIXELS, jpeg, resource
from foveate_server.picture_files.read import read_picture
from foveate_server.picture_files.write import prepare, save

PADDED = IPTC + bytes(-len(IPTC) % 4)


def tiff(fields, order="<"):
    """Return a TIFF of PIXELS with further fields: tag, type and bytes in the order of the file."""
    height, width, _ = PIXELS.shape
    entries = {
        256: (3, struct.pack(order + "H", width)),
        257: (3, struct.pack(order + "H", height)),
        258: (3, struct.pack(order + "3H", 8, 8, 8)),
        259: (3, struct.pack(order + "H", 1)),
        262: (3, struct.pack(order + "H", 2)),
        273: (4, struct.pack(order + "I", 8)),
        277: (3, struct.pack(order + "H", 3)),
        278: (3, struct.pack(order + "H", height)),
        279: (4, struct.pack(order + "I", PIXELS.nbytes)),
        **fields,
    }
    start = 8 + PIXELS.nbytes
    values = start + 2 + 12 * len(entries) + 4
    table, behind = struct.pack(order + "H", len(entries)), b""
    for tag, (kind, data) in sorted(entries.items()):
        count = len(data) // {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 7: 1, 12: 8}[kind]
        inline = data.ljust(4, b"\0") if len(data) <= 4 else struct.pack(order + "I", values + len(behind))
        behind += data + bytes(len(data) % 2) if len(data) > 4 else b""
        table += struct.pack(order + "HHI", tag, kind, count) + inline
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "I", start)
    return head + PIXELS.tobytes() + table + bytes(4) + behind


def through(tmp_path, data, source=".tif", target=".tif"):
    original, result = tmp_path / f"in{source}", tmp_path / f"out{target}"
    original.write_bytes(data)
    prepared = prepare(read_picture(original), result)
    save(prepared, result)
    return result, " ".join(prepared.notes)


def field(path, tag):
    with Image.open(path) as image:
        return image.tag_v2.get(tag)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize(
    ("kind", "data"),
    [(1, IPTC), (7, IPTC), (4, PADDED), (4, np.frombuffer(PADDED, "<u4").byteswap().tobytes())],
    ids=["bytes", "undefined", "long", "swapped"],
)
@pytest.mark.parametrize("target", [".tif", ".jpg"])
def test_iptc_survives(tmp_path, order, kind, data, target):
    path, notes = through(tmp_path, tiff({0x83BB: (kind, data)}, order), target=target)
    with Image.open(path) as image:
        found = IptcImagePlugin.getiptcinfo(image)
    assert found[2, 25] == [b"one", b"two"]
    assert found[2, 120] == b"A caption"
    assert not notes


def test_iptc_among_photoshop_s_resources_is_found_and_they_stay(tmp_path):
    other = resource(0x03F3, bytes(9))
    path, _ = through(tmp_path, tiff({0x8649: (1, resource(0x0404, IPTC) + other)}))
    assert field(path, 0x83BB) == IPTC
    assert field(path, 0x8649) == other


def test_a_jpeg_s_iptc_becomes_a_tiff_s(tmp_path):
    segment = b"Photoshop 3.0\0" + resource(0x0404, IPTC)
    data = jpeg(b"\xff\xed" + struct.pack(">H", len(segment) + 2) + segment)
    path, _ = through(tmp_path, data, ".jpg")
    assert field(path, 0x83BB) == IPTC


@pytest.mark.parametrize("order", ["<", ">"])
def test_fields_that_nobody_knows_here_survive(tmp_path, order):
    scale = struct.pack(order + "3d", 0.5, 0.5, 0.0)
    path, notes = through(tmp_path, tiff({33550: (12, scale), 65_000: (2, b"mine\0")}, order))
    assert field(path, 33550) == (0.5, 0.5, 0.0)
    assert field(path, 65_000) == "mine"
    assert not notes


@pytest.mark.parametrize(
    ("tag", "kind", "word"),
    [(0x935C, 7, "Photoshop's layers"), (0xC612, 1, "what DNG says"), (0x014A, 4, "the further pictures")],
)
def test_what_is_not_true_of_a_result_is_told(tmp_path, tag, kind, word):
    path, notes = through(tmp_path, tiff({tag: (kind, bytes(8))}))
    assert word in notes
    assert field(path, tag) is None


def test_nothing_is_made_up(tmp_path):
    path, _ = through(tmp_path, tiff({}))
    assert field(path, 0x0132) is None, "no date"
    assert field(path, 700) is None, "no XMP"


@pytest.mark.parametrize("factor", [256, 257])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_palette_s_colours_are_its_upper_bits(tmp_path, factor, orientation):
    image = Image.fromarray(np.random.default_rng(0).integers(0, 256, (6, 8), np.uint8), "P")
    image.putpalette(np.random.default_rng(1).integers(0, 256, 768, np.uint8).tobytes())
    file = io.BytesIO()
    image.save(file, "TIFF", tiffinfo={274: orientation})
    data = file.getvalue()
    colors = np.array(image.getpalette(), np.uint16).reshape(256, 3).T
    written = (colors * 256).astype("<u2").tobytes()
    assert written in data
    (tmp_path / "in.tif").write_bytes(data.replace(written, (colors * factor).astype("<u2").tobytes()))
    Image.fromarray(np.asarray(image.convert("RGB"))).save(tmp_path / "rgb.tif", tiffinfo={274: orientation})
    expected = read_picture(tmp_path / "rgb.tif").samples
    np.testing.assert_array_equal(read_picture(tmp_path / "in.tif").samples, expected)
