import struct

import numpy as np
import pytest
from skimage import data


@pytest.fixture(scope="session")
def photo():
    """A real photo, 256 x 256, sRGB u8: the face and the suit of the astronaut."""
    return np.ascontiguousarray(data.astronaut()[0:256, 96:352])


@pytest.fixture(scope="session")
def photos():
    """Several real photos, sRGB u8, of different sizes."""
    return {name: getattr(data, name)() for name in ("astronaut", "chelsea", "coffee", "rocket")}


def icc_bytes(tags, *, space=b"RGB ", connection=b"XYZ ", kind=b"mntr"):
    """Return an ICC profile with these tags (name -> data), as ICC.1:2022 lays it out."""
    offset, table, body = 128 + 4 + 12 * len(tags), b"", b""
    for name, content in tags.items():
        table += struct.pack(">4sII", name, offset + len(body), len(content))
        body += content + bytes(-len(content) % 4)
    size = offset + len(body)
    header = struct.pack(">I4sI4s4s4s", size, bytes(4), 0x04300000, kind, space, connection) + bytes(12) + b"acsp"
    header += bytes(28) + struct.pack(">3i", 63190, 65536, 54061)
    return header.ljust(128, b"\0") + struct.pack(">I", len(tags)) + table + body


def xyz_tag(values):
    return b"XYZ " + bytes(4) + struct.pack(">3i", *(round(float(value) * 65536) for value in values))


def curv_tag(values):
    return b"curv" + bytes(4) + struct.pack(f">I{len(values)}H", len(values), *values)


def para_tag(kind, *values):
    return b"para" + bytes(4) + struct.pack(f">HH{len(values)}i", kind, 0, *(round(v * 65536) for v in values))


@pytest.fixture(scope="session")
def icc():
    """Builders of ICC profiles: `icc.profile(tags)`, `icc.curv`, `icc.para`, `icc.p3(curve)`, `icc.gray(curve)`."""
    from types import SimpleNamespace

    from foveate_server.imaging import rgb_spaces

    space = rgb_spaces.RGB_SPACES["display-p3"]
    to_xyz = rgb_spaces.primaries_to_xyz(space.red, space.green, space.blue, space.white)
    adapted = rgb_spaces.adaptation(rgb_spaces.white_xyz(rgb_spaces.D65), rgb_spaces.PCS_WHITE) @ to_xyz
    p3_colorants = {name: xyz_tag(column) for name, column in zip((b"rXYZ", b"gXYZ", b"bXYZ"), adapted.T, strict=True)}

    def p3(curve):
        curves = dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), curve)
        return icc_bytes({b"wtpt": xyz_tag(rgb_spaces.PCS_WHITE), **p3_colorants, **curves})

    def gray(curve, connection=b"XYZ "):
        return icc_bytes({b"wtpt": xyz_tag(rgb_spaces.PCS_WHITE), b"kTRC": curve}, space=b"GRAY", connection=connection)

    return SimpleNamespace(profile=icc_bytes, xyz=xyz_tag, curv=curv_tag, para=para_tag, p3=p3, gray=gray)
