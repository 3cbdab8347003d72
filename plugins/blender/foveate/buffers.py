"""Blender's images <-> arrays of samples.

A byte image holds 8-bit samples, encoded in its colour space, with straight alpha; they come as floats, but exactly.
A float image holds premultiplied scene-linear samples, whatever colour space its file had.
"""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import bpy
import numpy as np

from . import color_spaces, sample_arrays
from ._shared import errors, geometry, host, pixels, png
from .sample_arrays import FloatArray, Samples, bytes_of

_AS_IT_IS = {  # in this order: each decides what the next ones can be
    "media_type": "IMAGE",  # Blender 5
    "file_format": "OPEN_EXR",
    "color_mode": "RGBA",
    "color_depth": "32",
    "color_management": "FOLLOW_SCENE",
}
_PACKED_CHANNELS = "CHANNEL_PACKED"  # alpha is no alpha, but one more picture


@dataclass(frozen=True)
class ImageSamples:
    """An image's samples and what they mean."""

    samples: Samples  # (height, width, channels), uint8 or float32, bottom row first
    colorspace: str  # as Blender names it
    alpha_mode: str  # of an image that is to hold such samples
    holds_data: bool = False  # such as a mask: its numbers go as they are, as networks see them

    @property
    def space(self) -> str:
        """Return the protocol's name of the colour space."""
        is_gray = self.samples.shape[2] < 3
        if color_spaces.is_data(self.colorspace) and self.holds_data:
            return "gray-srgb" if is_gray else "srgb"
        space = color_spaces.space_of(self.colorspace)
        return "gray-linear" if is_gray else space

    @property
    def extent(self) -> geometry.Extent:
        """Return the image's size."""
        return sample_arrays.extent_of(self.samples)

    @property
    def format(self) -> pixels.PixelFormat:
        """Return the layout of the samples."""
        return sample_arrays.format_of(self.samples, premultiplied=self.alpha_mode == "PREMUL")

    @property
    def kind(self) -> tuple[object, ...]:
        """Return what is the same for images whose samples can be compared."""
        return self.samples.shape, self.samples.dtype, self.colorspace, self.alpha_mode

    def window(self, bounds: geometry.Bounds | None = None) -> host.Image:
        """Return a part at its own size, tightly packed; all of it where no bounds are given."""
        return sample_arrays.window(self.samples, bounds or self.extent.bounds, self.format)


def read(image: bpy.types.Image, scene: str, *, takes_data: bool = False) -> ImageSamples:
    """Return an image's pixels; `scene` says whose render a Render Result shows.

    With `takes_data` it may hold what is no colours, such as depths or a mask.
    Raises InputError where it has none that could be worked on.
    """
    if image.source in {"SEQUENCE", "MOVIE"}:
        raise _unusable("{name} is a movie or a sequence.", "Open the frame as a single image.", name=image.name)
    with _readable(image, scene) as source:
        width, height = source.size
        if not width or not height or not len(source.pixels):
            raise _unusable("{name} has no pixels.", "Check that its file is there, or render first.", name=image.name)
        samples = np.empty((height, width, source.channels), np.float32)
        source.pixels.foreach_get(samples.ravel())
        if image.type == "COMPOSITING" and not samples.any():
            raise _unusable(
                "{name} is empty.",
                "Let the compositor fill it, in a Blender with windows: without them it stays empty.",
                name=image.name,
            )
        return _picture(source, samples, takes_data and color_spaces.is_data(source.colorspace_settings.name))


def make(picture: ImageSamples, name: str) -> bpy.types.Image:
    """Return a new image with the samples, packed, so that it is saved with the file and survives undo and redo."""
    picture = replace(picture, samples=_four_channels(picture.samples))
    is_bytes = picture.samples.dtype == np.uint8
    try:
        image = _of_bytes(picture) if is_bytes else _of_floats(picture)
    except RuntimeError as error:
        raise errors.ResourceError("Blender cannot make the image: {reason}", reason=error) from error
    image.name = name
    image.use_fake_user = True  # else Blender does not save what nothing uses yet
    return image


def reference(image: bpy.types.Image) -> int | str:
    """Return what :func:`find` finds the image by, also under a new name and after an undo."""
    return getattr(image, "session_uid", 0) or image.name


def find(wanted: int | str) -> bpy.types.Image | None:
    """Return an image, or None where it is gone."""
    return next((image for image in bpy.data.images if wanted in {reference(image), image.name}), None)


def file_of(image: bpy.types.Image) -> str:
    """Return the path of an image's file; empty where it was never in one."""
    return bpy.path.abspath(image.filepath_raw, library=image.library) if image.filepath_raw else ""


def scene_linear() -> str:
    """Return the colour space of float images."""
    file_space = getattr(bpy.data, "colorspace", None)  # Blender 5: each file chooses
    return file_space.working_space if file_space else color_spaces.SCENE_LINEAR


def _picture(image: bpy.types.Image, samples: FloatArray, holds_data: bool) -> ImageSamples:
    named = image.colorspace_settings.name
    if image.is_float:
        if not holds_data:
            color_spaces.refuse_data(named)
        alpha = image.alpha_mode if image.alpha_mode == _PACKED_CHANNELS else "PREMUL"
        return ImageSamples(samples, named if holds_data else scene_linear(), alpha, holds_data)
    alpha = "STRAIGHT" if image.alpha_mode == "PREMUL" else image.alpha_mode
    return ImageSamples(bytes_of(samples), named, alpha, holds_data)


