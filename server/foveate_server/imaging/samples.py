"""Document pixels <-> float arrays: sample types, channel order, alpha, row order. Colour is left to `color`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from foveate_shared.errors import ErrorCode, Fault, InputError
from foveate_shared.geometry import Bounds, Extent
from foveate_shared.i18n.sentence import Sentence
from foveate_shared.pixels import AlphaMode, PixelFormat, RowOrder, SampleType
from foveate_shared.wire.protocol import DOCUMENT

FloatArray = NDArray[np.float32]
Buffer = bytes | bytearray | memoryview

DTYPES: dict[SampleType, np.dtype[Any]] = {
    SampleType.U8: np.dtype("u1"),
    SampleType.U16: np.dtype("<u2"),
    SampleType.F16: np.dtype("<f2"),
    SampleType.F32: np.dtype("<f4"),
}


_LARGEST = np.finfo(np.float32).max


@dataclass(frozen=True)
class Decoded:
    """An image as floats, top row first, with straight alpha, still in the document's own encoding."""

    color: FloatArray  # (height, width, 1) for grey documents, else (height, width, 3) as R, G, B; nominally 0..1
    alpha: FloatArray | None  # (height, width), nominally 0..1


def view(data: Buffer, pixel_format: PixelFormat, extent: Extent) -> NDArray[Any]:
    """Return pixels as an array, without a copy.

    Parameters
    ----------
    data : bytes-like
        Rows without padding.
    pixel_format : PixelFormat
        Of `data`.
    extent : Extent
        In pixels.

    Returns
    -------
    image : (height, width, channels) uint8, uint16, float16 or float32
        In its own channel order, top row first. A view of `data`.

    Raises
    ------
    InputError
        INVALID_PIXELS where the buffer's size is not what format and extent say.
    """
    expected = pixel_format.size(extent)
    raw = memoryview(data).cast("B")
    if len(raw) != expected:
        raise InputError(
            "An image of {width} x {height} pixels has {size} bytes, but {sent} were sent.",
            code=ErrorCode.INVALID_PIXELS,
            remedy="Send rows without padding, in the format that was declared.",
            width=extent.width,
            height=extent.height,
            size=expected,
            sent=len(raw),
        )
    samples = np.frombuffer(raw, DTYPES[pixel_format.dtype])
    image = samples.reshape(extent.height, extent.width, pixel_format.channels.count)
    return image[::-1] if pixel_format.rows is RowOrder.BOTTOM_UP else image


def decode(
    data: Buffer,
    pixel_format: PixelFormat,
    extent: Extent,
    *,
    shows: Bounds | None = None,
    source: str = DOCUMENT,
) -> Decoded:
    """Return pixels as floats with straight alpha.

    Parameters
    ----------
    data : bytes-like
        Rows without padding.
    pixel_format : PixelFormat
        Of `data`.
    extent : Extent
        In pixels.
    shows : Bounds, optional
        What part of the source the image is, maybe smaller than that: for the sentence, which a person reads who knows
        the source alone. Without it the image is all of its source.
    source : str
        The document, or the name of one of the job's pictures: likewise.

    Returns
    -------
    decoded : Decoded
        Still in the document's own encoding; full scale of an integer type becomes 1.0.

    Raises
    ------
    InputError
        INVALID_PIXELS for a wrong size, NaN and infinities; the sentence says where the first one is.

    Notes
    -----
    Under a premultiplied alpha of 0 there is no colour to recover: the samples are taken as they are.
    """
    image = view(data, pixel_format, extent)
    if pixel_format.dtype.is_float:
        _require_finite(image, shows or extent.bounds, source)
    channels = pixel_format.channels
    color = _to_float(image[..., channels.color_positions])
    if channels.alpha_position is None:
        return Decoded(color, None)
    alpha = _to_float(image[..., channels.alpha_position])
    if pixel_format.alpha is AlphaMode.PREMULTIPLIED:
        with np.errstate(over="ignore"):  # bright light under next to no cover
            color /= np.where(alpha == 0, np.float32(1), alpha)[..., np.newaxis]
        np.clip(color, -_LARGEST, _LARGEST, out=color)
    return Decoded(color, alpha)


def encode(
    color: FloatArray, alpha: FloatArray | None, pixel_format: PixelFormat, *, original: Buffer | None = None
) -> bytes:
    """Return float pixels in the document's format: the inverse of :func:`decode`.

    Parameters
    ----------
    color : (height, width, 1 or 3) float32
        In the document's encoding, straight.
    alpha : (height, width) float32, or None
        None means opaque.
    pixel_format : PixelFormat
        Of the result.
    original : bytes-like, optional
        Pixels of the same extent and format: they give the samples that invisible pixels (alpha 0) keep, hidden
        colours, and light without cover.

    Returns
    -------
    data : bytes
        Rows without padding. Integers are rounded to the nearest and clipped to their range, f16 is clipped to its
        largest finite value.
    """
    channels = pixel_format.channels
    height, width = color.shape[:2]
    image = np.empty((height, width, channels.count), DTYPES[pixel_format.dtype])
    if channels.alpha_position is not None:
        alpha = np.ones((height, width), np.float32) if alpha is None else alpha
        image[..., channels.alpha_position] = _from_float(alpha, pixel_format.dtype)
        if pixel_format.alpha is AlphaMode.PREMULTIPLIED:
            color = color * alpha[..., np.newaxis]
    image[..., channels.color_positions] = _from_float(color, pixel_format.dtype)
    if original is not None and channels.alpha_position is not None and alpha is not None:
        kept = view(original, pixel_format, Extent(width, height))
        np.copyto(image, kept, where=(alpha == 0)[..., np.newaxis])
    if pixel_format.rows is RowOrder.BOTTOM_UP:
        image = image[::-1]
    return image.tobytes()


def _require_finite(image: NDArray[Any], shows: Bounds, source: str) -> None:
    for row, line in enumerate(image):  # row by row: no mask of the whole image in memory
        finite = np.isfinite(line)
        if not finite.all():
            column = int(np.flatnonzero(~finite.all(axis=-1))[0])
            raise _no_number(
                x=shows.x + column * shows.width // image.shape[1],
                y=shows.y + row * shows.height // len(image),
                what="NaN" if np.isnan(line[column]).any() else Sentence("infinite"),
                source=source,
            )


def _no_number(*, source: str, **values: object) -> InputError:
    told = "The image's pixel at x = {x}, y = {y}, counted from its top left corner, is {what}."
    if source != DOCUMENT:
        told = "The pixel at x = {x}, y = {y} of the picture {source!r}, counted from its top left corner, is {what}."
        values["source"] = source
    remedy = "Replace NaN and infinite values there, then try again."
    return InputError(told, code=ErrorCode.INVALID_PIXELS, remedy=remedy, fault=Fault.USER, **values)


def _to_float(samples: NDArray[Any]) -> FloatArray:
    if samples.dtype.kind == "u":
        return samples.astype(np.float32) / np.float32(np.iinfo(samples.dtype).max)
    return samples.astype(np.float32)


def _from_float(values: FloatArray, sample_type: SampleType) -> NDArray[Any]:
    dtype = DTYPES[sample_type]
    if not sample_type.is_float:
        full = np.iinfo(dtype).max
        samples: NDArray[Any] = np.rint(np.clip(values, 0, 1) * np.float32(full)).astype(dtype)
        return samples
    if sample_type is SampleType.F16:
        limit = np.finfo(np.float16).max
        return np.clip(values, -limit, limit).astype(dtype)
    return values.astype(dtype, copy=False)
