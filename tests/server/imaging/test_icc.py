import struct

import imagecodecs
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from foveate_server.imaging import icc as icc_module
from foveate_server.imaging.color import color_transform
from foveate_shared.errors import ErrorCode, InputError


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_a_damaged_profile_is_an_input_error_never_a_crash(icc, data):
    whole = bytearray(icc.p3(icc.para(4, 2.4, 0.9, 0.1, 0.08, 0.04, 0.0, 0.0)))
    for _ in range(data.draw(st.integers(1, 6))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    cut = bytes(whole[: data.draw(st.integers(0, len(whole)))])
    try:
        transform = color_transform(None, cut, gray=False)
    except InputError:  # either outcome is right; a traceback is not
        return
    assert np.isfinite(transform.to_working(np.full((1, 1, 3), 0.5, np.float32))).all()


@given(st.binary(max_size=300))
@settings(max_examples=60)
def test_arbitrary_bytes_are_refused(data):
    with pytest.raises(InputError):
        icc_module.parse(data)


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda icc: icc.p3(icc.curv([65535, 0])), "does not rise"),
        (lambda icc: icc.p3(icc.curv([7] * 20)), "does not rise"),
        (lambda icc: icc.p3(icc.para(9, 1.0)), "unknown function type"),
        (lambda icc: icc.p3(icc.para(0, 0.0)), "does not rise"),
        (lambda icc: icc.p3(b"mft2" + bytes(40)), "unknown type"),
        (lambda icc: icc.p3(b"curv" + bytes(4) + struct.pack(">I", 1 << 30)), "claims"),
        (lambda icc: icc.gray(b"curv"), "damaged"),
        (lambda icc: icc.profile({b"desc": bytes(12)}), "neither a matrix nor"),
        (lambda icc: icc.profile({b"desc": bytes(12)}, space=b"GRAY"), "kTRC is missing"),
        (
            lambda icc: icc.p3(icc.curv([])).replace(
                icc.p3(icc.curv([]))[132:144], b"wtpt\x00\x00\xff\xff\x00\x00\xff\xff"
            ),
            "beyond",
        ),
    ],
)
def test_damage_is_named(damage, words, icc):
    with pytest.raises(InputError, match=words) as caught:
        icc_module.parse(damage(icc))
    assert caught.value.info.code is ErrorCode.INVALID_FILE


@pytest.mark.parametrize(
    ("space", "kind", "words"),
    [(b"CMYK", b"prtr", "CMYK"), (b"Lab ", b"spac", "Lab"), (b"RGB ", b"link", "link")],
)
def test_other_kinds_of_documents_are_refused_with_a_remedy(space, kind, words, icc):
    with pytest.raises(InputError, match=words) as caught:
        icc_module.parse(icc.profile({b"desc": bytes(12)}, space=space, kind=kind))
    assert caught.value.info.code is ErrorCode.UNSUPPORTED_FORMAT
    assert "Convert" in caught.value.info.remedy


def test_huge_profiles_are_refused_unread():
    with pytest.raises(InputError) as caught:
        icc_module.parse(bytes(icc_module.MAX_PROFILE_BYTES + 1))
    assert caught.value.info.code is ErrorCode.TOO_LARGE


def lut_profile(icc):
    """Return an RGB profile of look-up tables alone: Lab from an identity grid of 2 x 2 x 2, through `mft2`."""
    grid = np.array([[r, g, b] for r in (0, 1) for g in (0, 1) for b in (0, 1)], np.float64)
    lightness = grid @ [0.3, 0.6, 0.1]
    axes = 0x8000 + 8000 * np.array([grid[:, 0] - grid[:, 1], grid[:, 1] - grid[:, 2]])
    lab = np.stack([lightness * 0xFF00, *axes], axis=1)
    identity = struct.pack(">9i", 65536, 0, 0, 0, 65536, 0, 0, 0, 65536)

    def mft2(table):
        head = b"mft2" + bytes(4) + bytes([3, 3, 2, 0]) + identity + struct.pack(">HH", 2, 2)
        line = struct.pack(">6H", 0, 65535, 0, 65535, 0, 65535)
        return head + line + np.rint(table).astype(">u2").tobytes() + line

    tags = {b"wtpt": icc.xyz((0.9642, 1.0, 0.8249)), b"A2B0": mft2(lab), b"B2A0": mft2(grid * 65535)}
    return icc.profile(tags, connection=b"Lab ")


def test_profiles_of_tables_go_through_little_cms(icc):
    data = lut_profile(icc)
    assert isinstance(icc_module.parse(data), icc_module.LutProfile)
    color = np.random.default_rng(0).random((8, 8, 3)).astype(np.float32)
    transform = color_transform(None, data, gray=False)
    theirs = imagecodecs.cms_transform(
        color, data, imagecodecs.cms_profile("srgb"), colorspace="rgb", outcolorspace="rgb", outdtype="f4", intent=1
    )
    assert np.array_equal(transform.to_working(color), theirs)
    back = transform.from_working(theirs)
    assert back.shape == color.shape
    assert back.min() >= 0
    assert back.max() <= 1


def test_a_damaged_profile_of_tables_is_an_input_error(icc):
    data = lut_profile(icc)
    broken = data.replace(b"mft2", b"mftX")
    with pytest.raises(InputError, match="cannot be evaluated"):
        color_transform(None, broken, gray=False).to_working(np.zeros((2, 2, 3), np.float32))


def hdr_profile(icc, transfer=None, name=""):
    """Return P3 with a `cicp` tag or a description of its own."""
    from foveate_server.imaging.make_profile import profile_of_name

    whole = profile_of_name("display-p3")
    if name:
        return whole.replace("Display P3".encode("utf-16-be"), name[:10].encode("utf-16-be"))
    curve = icc.para(0, 2.2)
    tags = {
        b"cicp": b"cicp" + bytes(4) + bytes((9, transfer, 0, 1)),
        **dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), curve),
    }
    colorants = {name: icc.xyz(value) for name, value in zip((b"rXYZ", b"gXYZ", b"bXYZ"), np.eye(3), strict=True)}
    return icc.profile({**tags, **colorants})


@pytest.mark.parametrize(
    ("transfer", "name", "word"),
    [(16, "", "PQ"), (18, "", "HLG"), (0, "X ST 2084 ", "PQ"), (0, "Rec2100HLG", ""), (0, "2100 HLG X", "HLG")],
)
def test_hdr_is_refused_by_code_points_or_else_by_name(icc, transfer, name, word):
    data = hdr_profile(icc, transfer, name)
    if not word:
        icc_module.parse(data)
        return
    with pytest.raises(InputError, match=rf"is in HDR \({word}\)") as caught:
        icc_module.parse(data)
    assert caught.value.info.code == ErrorCode.UNSUPPORTED_FORMAT
    assert caught.value.info.remedy


def test_code_points_of_standard_range_change_nothing(icc):
    icc_module.parse(hdr_profile(icc, 13))
