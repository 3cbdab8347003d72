"""By what an image is known where its datablock is gone: Blender makes others when a file is opened, or reverted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import bpy

from .buffers import file_of


@dataclass(frozen=True)
class KnownImage:
    """What an image was known by."""

    file: str = ""  # its own; empty: it was never in one
    blend_file: str = ""  # in which it was; empty: in none that was saved
    name: str = ""  # there

    def found_again(self) -> Iterator[bpy.types.Image]:
        """Return the images that it may be: those of its file, else the one of its name in its blend file."""
        return (image for image in bpy.data.images if self._is_it(image))

    def _is_it(self, image: bpy.types.Image) -> bool:
        if image.type != "IMAGE":  # the next render is another picture
            return False
        if self.file:
            return file_of(image) == self.file
        in_file = bpy.data.filepath and bpy.data.filepath == self.blend_file
        return bool(in_file) and image.name == self.name


UNKNOWN = KnownImage()


def known_as(image: bpy.types.Image) -> KnownImage:
    """Return what an image is known by."""
    return KnownImage(file_of(image), bpy.data.filepath, image.name)
