"""Results that are no pixels of an image: a selection, a report and files, as far as Blender has a place for them."""

from __future__ import annotations

from dataclasses import dataclass

import bpy
import numpy as np

from . import buffers, sample_arrays
from ._shared import document_problems, host, protocol, results_in_words
from .buffers import ImageSamples
from .shown_extent import extent_of

KINDS = (protocol.SELECTION, *results_in_words.KINDS)
_DATA = "Non-Color"


@dataclass(frozen=True)
class Taken:
    """What became of a result."""

    made: str = ""  # the name of an image
    told: tuple[str, ...] = ()


def take(result: host.Result, image: bpy.types.Image | None, name: str) -> Taken:
    """Bring a result of one of KINDS to the person. `image` is worked on; `name` is that of a new image or folder.

    A selection is an image that shows it, and the image's rectangle is the one around it. Raises FoveateError.
    """
    if result.kind == protocol.SELECTION:
        return _select(result, image, name)
    told = results_in_words.told(result, results_in_words.folder_beside(bpy.data.filepath), name)
    report = results_in_words.drawing_of(result)
    if report is None or report.drawing is None:
        return Taken(told=told)
    samples = np.ascontiguousarray(sample_arrays.unpack(report.drawing))
    return Taken(buffers.make(ImageSamples(samples, "sRGB", "STRAIGHT"), name).name, told)


def _select(result: host.Result, image: bpy.types.Image | None, name: str) -> Taken:
    if image is None or extent_of(image) != result.extent:
        raise document_problems.selection_fits_nothing()
    plane = np.zeros((result.extent.height, result.extent.width, 1), np.float32)
    for part in result.selection:
        sample_arrays.view(plane, part.bounds)[...] = _shares(sample_arrays.unpack(part.coverage))
    bounds = sample_arrays.covered(plane)
    image.foveate.rect = (bounds.x, bounds.y, bounds.width, bounds.height)
    seen = np.rint(plane * 255).astype(np.uint8)
    made = buffers.make(ImageSamples(seen, _DATA, "NONE"), name)
    if not bpy.app.background:
        bpy.ops.ed.undo_push(message=name)
    return Taken(made.name)


def _shares(coverage: sample_arrays.Samples) -> sample_arrays.FloatArray:
    full = 1 if coverage.dtype == np.float32 else np.iinfo(coverage.dtype).max
    return coverage.astype(np.float32) / np.float32(full)
