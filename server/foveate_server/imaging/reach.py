"""How far the restorer reaches: by what to reduce a blurred crop for it, and when to hold back.

From the table in the design notes, and from looking at faces of three photos at 64 and 128 pixels: a picture reduced
until its blur is about 1.25 pixels restores to a natural one; reduced less, it keeps smears or grows a crooked mouth;
reduced more, or to a face of less than some 48 pixels, it becomes a caricature. Where blur is more than about 3 % of
a face, its features are gone, and the network would invent others.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from foveate_shared.i18n.sentence import Sentence

_RESTORABLE_BLUR = 1.25  # pixels, in what the network sees
_LARGEST_REDUCTION = 4.0
_LEAST_SIDE = 48  # pixels of the subject in what the network sees: below that it draws a mask
_BLUR_SHARES = (0.033, 0.04, 0.05, 0.08)  # blur, as it is read, over the subject's side ...
_EFFECTS = (1.0, 0.5, 0.25, 0.0)  # ... and how much of the restored picture may be trusted then


@dataclass(frozen=True)
class Reach:
    """What the restorer can do for a crop."""

    reduction: float  # by which to reduce the crop before the network, 1 or more
    effect: float  # 0 to 1: how much of the result to blend in at full strength
    sentence: str | None  # for a person, where the effect is limited


def reduction_for(sigma: float, subject_side: float) -> Reach:
    """Return by what to reduce a blurred crop for the restorer, and how far its result can be trusted.

    Parameters
    ----------
    sigma : float
        Blur of the crop in its pixels, as :func:`blur.estimate_blur` reads it.
    subject_side : float
        Short side, in the same pixels, of what is to come into focus: the face's box, or the selected region.

    Returns
    -------
    reach : Reach
        The reduction is within 1 to 4, such that blur is about 1.25 pixels afterwards and the subject keeps 48 pixels;
        the effect falls from 1 to 0 as blur grows from 3.3 % to 8 % of the subject.

    Notes
    -----
    The numbers are our own, from looking at restored faces: see the module's text.
    """
    largest = min(_LARGEST_REDUCTION, max(1.0, subject_side / _LEAST_SIDE))
    reduction = float(np.clip(sigma / _RESTORABLE_BLUR, 1.0, largest))
    effect = float(np.interp(sigma / max(subject_side, 1.0), _BLUR_SHARES, _EFFECTS))
    return Reach(reduction, effect, _sentence(effect))


def _sentence(effect: float) -> str | None:
    if effect >= 1:
        return None
    if effect <= 0:
        return "The region is too soft for the restorer and was left as it is; a diffusion checkpoint can re-render it."
    return Sentence(
        "The region is very soft, so only {effect:.0%} of the effect is applied, lest features be "
        "invented; a diffusion checkpoint can re-render it.",
        effect=effect,
    )
