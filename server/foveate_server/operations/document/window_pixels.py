"""A window's pixels as networks see them, and results as the document stores them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy

from foveate_server.imaging import mask
from foveate_server.imaging.color import ColorTransform, color_transform
from foveate_server.imaging.samples import FloatArray, decode, encode, view
from foveate_server.operations.contract import JobRequest, WindowData, WindowSource
from foveate_shared.geometry import Bounds, Extent
from foveate_shared.pixels import RowOrder

FILLED = 64  # pixels around what is visible that have its colours: further away no network sees it


@dataclass(frozen=True)
class WindowPixels:
    """A part of the document in the working space (sRGB-encoded, see imaging.color)."""

    bounds: Bounds  # document pixels
    working: FloatArray  # (height, width, 3); invisible pixels have the colour of the nearest visible one
    alpha: FloatArray | None  # (height, width)


def read(request: JobRequest, window: WindowData) -> WindowPixels:
    """Return `window`, of whatever source, decoded.

    Raises InputError for NaN, infinities and unusable colour profiles.
    """
    source = request.source(window.source)
    decoded = decode(window.pixels, source.format, window.extent, shows=window.bounds, source=window.source)
    working = transform_of(source).to_working(decoded.color)
    if decoded.alpha is not None:
        working = fill_invisible(working, decoded.alpha)
    return WindowPixels(window.bounds, working, decoded.alpha)


def transform_of(source: JobRequest | WindowSource) -> ColorTransform:
    """Return the way between the colours of a source, or of a job's document, and the working space."""
    return color_transform(source.space, source.icc, gray=source.format.channels.is_gray)


def fill_invisible(working: FloatArray, alpha: FloatArray) -> FloatArray:
    """Return `working` with the nearest visible colour where `alpha` is 0 and something visible is near.

    Nobody sees those pixels, but networks and filters do: hidden black would darken the edges of what is visible. What
    is further away than FILLED keeps its colour, so that two windows that overlap hold the same picture.
    """
    invisible = alpha <= 0
    if not invisible.any() or invisible.all():
        return working
    distance, (rows, columns) = scipy.ndimage.distance_transform_edt(invisible, return_indices=True)
    filled: FloatArray = np.where((distance <= FILLED)[..., np.newaxis], working[rows, columns], working)
    return filled


def original(request: JobRequest, window: WindowData, part: Bounds) -> bytes:
    """Return the bytes of `part` (document pixels, within the window) as they came."""
    image = view(window.pixels, request.format, window.extent)
    inside = part.relative_to(window.bounds)
    cut = image[inside.y : inside.bottom, inside.x : inside.right]
    return (cut[::-1] if request.format.rows is RowOrder.BOTTOM_UP else cut).tobytes()


def write(request: JobRequest, working: FloatArray, window: WindowData, part: Bounds) -> bytes:
    """Return new colours for `part` of the document in its own format.

    `working` is (height, width, 3) of `part` (document pixels, within the window). Alpha stays what it was, sample by
    sample, and so does all of a pixel that is invisible.
    """
    old = original(request, window, part)
    color = transform_of(request).from_working(working)
    decoded = decode(old, request.format, part.extent, shows=part)
    new = encode(color, decoded.alpha, request.format, original=old)
    position = request.format.channels.alpha_position
    if position is None:
        return new
    pixels = view(bytearray(new), request.format, part.extent)
    pixels[..., position] = view(old, request.format, part.extent)[..., position]
    return (pixels[::-1] if request.format.rows is RowOrder.BOTTOM_UP else pixels).tobytes()


def selected(request: JobRequest, window: WindowData) -> FloatArray:
    """Return the selection's coverage over `window`, (height, width) in 0..1, as the client has it."""
    if request.selection is None:
        return np.ones((window.bounds.height, window.bounds.width), np.float32)
    if request.wants_coverage and window.coverage is not None:
        rectangle = mask.rectangle(request.region, window.bounds)
        return np.minimum(mask.coverage_from_samples(window.coverage), rectangle)
    return mask.rectangle(request.region, window.bounds)


def feathered(request: JobRequest, window: WindowData, coverage: FloatArray) -> FloatArray:
    """Return `coverage` over `window`, faded inwards from the selection's edges; the document's borders are none."""
    if request.selection is None:
        return coverage
    width = mask.feather_width(request.region)
    return mask.feather_inwards(coverage, width, window=window.bounds, document=request.extent)


def cut(image: FloatArray, part: Bounds, window: Bounds) -> FloatArray:
    """Return `part` (document pixels) of an image that covers `window`."""
    inside = part.relative_to(window)
    return image[inside.y : inside.bottom, inside.x : inside.right]


def encode_coverage(request: JobRequest, coverage: FloatArray) -> bytes | None:
    """Return coverage in 0..1 as a patch carries it; None where all of it is full."""
    if coverage.min() >= 1:
        return None
    return mask.encode_coverage(coverage, mask.coverage_format(request.format))


def extent_of(image: FloatArray) -> Extent:
    """Return the extent of (height, width, ...)."""
    return Extent(image.shape[1], image.shape[0])
