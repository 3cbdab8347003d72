"""A PNG's colours mean what its chunks say, in a result of another kind too; what nothing here works in is refused."""

import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from fakes.told_pictures import PIXELS, chunks_in, png_file, profile
from foveate_server.imaging.color import color_transform
from foveate_server.imaging.rgb_spaces import RGB_SPACES
from foveate_server.picture_files.read import read_picture
from foveate_server.picture_files.write import prepare, save
from foveate_shared.errors import ErrorCode, InputError

GAMMA = (b"gAMA", struct.pack(">I", 45455))
NAMED = {
    "display-p3": GAMMA,
    "adobe-rgb": GAMMA,
    "srgb": GAMMA,
    "display-p3-linear": (b"gAMA", struct.pack(">I", 100_000)),
}


def chromaticities(name):
    space = RGB_SPACES[name]
    values = [value for point in (space.white, space.red, space.green, space.blue) for value in point]
    return b"cHRM", struct.pack(">8I", *(round(100_000 * value) for value in values))


def read(tmp_path, *chunks, image=None):
    (tmp_path / "in.png").write_bytes(png_file(*chunks, image=image))
    return read_picture(tmp_path / "in.png")


def working(picture):
    transform = color_transform(picture.space, picture.icc, gray=picture.channels.is_gray)
    return transform.to_working(picture.samples.astype(np.float32) / 255)


@pytest.mark.parametrize("name", NAMED)
def test_spaces_are_known_by_their_chromaticities(tmp_path, name):
    picture = read(tmp_path, NAMED[name], chromaticities(name))
    assert (picture.icc, picture.space) == (None, name)


def test_chromaticities_alone_have_the_curve_of_srgb(tmp_path):
    assert read(tmp_path, chromaticities("display-p3")).space == "display-p3"


def test_srgb_comes_before_chromaticities_and_a_profile_before_it(tmp_path):
    assert read(tmp_path, (b"sRGB", b"\0"), chromaticities("display-p3")).space == "srgb"
    icc = (b"iCCP", b"x\0\0" + zlib.compress(profile()))
    assert read(tmp_path, icc, chromaticities("display-p3")).icc == profile()


@pytest.mark.parametrize("gamma", [0.55, 1 / 2.4, 1 / 1.8])
def test_other_gammas_and_primaries_are_a_profile_of_their_own(tmp_path, gamma):
    picture = read(tmp_path, (b"gAMA", struct.pack(">I", round(gamma * 1e5))))
    light = (PIXELS / 255) ** (1 / gamma)
    expected = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    np.testing.assert_allclose(working(picture), expected, atol=0.002)


def test_rec_2020_by_chromaticities_is_that(tmp_path):
    image = Image.fromarray(np.array([[[200, 40, 40], [128, 128, 128]]], np.uint8))
    picture = read(tmp_path, GAMMA, chromaticities("rec2020-linear"), image=image)
    assert picture.icc == read(tmp_path, (b"cICP", bytes((9, 13, 0, 1)))).icc
    made = working(picture)[0] * 255
    assert made[0, 0] > 220, "a red of Rec. 2020 is beyond that of sRGB"
    np.testing.assert_allclose(made[1], 128, atol=0.3)


@pytest.mark.parametrize(
    ("points", "name"),
    [((12, 13), "display-p3"), ((1, 13), "srgb"), ((1, 8), "srgb-linear"), ((9, 8), "rec2020-linear")],
)
def test_code_points_that_have_a_name(tmp_path, points, name):
    assert read(tmp_path, (b"cICP", bytes((*points, 0, 1)))).space == name


def test_code_points_come_before_a_profile_which_stays_in_the_file(tmp_path):
    chunks = (b"cICP", bytes((12, 13, 0, 1))), (b"iCCP", b"x\0\0" + zlib.compress(profile()))
    picture = read(tmp_path, *chunks)
    assert (picture.icc, picture.space) == (None, "display-p3")
    save(prepare(picture, tmp_path / "out.png"), tmp_path / "out.png")
    assert chunks_in((tmp_path / "out.png").read_bytes()) == list(chunks)


@pytest.mark.parametrize(("transfer", "word"), [(16, "PQ"), (18, "HLG")])
@pytest.mark.parametrize("primaries", [1, 2, 9, 99])
def test_hdr_is_refused(tmp_path, primaries, transfer, word):
    with pytest.raises(InputError, match=rf"is in HDR \({word}\)") as caught:
        read(tmp_path, (b"cICP", bytes((primaries, transfer, 0, 1))))
    assert caught.value.info.code == ErrorCode.UNSUPPORTED_FORMAT


@pytest.mark.parametrize("points", [(1, 9, 0, 1), (250, 13, 0, 1), (12, 13, 1, 1), (12, 13, 0, 0)])
def test_unknown_code_points_are_refused(tmp_path, points):
    with pytest.raises(InputError, match=r"in\.png has colours of a kind that is not known \(cICP"):
        read(tmp_path, (b"cICP", bytes(points)))


@pytest.mark.parametrize(
    "chunk",
    [
        (b"cICP", bytes((2, 2, 0, 1))),
        (b"cICP", b"\1"),
        (b"gAMA", bytes(4)),
        (b"gAMA", b"\xff" * 4),
        (b"cHRM", bytes(32)),
        (b"cHRM", struct.pack(">8I", *[33_333] * 8)),
        (b"cHRM", b""),
    ],
)
def test_chunks_that_say_nothing_possible_are_passed_over(tmp_path, chunk):
    picture = read(tmp_path, chunk)
    assert (picture.icc, picture.space) == (None, "srgb")


@pytest.mark.parametrize(("gamma", "name"), [(45455, "gray-gamma22"), (100_000, "gray-linear")])
def test_the_curve_of_grey(tmp_path, gamma, name):
    gray = Image.fromarray(PIXELS).convert("L")
    assert read(tmp_path, (b"gAMA", struct.pack(">I", gamma)), image=gray).space == name
    other = read(tmp_path, (b"gAMA", struct.pack(">I", 55_556)), image=gray)
    np.testing.assert_allclose(
        working(other)[..., 0].max(), ((other.samples.max() / 255) ** 1.8) ** (1 / 2.2), atol=0.02
    )


@pytest.mark.parametrize("suffix", [".tif", ".webp", ".jpg"])
@pytest.mark.parametrize("name", ["display-p3", "adobe-rgb", "display-p3-linear"])
def test_another_kind_of_file_gets_a_profile_that_means_the_same(tmp_path, name, suffix):
    picture = read(tmp_path, NAMED[name], chromaticities(name))
    save(prepare(picture, tmp_path / f"out{suffix}"), tmp_path / f"out{suffix}")
    again = read_picture(tmp_path / f"out{suffix}")
    assert again.icc
    np.testing.assert_allclose(working(again), working(picture), atol=0.03 if suffix == ".jpg" else 0.002)


def test_grey_with_its_own_curve_becomes_webp_with_a_word(tmp_path):
    gray = Image.fromarray(PIXELS).convert("L")
    prepared = prepare(read(tmp_path, GAMMA, image=gray), tmp_path / "a.webp")
    assert "the colour profile for grey" in prepared.notes[0]
