"""Results that are no pixels of an image: what a person sees of a selection and of a report."""

from __future__ import annotations

from gi.repository import Gimp

from . import buffers
from ._shared import host, pixels, protocol, results_in_words
from .layers import ImageKind, build_image

KINDS = (protocol.SELECTION, *results_in_words.KINDS)
_MOST_LINES = 20  # that are shown before a result is taken: a dialog must not outgrow the screen


def drawn(result: host.Result, title: str) -> Gimp.Image | None:
    """Return a new image without a window that shows a result of one of KINDS; None where it cannot be seen.

    It is a report's drawing, or the selection: white where all is selected.
    """
    if result.kind == protocol.SELECTION:
        return _image(_selected(result), Gimp.ImageBaseType.GRAY, title)
    report = results_in_words.drawing_of(result)
    if report is None or report.drawing is None:
        return None
    return _image(report.drawing, Gimp.ImageBaseType.RGB, title)


def words(result: host.Result) -> str:
    """Return what a person reads of a result before it is taken, in lines; empty where it says nothing."""
    lines = results_in_words.foreseen(result)
    return "\n".join(lines if len(lines) <= _MOST_LINES else (*lines[:_MOST_LINES], "…"))


def _image(picture: host.Image, base: Gimp.ImageBaseType, title: str) -> Gimp.Image:
    patch = host.ResultPatch(picture.extent.bounds, picture, None)
    kind = ImageKind.again(base, Gimp.Precision.U8_NON_LINEAR, None)
    return build_image(host.Result("new", picture.extent, (patch,), ()), kind, title)


def _selected(result: host.Result) -> host.Image:
    """Return a selection as grey of 8 bit."""
    plane = bytearray(result.extent.area)
    for part in result.selection:
        area, depth = part.bounds, part.coverage.format.dtype
        data = buffers.converted_coverage(part.coverage.data, area.extent, depth, pixels.SampleType.U8)
        for row in range(area.height):
            start = (area.y + row) * result.extent.width + area.x
            plane[start : start + area.width] = data[row * area.width : (row + 1) * area.width]
    samples = bytearray(b"\xff") * (2 * len(plane))
    samples[::2] = plane
    return host.Image(result.extent, samples, pixels.PixelFormat(pixels.SampleType.U8, pixels.Channels.YA))
