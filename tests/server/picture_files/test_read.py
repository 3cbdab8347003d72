"""Files that are not what they seem are refused with a sentence; odd but honest ones are read with a word."""

import contextlib
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from foveate_server.picture_files.picture import Picture
from foveate_server.picture_files.read import read_picture
from foveate_server.picture_files.write import save
from foveate_shared import png
from foveate_shared.errors import FoveateError, InputError, ResourceError
from foveate_shared.pixels import Channels

PIXELS = np.random.default_rng(0).integers(0, 256, (20, 30, 3), np.uint8)


def photo() -> Image.Image:
    return Image.fromarray(PIXELS)


def huge_png(side: int = 60_000) -> bytes:
    header = struct.pack(">IIBBBBB", side, side, 8, 6, 0, 0, 0)
    data = png.chunk(b"IDAT", zlib.compress(b"\0" * 100))
    return png.SIGNATURE + png.chunk(b"IHDR", header) + data + png.chunk(b"IEND", b"")


def write_huge_jpeg(path):
    photo().save(path)
    data = path.read_bytes()
    frame = data.index(b"\xff\xc0") + 5
    path.write_bytes(data[:frame] + struct.pack(">HH", 60_000, 60_000) + data[frame + 4 :])


def write_cut(path, kind, keep):
    photo().save(path, kind)
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * keep)])


BROKEN = {
    "missing.png": (lambda path: None, "cannot be read"),
    "empty.png": (lambda path: path.touch(), "is empty"),
    "text.png": (lambda path: path.write_text("hello, I am no picture"), "not a picture"),
    "anim.gif": (lambda path: photo().save(path), "not a picture that Foveate reads"),
    "jpeg.png": (lambda path: photo().save(path, "JPEG"), "content is JPEG"),
    "noending": (lambda path: photo().save(path, "PNG"), "has no ending"),
    "anim.png": (lambda path: photo().save(path, save_all=True, append_images=[photo().rotate(90)]), "animation"),
    "anim.webp": (lambda path: photo().save(path, save_all=True, append_images=[photo().rotate(90)]), "animation"),
    "pages.tif": (lambda path: photo().save(path, save_all=True, append_images=[photo()]), "several pages"),
    "cmyk.jpg": (lambda path: photo().convert("CMYK").save(path), "CMYK"),
    "cmyk.tif": (lambda path: photo().convert("CMYK").save(path), "CMYK"),
    "huge.png": (lambda path: path.write_bytes(huge_png()), "header claims"),
    "huge.jpg": (write_huge_jpeg, "header claims"),
    "int.tif": (lambda path: Image.fromarray(PIXELS[..., 0].astype(np.int32)).save(path), "samples of type"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_bad_files_are_refused_with_a_sentence_and_a_remedy(tmp_path, name):
    make, sentence = BROKEN[name]
    make(tmp_path / name)
    with pytest.raises(InputError, match=sentence) as caught:
        read_picture(tmp_path / name)
    assert caught.value.info.remedy
    assert "\n" not in str(caught.value)


def test_what_no_memory_holds_is_refused_with_that_reason(tmp_path):
    (tmp_path / "a.png").write_bytes(huge_png(900_000))
    with pytest.raises(ResourceError, match=r"a\.png has more pixels than this machine can hold") as caught:
        read_picture(tmp_path / "a.png")
    assert "more memory" in caught.value.info.remedy


@pytest.mark.parametrize("keep", [0.02, 0.3, 0.7, 0.97])
@pytest.mark.parametrize(("name", "kind"), [("a.png", "PNG"), ("a.jpg", "JPEG"), ("a.webp", "WEBP"), ("a.tif", "TIFF")])
def test_cut_files_are_refused(tmp_path, name, kind, keep):
    write_cut(tmp_path / name, kind, keep)
    with pytest.raises(InputError, match=f"^{name} ") as caught:
        read_picture(tmp_path / name)
    assert caught.value.info.remedy


@pytest.mark.parametrize("keep", [0.02, 0.5, 0.97])
def test_cut_exr_is_refused(tmp_path, keep):
    path = tmp_path / "a.exr"
    save(Picture(np.random.default_rng(0).random((64, 64, 3), np.float32), Channels.RGB), path)
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * keep)])
    with pytest.raises(InputError):
        read_picture(path)


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.webp", "a.tif", "a.exr"])
def test_damaged_bytes_never_give_more_than_a_foveate_error(tmp_path, name):
    path = tmp_path / name
    if name == "a.exr":
        save(Picture(np.zeros((6, 8, 3), np.float16), Channels.RGB), path)
    else:
        photo().save(path)
    whole = path.read_bytes()
    random = np.random.default_rng(1)
    for _ in range(60):
        broken = bytearray(whole)
        for position in random.integers(0, len(whole), 3):
            broken[position] ^= int(random.integers(1, 256))
        path.write_bytes(broken)
        with contextlib.suppress(FoveateError):
            read_picture(path)


@pytest.mark.parametrize(
    ("name", "mode", "channels", "word"),
    [
        ("p.png", "P", Channels.RGB, "palette"),
        ("p.tif", "P", Channels.RGB, "palette"),
        ("b.png", "1", Channels.Y, "1 bit"),
        ("b.tif", "1", Channels.Y, "1 bit"),
    ],
)
def test_palettes_and_bits_are_converted_with_a_word(tmp_path, name, mode, channels, word):
    path = tmp_path / name
    image = photo().quantize(16) if mode == "P" else photo().convert(mode)
    image.save(path)
    picture = read_picture(path)
    assert picture.channels is channels
    assert picture.samples.dtype == np.uint8
    assert any(word in note for note in picture.notes)
    expected = np.asarray(image.convert("RGB" if mode == "P" else "L")).reshape(20, 30, channels.count)
    # A TIFF palette has 16 bits, which Pillow fills in coarsely.
    np.testing.assert_allclose(picture.samples.astype(int), expected.astype(int), atol=1 if name == "p.tif" else 0)


def test_a_profile_for_other_channels_is_left_out_with_a_word(tmp_path):
    from PIL import ImageCms

    path = tmp_path / "a.tif"
    icc = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    photo().convert("L").save(path, icc_profile=icc)
    picture = read_picture(path)
    assert picture.icc is None
    assert picture.space == "gray-srgb"
    assert any("does not fit" in note for note in picture.notes)


def test_jpeg_with_a_preview_behind_its_end_is_read(tmp_path):
    path = tmp_path / "a.jpg"
    photo().save(path)
    path.write_bytes(path.read_bytes() + b"\0" * 500)
    assert read_picture(path).extent.width == 30
