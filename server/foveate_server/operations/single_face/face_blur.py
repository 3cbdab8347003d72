"""How blurred a face is, and hence how far it can be restored: faces forgive less than other things.

The limits were set by eye on the pictures of benchmarks/quality.py: beyond them the restorer draws a mask.
"""

from __future__ import annotations

import numpy as np

from foveate_server.engines.values import Face
from foveate_server.imaging.blur_estimate import estimate_blur, noise_level
from foveate_server.imaging.color import luma
from foveate_server.imaging.reach import Reach, reduction_for
from foveate_server.imaging.samples import FloatArray
from foveate_shared.geometry import Bounds, Extent
from foveate_shared.i18n.sentence import Sentence

_SOFT_SHARES = (0.027, 0.034)  # blur over the face's size, between which the effect falls to nothing
_SMALL_SIZES = (12.0, 40.0)  # pixels of the face, between which the effect rises from a little to all
_SMALL_EFFECTS = (0.15, 1.0)
_SHARP_BLURS = (0.85, 1.0)  # pixels of blur, between which there begins to be something to do
_CLEAN_NOISE = 0.03  # standard deviation: a sharp face with more noise has something to be done too
_SEEN = 1.25  # sides of the face's box
_LEAST_EFFECT = 0.15  # below it nobody sees a difference

SHARP = "This face is in focus already and was left as it is."
_TOO_SOFT = "This face is too soft for the restorer and was left as it is; a diffusion checkpoint can re-render it."


def read_face_blur(surroundings: FloatArray, size: float, *, enlarges: bool = True) -> tuple[float, Reach]:
    """Return the blur of a face in pixels, and what the restorer can do for it.

    `surroundings` is (height, width, 3), sRGB-encoded: the face with some hair and neck, whose contours tell
    of the blur where skin does not; `size` is that of the face's box in pixels (identity_gate.size_of). The limits are
    those of networks that enlarge: one that does not, such as a face restorer, was made for what is soft and small.
    """
    blur = estimate_blur(surroundings)
    reach = reduction_for(blur, size)
    if noise_level(luma(surroundings)) < _CLEAN_NOISE:
        need = float(np.interp(blur, _SHARP_BLURS, (0.0, 1.0)))
        if need < _LEAST_EFFECT:
            return blur, Reach(reach.reduction, 0.0, SHARP)
    else:
        need = 1.0
    if not enlarges:
        return blur, Reach(reach.reduction, need, None)
    softness = float(np.interp(blur / max(size, 1.0), _SOFT_SHARES, (1.0, 0.0)))
    smallness = float(np.interp(size, _SMALL_SIZES, _SMALL_EFFECTS))
    if softness < _LEAST_EFFECT:
        return blur, Reach(reach.reduction, 0.0, _TOO_SOFT)
    effect = need * softness * smallness
    return blur, Reach(reach.reduction, effect, _sentence(effect, softness, smallness, size))


def with_surroundings(image: FloatArray, face: Face) -> FloatArray:
    """Return the part of `image` that :func:`read_face_blur` looks at."""
    x, y, width, height = face.box
    more = (_SEEN - 1) / 2
    extent = Extent(image.shape[1], image.shape[0])
    edges = (x - more * width, y - more * height, x + (1 + more) * width, y + (1 + more) * height)
    part = Bounds.from_edges(*edges).clamp(extent)
    return image[part.y : part.bottom, part.x : part.right]


def _sentence(effect: float, softness: float, smallness: float, size: float) -> Sentence | None:
    if softness < min(1.0, smallness):
        return Sentence(
            "This face is very soft, so {effect:.0%} of the effect is applied, lest features be invented; a diffusion"
            " checkpoint can re-render it.",
            effect=effect,
        )
    if smallness < 1:
        return Sentence(
            "This face is only {size:.0f} pixels large, so {effect:.0%} of the effect is applied, lest features be"
            " invented; enlarge the picture first.",
            size=size,
            effect=effect,
        )
    return None
