"""Takes a result of an earlier session: with its image where that is open again, else alone."""

from __future__ import annotations

from dataclasses import replace

import bpy
import numpy as np

from . import buffers, color_spaces, sample_arrays, show_result
from ._shared import errors, host, job_records, pixels, protocol, selected_region
from .buffers import ImageSamples
from .document import BlenderHost, empty_picture
from .known_image import KnownImage
from .wanted_job import Place, WantedJob

_ABOUT = (
    "It was made earlier, and waited at the server. "
    "It lies in its image, where that is open; else it is an image alone."
)


class LostImage(BlenderHost):
    """See foveate_shared.jobs.host.Host. Its image is found by its file, or in its blend file by its name."""

    def __init__(self, record: job_records.Record | None, title: str, swaps: list[show_result.Swap]) -> None:
        """Without a record, the result itself tells what it can."""
        self._record = record or job_records.Record(title, "", {})
        words = str(self._record.kind.get("words") or title)
        placement = show_result.ResultPlacement(words, "", 0, False, swaps)
        super().__init__(
            WantedJob("", words, {}, None, self._record.image, "", selected_region.whole, placement), title=title
        )
        self.told = (_ABOUT,)
        self._swaps = swaps

    def is_unchanged(self) -> bool:
        """Say yes: nobody knows what the image was like."""
        return True

    def apply(self, result: host.Result) -> None:
        """Make the new image, and show it where the button was pressed."""
        found = self._found_again(result)
        placement = show_result.placement_here(self.wanted.words, self._swaps)
        self.wanted = replace(self.wanted, image=buffers.reference(found) if found else None, placement=placement)
        super().apply(result)
        self.told = tuple(sentence for sentence in self.told if sentence != _ABOUT)

    def picture(self, result: host.Result) -> sample_arrays.Samples | None:
        """See BlenderHost."""
        is_empty = result.kind == protocol.PIXELS and not result.patches
        return None if is_empty else super().picture(result)

    def _placement(self, old: bpy.types.Image | None) -> Place:
        """See BlenderHost: it was made for this moment."""
        return self.wanted.placement

    def _base(self, result: host.Result) -> tuple[ImageSamples, pixels.PixelFormat]:
        """See BlenderHost."""
        if result.recipe.get("document") is None:
            self.wanted = replace(self.wanted, image=None)
            return super()._base(result)
        layout = result.patches[0].pixels.format
        found = self._found_again(result) if result.frame == "document" else None
        if found is not None:
            return buffers.read(found, ""), layout
        made = empty_picture(self._kind(result), result.extent)
        if layout.channels is pixels.Channels.RGBA and layout.alpha is pixels.AlphaMode.STRAIGHT:
            _take_colors(made.samples, result)
        return made, layout

    def _found_again(self, result: host.Result) -> bpy.types.Image | None:
        """Return the image that a result was made of, where it is open and still of that size and kind."""
        file, blend_file = (str(self._record.kind.get(name) or "") for name in ("file", "blend_file"))
        known = KnownImage(file, blend_file, self._record.image)
        return next((image for image in known.found_again() if self._fits(image, result)), None)

    def _fits(self, image: bpy.types.Image, result: host.Result) -> bool:
        if tuple(image.size) != (result.extent.width, result.extent.height):
            return False
        try:
            now = buffers.read(image, "")
        except errors.InputError:
            return False
        is_same = now.colorspace == self._record.kind.get("colorspace")
        return is_same and all(patch.pixels.format == now.format for patch in result.patches)

    def _kind(self, result: host.Result) -> ImageSamples:
        """Return an image of the kind of the one that is gone, as far as anybody knows it."""
        layout, known = result.patches[0].pixels.format, self._record.kind
        dtype = np.uint8 if layout.dtype is pixels.SampleType.U8 else np.float32
        document = protocol.as_object(result.recipe.get("document"))
        told = color_spaces.named(str(protocol.as_object(document.get("profile")).get("space")))
        colorspace = str(known.get("colorspace") or told)
        if colorspace not in color_spaces.SPACES:
            colorspace = "sRGB" if dtype is np.uint8 else buffers.scene_linear()
        alpha = str(known.get("alpha"))
        if alpha not in {"STRAIGHT", "PREMUL", "CHANNEL_PACKED", "NONE"}:
            alpha = "PREMUL" if layout.alpha is pixels.AlphaMode.PREMULTIPLIED else "STRAIGHT"
        return ImageSamples(np.zeros((1, 1, layout.channels.count), dtype), colorspace, alpha)


def _take_colors(samples: sample_arrays.Samples, result: host.Result) -> None:
    """Take the patches' colours, all transparent: where coverage is soft, alpha alone is, and no colour grows dark."""
    for patch in result.patches:
        sample_arrays.view(samples, patch.bounds)[..., :3] = sample_arrays.unpack(patch.pixels)[..., :3]
