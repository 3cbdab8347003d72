"""What is written is what was handed over, at each depth and in each container, with its metadata."""

import stat
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import ImageCms

from foveate_server.picture_files.embed_metadata import read_recipe
from foveate_server.picture_files.picture import DTYPES, Picture
from foveate_server.picture_files.read import read_picture
from foveate_server.picture_files.write import HOLDS, SaveOptions, prepare, require_writable, save
from foveate_shared.errors import InputError, ResourceError
from foveate_shared.pixels import AlphaMode, Channels, SampleType

LOSSLESS = [
    (suffix, dtype)
    for suffix, kind in {".png": "png", ".webp": "webp", ".tif": "tiff", ".exr": "openexr"}.items()
    for dtype in HOLDS[kind]
]
CHANNELS = [Channels.Y, Channels.YA, Channels.RGB, Channels.RGBA]


def samples_of(dtype: SampleType, channels: Channels) -> st.SearchStrategy[np.ndarray]:
    shape = st.tuples(st.integers(1, 9), st.integers(1, 9), st.just(channels.count))
    if not dtype.is_float:
        return hnp.arrays(DTYPES[dtype], shape)
    width = 16 if dtype is SampleType.F16 else 32
    return hnp.arrays(DTYPES[dtype], shape, elements=st.floats(-4, 60_000, width=width, allow_nan=False))


def icc_profile() -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


@pytest.mark.parametrize("channels", CHANNELS, ids=lambda channels: channels.value)
@pytest.mark.parametrize(("suffix", "dtype"), LOSSLESS, ids=str)
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_lossless_containers_give_back_every_sample(tmp_path, suffix, dtype, channels, data):
    samples = data.draw(samples_of(dtype, channels))
    path = tmp_path / f"out{suffix}"
    alpha = AlphaMode.PREMULTIPLIED if suffix == ".exr" and channels.has_alpha else AlphaMode.STRAIGHT
    save(prepare(Picture(samples, channels, alpha), path), path)
    again = read_picture(path)
    expected = samples
    if suffix == ".webp" and channels.is_gray:  # WebP has no grey
        expected = samples[..., [0, 0, 0, 1] if channels.has_alpha else [0, 0, 0]]
    if again.channels is Channels.RGB and expected.shape[2] == 4:  # libwebp drops an alpha that is full everywhere
        assert (expected[..., 3] == 255).all()
        expected = expected[..., :3]
    np.testing.assert_array_equal(again.samples, expected)
    assert again.samples.dtype == samples.dtype


@pytest.mark.parametrize("alpha", AlphaMode)
@pytest.mark.parametrize("dtype", HOLDS["tiff"])
def test_tiff_keeps_the_meaning_of_alpha(tmp_path, dtype, alpha):
    samples = np.full((3, 5, 4), 0.25 if dtype.is_float else 7, DTYPES[dtype])
    path = tmp_path / "a.tif"
    save(Picture(samples, Channels.RGBA, alpha), path)
    again = read_picture(path)
    assert again.alpha is alpha
    np.testing.assert_array_equal(again.samples, samples)


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp", ".tif"])
def test_the_profile_survives(tmp_path, suffix):
    path = tmp_path / f"a{suffix}"
    save(Picture(np.zeros((4, 4, 3), np.uint8), Channels.RGB, icc=icc_profile()), path)
    assert read_picture(path).icc == icc_profile()


@pytest.mark.parametrize("suffix", [".png", ".exr"])
def test_a_recipe_travels_inside_and_is_replaced_by_the_next(tmp_path, suffix):
    path = tmp_path / f"a{suffix}"
    dtype = np.float32 if suffix == ".exr" else np.uint16
    picture = Picture(np.zeros((4, 4, 3), dtype), Channels.RGB)
    save(picture, path, recipe='{"first": 1}')
    assert read_recipe(path) == '{"first": 1}'
    save(read_picture(path), path, recipe='{"second": 2}')
    assert read_recipe(path) == '{"second": 2}'
    assert path.read_bytes().count(b"foveate:recipe") == 1