def _of_bytes(picture: ImageSamples) -> bpy.types.Image:
    """Return an image that reads a packed PNG. Raises RuntimeError.

    Blender's own packing would compress for about as long as all else takes together.
    """
    data = png.encode(picture.window().data, picture.extent, picture.format)
    image = bpy.data.images.new("result", 1, 1, alpha=True)  # the file that is packed says the size
    with _removed_on_error(image):
        image.colorspace_settings.name = picture.colorspace
        image.alpha_mode = picture.alpha_mode
        image.pack(data=data, data_len=len(data))
        image.source = "FILE"
    image = _forgetting_what_was_set(image)
    with _removed_on_error(image):
        if tuple(image.size) != (picture.extent.width, picture.extent.height):  # this reads it, too
            raise RuntimeError("there is not enough memory.")
    return image


def _of_floats(picture: ImageSamples) -> bpy.types.Image:
    """Return an image that holds the samples, packed. Raises RuntimeError."""
    size = picture.extent
    image = bpy.data.images.new("result", size.width, size.height, alpha=True, float_buffer=True)
    with _removed_on_error(image):
        if image.colorspace_settings.name != picture.colorspace:
            image.colorspace_settings.name = picture.colorspace  # costs strokes: no result of ours has one
        image.alpha_mode = picture.alpha_mode
        image.pixels.foreach_set(picture.samples.ravel())
        image.update()
        image.pack()
    return image


def _forgetting_what_was_set(image: bpy.types.Image) -> bpy.types.Image:
    """Return a copy, instead of the image: one whose colour space was set loses brush strokes.

    Blender reads such an image anew from what is packed whenever an undo step of anything else is taken back.
    """
    copy = image.copy()
    bpy.data.images.remove(image)
    return copy


@contextlib.contextmanager
def _removed_on_error(image: bpy.types.Image) -> Iterator[None]:
    """Remove an image that cannot be made to its end."""
    try:
        yield
    except RuntimeError:
        bpy.data.images.remove(image)
        raise


def _four_channels(samples: Samples) -> Samples:
    """Return RGBA: all that new images in Blender have."""
    channels = samples.shape[2]
    if channels == 4:
        return samples
    full = np.full((*samples.shape[:2], 4), 255 if samples.dtype == np.uint8 else 1, samples.dtype)
    full[..., :3] = samples if channels == 3 else samples[..., :1]
    if channels == 2:
        full[..., 3:] = samples[..., 1:]
    return full


# --- images that hold no pixels themselves --------------------------------------------------------------------------


@contextlib.contextmanager
def _readable(image: bpy.types.Image, scene: str) -> Iterator[bpy.types.Image]:
    """Give the image, or, where its pixels cannot be reached, a copy that ends with the context."""
    if image.type == "RENDER_RESULT":
        with _loaded(_saved_render, image, bpy.data.scenes[scene]) as copy:
            yield copy
    elif image.source == "TILED" and image.tiles.active != image.tiles[0]:
        with _loaded(_tile_file, image) as copy:
            copy.colorspace_settings.name = image.colorspace_settings.name
            yield copy
    else:
        yield image


@contextlib.contextmanager
def _loaded(write: Callable[..., Path], *what: Any) -> Iterator[bpy.types.Image]:
    """Give the image in the file that `write` names, or makes in a folder of ours."""
    with tempfile.TemporaryDirectory(prefix="foveate-") as folder:
        path = write(Path(folder), *what)
        try:
            image = bpy.data.images.load(str(path))
        except RuntimeError as error:
            remedy = "Save it to a file and open that."
            raise _unusable("The image cannot be read: {reason}", remedy, reason=error) from error
        try:
            yield image
        finally:
            bpy.data.images.remove(image)


def _saved_render(folder: Path, image: bpy.types.Image, scene: bpy.types.Scene) -> Path:
    """Return a file with the render as it is: linear, 32 bits, without the view transform."""
    path = folder / "render.exr"
    try:
        with _set(scene.render.image_settings, _AS_IT_IS):
            image.save_render(str(path), scene=scene)
    except RuntimeError as error:
        raise _unusable("There is no render to work on.", "Render first.") from error
    return path


@contextlib.contextmanager
def _set(settings: Any, values: Mapping[str, str]) -> Iterator[None]:
    """Change settings while the context lasts; those that this Blender does not have are left out."""
    values = {name: value for name, value in values.items() if hasattr(settings, name)}
    before = {name: getattr(settings, name) for name in values}
    try:
        for name, value in values.items():
            setattr(settings, name, value)
        yield
    finally:
        for name, value in before.items():
            setattr(settings, name, value)


def _tile_file(folder: Path, image: bpy.types.Image) -> Path:
    """Return the file of the active tile: Blender gives scripts the first tile's pixels only."""
    number = image.tiles.active.number
    if image.is_dirty:
        raise _unusable(
            "Tile {number} has changes that are not saved.", "Save the image, or choose the first tile.", number=number
        )
    named = image.filepath_raw.replace("<UDIM>", str(number)).replace("<UVTILE>", _uv_name(number))
    path = Path(bpy.path.abspath(named, library=image.library))
    for packed in image.packed_files:
        if Path(packed.filepath).name == path.name:
            path = folder / path.name
            path.write_bytes(packed.data)
    if not path.is_file():
        raise _unusable(
            "The file of tile {number} is not there.", "Save the image, or choose the first tile.", number=number
        )
    return path


def _uv_name(number: int) -> str:
    return f"u{(number - 1001) % 10 + 1}_v{(number - 1001) // 10 + 1}"


def _unusable(problem: str, remedy: str, **values: object) -> errors.InputError:
    return errors.InputError(problem, code=errors.ErrorCode.UNSUPPORTED_FORMAT, remedy=remedy, **values)
