"""Applying a patch at the document's own depth. Where coverage is 0 no byte changes; where it is full, the patch's do.

NumPy alone: the command line applies patches with this module, and it has neither torch nor SciPy.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from foveate_shared.errors import Fault, ProtocolError
from foveate_shared.geometry import Bounds, Extent

STRIP_SAMPLES = 1 << 20  # how many samples are blended at once: temporaries stay within some megabytes


def apply_patch(document: NDArray[Any], bounds: Bounds, pixels: NDArray[Any], coverage: NDArray[Any] | None) -> None:
    """Blend a patch into `document` in place, strip by strip.

    Parameters
    ----------
    document : (height, width, channels) uint8, uint16, float16 or float32
        Changed within `bounds` alone.
    bounds : Bounds
        Of the patch, in document pixels.
    pixels : array
        Of the dtype and channels of `document` and the extent of `bounds`.
    coverage : (height, width) uint8, uint16 or float32, or None
        Of the extent of `bounds`: 0 changes no byte, full scale (255, 65535, 1.0) gives those of the patch. None means
        full throughout.

    Raises
    ------
    ProtocolError
        Where these do not fit together or the bounds reach out of the document; nothing is changed then.

    See Also
    --------
    blend : the arithmetic of one sample
    """
    _require_fit(document, bounds, pixels, coverage)
    region = document[bounds.y : bounds.bottom, bounds.x : bounds.right]
    rows = max(1, STRIP_SAMPLES // max(1, bounds.width * document.shape[2]))
    for top in range(0, bounds.height, rows):
        strip = slice(top, top + rows)
        part = region[strip]
        part[...] = pixels[strip] if coverage is None else blend(part, pixels[strip], coverage[strip])


def blend(old: NDArray[Any], new: NDArray[Any], coverage: NDArray[Any]) -> NDArray[Any]:
    """Return ``old + (new - old) * coverage``, per sample, in the dtype of `old`.

    Parameters
    ----------
    old, new : (height, width, channels) uint8, uint16, float16 or float32
        Both of one dtype.
    coverage : (height, width) uint8, uint16 or float32
        0 gives the bits of `old`, full scale (255, 65535, 1.0) and above those of `new`.

    Returns
    -------
    mixed : (height, width, channels), of the dtype of `old`
        Integers are rounded to the nearest; floats are computed in float32, and those that agree stay to the bit.

    Notes
    -----
    Every sample is mixed by itself, alpha too: with premultiplied alpha this is "over" by a coverage [1]_ where the
    patch is opaque.

    References
    ----------
    .. [1] T. Porter and T. Duff, "Compositing digital images", SIGGRAPH 1984, 253-259. :DOI:`10.1145/800031.808606`
    """
    weight = coverage[..., np.newaxis]
    full = np.iinfo(coverage.dtype).max if coverage.dtype.kind == "u" else 1
    if old.dtype.kind == "u" and coverage.dtype.kind == "u":
        mixed = _mix_integers(old, new, weight, full)
    elif old.dtype.kind == "u":
        amount = np.clip(weight, 0, 1, dtype=np.float64)
        mixed = np.floor(old + (new.astype(np.float64) - old) * amount + 0.5).astype(old.dtype)
    else:
        mixed = _mix_floats(old, new, np.clip(weight / np.float32(full), 0, 1, dtype=np.float32))
    return np.where(weight <= 0, old, np.where(weight >= full, new, mixed))


def _mix_integers(old: NDArray[Any], new: NDArray[Any], weight: NDArray[Any], full: int) -> NDArray[Any]:
    """Blend in whole numbers: 65535 * 65535 + 32767 still fits into 32 bits."""
    amount = weight.astype(np.uint32)
    total = old * (np.uint32(full) - amount) + new * amount + np.uint32(full // 2)
    mixed: NDArray[Any] = (total // np.uint32(full)).astype(old.dtype)
    return mixed


def _mix_floats(old: NDArray[Any], new: NDArray[Any], amount: NDArray[np.float32]) -> NDArray[Any]:
    # As a weighted sum: the difference of two large values may overflow where their mean does not.
    with np.errstate(over="ignore", invalid="ignore"):
        mixed = old.astype(np.float32) * (1 - amount) + new.astype(np.float32) * amount
        # Samples that agree, such as alpha, stay to the bit, which the sum would not promise.
        return np.where(old == new, old, mixed.astype(old.dtype))


def _require_fit(document: NDArray[Any], bounds: Bounds, pixels: NDArray[Any], coverage: NDArray[Any] | None) -> None:
    height, width, channels = document.shape
    plane = (bounds.height, bounds.width)
    fits = (
        Extent(width, height).bounds.contains(bounds)
        and pixels.shape == (*plane, channels)
        and pixels.dtype == document.dtype
        and (coverage is None or coverage.shape == plane)
    )
    if not fits:
        raise ProtocolError(
            "The server sent a patch of {width} x {height} at ({x}, {y}) that does not fit the document of "
            "{full_width} x {full_height}.",
            remedy="Report this to the authors of the server; the document was not changed.",
            fault=Fault.SERVER,
            width=bounds.width,
            height=bounds.height,
            x=bounds.x,
            y=bounds.y,
            full_width=width,
            full_height=height,
        )
