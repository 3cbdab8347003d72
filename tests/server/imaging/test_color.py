import imagecodecs
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import ImageCms

from foveate_server.imaging import rgb_spaces
from foveate_server.imaging.color import color_transform, compress, expand, split_range
from foveate_server.imaging.samples import decode
from foveate_shared.errors import ErrorCode, InputError
from foveate_shared.geometry import Extent
from foveate_shared.pixels import Channels, PixelFormat, SampleType

LEVEL = 1 / 255
RGB_NAMES = sorted(rgb_spaces.RGB_SPACES)
FLOATS = st.floats(-4, 64, width=32)


def profile(kind, **options):
    return imagecodecs.cms_profile(kind, **options)


@pytest.fixture
def documents(photo):
    """The same photo as many documents: name -> (array in the document's depth, space, icc)."""
    srgb = photo.astype(np.float64) / 255
    working = srgb.astype(np.float32)
    icc = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    made = {
        "srgb u8": (photo, "srgb", None),
        "srgb u16": (np.rint(srgb * 65535).astype("<u2"), "srgb", None),
        "srgb f32": (working, "srgb", None),
        "srgb icc u8": (photo, None, icc),
    }
    for name in ("srgb-linear", "display-p3", "rec2020-linear", "acescg", "adobe-rgb"):
        encoded = color_transform(name, None, gray=False).from_working(working)
        made[f"{name} f32"] = (encoded, name, None)
        made[f"{name} u16"] = (np.rint(encoded.clip(0, 1) * 65535).astype("<u2"), name, None)
    p3 = color_transform("display-p3", None, gray=False).from_working(working)
    made["display-p3 u8"] = (np.rint(p3.clip(0, 1) * 255).astype("u1"), "display-p3", None)
    return made


DTYPES = {"uint8": SampleType.U8, "uint16": SampleType.U16, "float32": SampleType.F32}


def to_working(pixels, space, icc):
    height, width, _ = pixels.shape
    decoded = decode(pixels.tobytes(), PixelFormat(DTYPES[pixels.dtype.name], Channels.RGB), Extent(width, height))
    return color_transform(space, icc, gray=False).to_working(decoded.color)


def test_one_photo_in_many_documents_is_one_working_picture(photo, documents):
    """Stated bounds, in 8-bit levels: floats 0.01, 16 bits 0.2 (linear: 0.5 in the darks), 8 bits wide gamut 2."""
    reference = photo.astype(np.float32) / 255
    for name, (pixels, space, icc) in documents.items():
        error = float(np.abs(to_working(pixels, space, icc) - reference).max() / LEVEL)
        wide_8_bit = name == "display-p3 u8"
        bound = 2.0 if wide_8_bit else {"float32": 0.01, "uint16": 0.5, "uint8": 0.25}[pixels.dtype.name]
        assert error <= bound, f"{name}: {error:.3f} levels"


@pytest.mark.parametrize("space", RGB_NAMES)
@given(hnp.arrays(np.float32, (1, 4, 3), elements=FLOATS))
@settings(max_examples=40, deadline=None)
def test_floats_far_beyond_white_come_back(space, color):
    transform = color_transform(space, None, gray=False)
    back = transform.from_working(transform.to_working(color))
    # In light, where float32 is evenly precise: curves are infinitely steep or flat near 0.
    curve = rgb_spaces.RGB_SPACES[space].curve
    scale = np.abs(curve.to_light(color)).max() + 1
    assert np.abs(curve.to_light(back) - curve.to_light(color)).max() <= 4e-6 * scale


@given(hnp.arrays(np.float32, (16,), elements=st.floats(-1e4, 1e4, width=32)))
def test_the_shoulder_is_monotone_reversible_and_the_identity_within(values):
    values = np.sort(values)
    bent = compress(values)
    assert (np.diff(bent) >= 0).all()
    inside = (values >= 0) & (values <= 1)
    assert np.array_equal(bent[inside], values[inside])
    assert np.abs(bent).max() < 4
    assert np.allclose(expand(bent), values, rtol=2e-5, atol=1e-6)


@pytest.mark.parametrize("space", RGB_NAMES)
def test_the_largest_floats_stay_finite_both_ways(space):
    largest = np.finfo(np.float32).max
    color = np.array([[[largest, -largest, largest], [largest, 0, 1e-40]]], np.float32)
    transform = color_transform(space, None, gray=False)
    working = transform.to_working(color)
    assert np.isfinite(working).all()
    assert np.isfinite(transform.from_working(working)).all()


