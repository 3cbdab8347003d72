"""What the parts of an item cost, so that its weight and its progress are true to the time that they take.

Seconds on one thread of the machine on which tests/recordings/progress was recorded, in float32: a test holds them to
it. On another machine all parts are faster or slower, more or less alike.
"""

from __future__ import annotations

from foveate_server.engines.detection.search import CLOSE_SIDE, searched_areas
from foveate_shared.geometry import Extent

_DETECTING = 0.9e-6  # per pixel that the detector sees
_CLOSE_LOOK = 4 * CLOSE_SIDE**2  # pixels: it sees a face of about the same size from four sides
_RESTORING = 740e-6  # per pixel that the network sees: Real-ESRGAN x4plus'
_RESTORING_AT_ALL = 0.8
_PASS = 77e-6  # per pixel that a checkpoint sees, each time that its network sees it: SD1.5's
_CODING = 240e-6  # likewise, to encode and to decode it
_COPYING = 1e-7  # per pixel


def detecting(extent: Extent) -> float:
    """Return what it costs to look for faces in an image of `extent`, in which there is one."""
    return _DETECTING * (sum(searched_areas(extent)) + _CLOSE_LOOK)


def restoring(area: float) -> float:
    """Return what it costs to restore `area` pixels, as the network sees them."""
    return _RESTORING_AT_ALL + _RESTORING * area


def painting(area: float, passes: float) -> float:
    """Return what it costs to re-render `area` pixels with a checkpoint whose network sees them so many times.

    Measured with SD1.5's size on a processor. Larger networks take more, and a graphics card less, of all of it alike.
    """
    return area * (_CODING + _PASS * passes)


def copying(area: float) -> float:
    """Return what it costs to hand `area` pixels over as they are."""
    return _COPYING * area