def test_a_result_without_recipe_drops_that_of_its_source(tmp_path):
    first, second = tmp_path / "a.png", tmp_path / "b.png"
    save(Picture(np.zeros((4, 4, 3), np.uint8), Channels.RGB), first, recipe='{"first": 1}')
    save(read_picture(first), second)
    with pytest.raises(InputError, match="carries no recipe"):
        read_recipe(second)


def test_jpeg_is_written_close_to_what_it_was(tmp_path):
    path = tmp_path / "a.jpg"
    ramp = np.linspace(0, 255, 64 * 64 * 3).reshape(64, 64, 3).astype(np.uint8)
    save(Picture(ramp, Channels.RGB), path, options=SaveOptions(quality=98))
    assert np.abs(read_picture(path).samples.astype(int) - ramp).max() <= 6


@pytest.mark.parametrize(
    ("picture", "name", "sentence"),
    [
        (Picture(np.zeros((2, 2, 4), np.uint8), Channels.RGBA), "a.jpg", "cannot hold alpha"),
        (Picture(np.zeros((2, 2, 3), np.float32), Channels.RGB), "a.png", "holds 8 or 16 bit"),
        (Picture(np.zeros((2, 2, 3), np.uint8), Channels.RGB), "a.exr", "holds float"),
        (Picture(np.zeros((1, 16_384, 3), np.uint8), Channels.RGB), "a.webp", "larger than 16383"),
        (Picture(np.zeros((2, 2, 4), np.uint16), Channels.RGBA, AlphaMode.PREMULTIPLIED), "a.png", "premultiplied"),
        (Picture(np.zeros((2, 2, 3), np.uint8), Channels.RGB), "a.gif", "what kind of file"),
        (Picture(np.zeros((2, 2, 3), np.uint8), Channels.RGB), "missing/a.png", "does not exist"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_a_container_cannot_hold_is_refused_with_a_remedy(tmp_path, picture, name, sentence):
    with pytest.raises(InputError, match=sentence) as caught:
        prepare(picture, tmp_path / name)
    assert caught.value.info.remedy


def test_sixteen_bits_are_rounded_for_jpeg_with_a_word(tmp_path):
    picture = Picture(np.array([[[0, 32_896, 65_535]]], np.uint16), Channels.RGB)
    prepared = prepare(picture, tmp_path / "a.jpg")
    assert prepared.samples.tolist() == [[[0, 128, 255]]]
    assert any("rounded" in note for note in prepared.notes)


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(b"precious")
    unwritable = replace(Picture(np.zeros((2, 2, 3), np.uint8), Channels.RGB), samples=np.zeros((0, 2, 3), np.uint8))
    with pytest.raises(ResourceError, match="cannot be written"):
        save(unwritable, path)
    assert path.read_bytes() == b"precious"
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.png"]


def test_permissions_are_those_of_any_new_file_or_of_the_replaced_one(tmp_path):
    path, plain = tmp_path / "a.png", tmp_path / "plain"
    plain.touch()
    picture = Picture(np.zeros((2, 2, 3), np.uint8), Channels.RGB)
    save(picture, path)
    assert stat.S_IMODE(path.stat().st_mode) == stat.S_IMODE(plain.stat().st_mode)
    path.chmod(0o640)
    save(picture, path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


@pytest.mark.parametrize("name", ["NUL", "nul.png", "Com1.tif", "lpt9.tar.gz", "aux .png"])
def test_a_picture_never_goes_to_a_device_of_windows(tmp_path, name: str):
    with pytest.raises(InputError, match="Windows reserves the name") as caught:
        require_writable(tmp_path / name, has_devices=True)
    assert caught.value.info.remedy == "Choose another name."
    require_writable(tmp_path / name, has_devices=False)
    require_writable(tmp_path / f"a{name}", has_devices=True)