def test_wild_results_of_a_network_stay_finite():
    wild = np.array([[[1e30, -1e30, 50.0]]], np.float32)
    for space in RGB_NAMES:
        assert np.isfinite(color_transform(space, None, gray=False).from_working(wild)).all()


@given(hnp.arrays(np.float32, (2, 3, 3), elements=FLOATS))
def test_what_networks_see_and_the_rest_add_up(working):
    nominal, rest = split_range(working)
    assert nominal.min() >= 0
    assert nominal.max() <= 1
    assert np.array_equal(nominal if rest is None else nominal + rest, working)


SRGB_PARAMETERS = (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
CURVES = {
    "identity": lambda icc: icc.curv([]),
    "gamma": lambda icc: icc.curv([round(1.8 * 256)]),
    "table": lambda icc: icc.curv([round(65535 * (i / 1023) ** 2.2) for i in range(1024)]),
    "short table": lambda icc: icc.curv([0, 9000, 30000, 65535]),
    "para 0": lambda icc: icc.para(0, 2.2),
    "para 1": lambda icc: icc.para(1, 2.4, 0.95, 0.05),
    "para 2": lambda icc: icc.para(2, 2.4, 0.9, 0.05, 0.05),
    "para 3": lambda icc: icc.para(3, *SRGB_PARAMETERS),
    "para 4": lambda icc: icc.para(4, *SRGB_PARAMETERS, 0.01, 0.01),
}
PROFILES = {
    "sRGB of Pillow": lambda _: ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes(),
    "sRGB of imagecodecs": lambda _: profile("srgb"),
    **{f"P3, {name}": lambda icc, curve=curve: icc.p3(curve(icc)) for name, curve in CURVES.items()},
}


@pytest.mark.parametrize("name", PROFILES)
def test_icc_profiles_agree_with_little_cms(name, photo, icc):
    data = PROFILES[name](icc)
    color = photo.astype(np.float32) / 255
    ours = expand(color_transform(None, data, gray=False).to_working(color))
    theirs = imagecodecs.cms_transform(
        color, data, profile("srgb"), colorspace="rgb", outcolorspace="rgb", outdtype="f4", intent=1
    )
    inside = (theirs >= 0) & (theirs <= 1)  # beyond, Little CMS does not mirror the curve
    assert inside.mean() > 0.9
    assert np.abs(ours - theirs)[inside].max() <= 0.2 * LEVEL


@pytest.mark.parametrize("name", PROFILES)
def test_icc_profiles_are_reversible_beyond_white(name, icc):
    transform = color_transform(None, PROFILES[name](icc), gray=False)
    color = np.random.default_rng(1).uniform(0.02, 8, (32, 32, 3)).astype(np.float32)
    assert np.allclose(transform.from_working(transform.to_working(color)), color, rtol=1e-3, atol=2e-3)


@pytest.mark.parametrize("space", [*RGB_NAMES, *sorted(rgb_spaces.GRAY_SPACES)])
def test_gray_documents_become_neutral_and_come_back(space):
    transform = color_transform(space, None, gray=True)
    ramp = np.linspace(0, 3, 64, dtype=np.float32).reshape(8, 8, 1)
    working = transform.to_working(ramp)
    assert working.shape == (8, 8, 3)
    assert np.abs(working - working[..., :1]).max() < 1e-5
    assert np.allclose(transform.from_working(working), ramp, atol=1e-5)


@pytest.mark.parametrize("connection", [b"XYZ ", b"Lab "])
@pytest.mark.parametrize("curve", ["gamma", "table", "para 3"])
def test_gray_icc_profiles_agree_with_little_cms(curve, connection, icc):
    data = icc.gray(CURVES[curve](icc), connection)
    ramp = np.linspace(0, 1, 64, dtype=np.float32).reshape(8, 8)
    ours = color_transform(None, data, gray=True).to_working(ramp[..., np.newaxis])
    theirs = imagecodecs.cms_transform(
        ramp, data, profile("srgb"), colorspace="gray", outcolorspace="rgb", outdtype="f4", intent=1
    )
    assert np.abs(ours - theirs).max() <= 0.2 * LEVEL


def test_profiles_that_do_not_fit_are_refused(icc):
    with pytest.raises(InputError, match="not known"):
        color_transform("cmyk", None, gray=False)
    for space, data in (("gray-linear", None), (None, icc.gray(icc.curv([])))):
        with pytest.raises(InputError, match="grey one") as caught:
            color_transform(space, data, gray=False)
        assert caught.value.info.code is ErrorCode.UNSUPPORTED_FORMAT
