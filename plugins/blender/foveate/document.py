"""One image of Blender as the shared flow's host. The image is never written to: the result is a new one."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace

import bpy
import numpy as np

from . import buffers, offered_images, other_results, sample_arrays
from ._shared import (
    arrange_patches,
    document_problems,
    errors,
    geometry,
    host,
    job_records,
    named_pictures,
    pixels,
    protocol,
    results_in_words,
    selected_region,
)
from .buffers import ImageSamples
from .show_result import ResultPlacement
from .wanted_job import Place, WantedJob

RECIPE_PROPERTY = "foveate_recipe"  # custom property of a result: JSON

_WITHOUT_DOCUMENT = ImageSamples(np.zeros((1, 1, 3), np.uint8), "sRGB", "STRAIGHT")  # what a new image then is like
_PATCHES_WITHOUT_DOCUMENT = pixels.PixelFormat(pixels.SampleType.U8, pixels.Channels.RGB)


@dataclass(frozen=True)
class _Frozen:
    picture: ImageSamples
    region: selected_region.SelectedRegion | None  # with coverage at the picture's depth
    is_released: bool = False  # of the samples nothing is left but their shape, and there is no region

    def released(self) -> _Frozen:
        """Return what takes no memory, and still tells of which kind the picture was."""
        shape = np.broadcast_to(np.zeros((), self.picture.samples.dtype), self.picture.samples.shape)
        return _Frozen(replace(self.picture, samples=shape), None, is_released=True)


class BlenderHost:
    """See :class:`foveate_shared.jobs.host.Host`."""

    def __init__(self, wanted: WantedJob, number: int = 1, title: str = "") -> None:
        """`number` counts variations, from 1; `title` is the operation's, in the person's language."""
        self.made = ""  # name of the result's image, once it was made
        self.told: tuple[str, ...] = ()  # what the result says in words
        self._made: int | str | None = None  # a buffers.reference of it, where it stayed; undo may take it away
        self.wanted = wanted
        self._number = number
        self._title = title
        self._recipe = ""  # of that image, as it is kept with it
        self._state: _Frozen | None = None
        self._seen: ImageSamples | None = None  # as it was found unchanged: apply() follows at once, and takes it

    result_kinds = (protocol.PIXELS, *other_results.KINDS)

    def record(self) -> job_records.Record:
        """See RecordedHost."""
        image = self._image()
        kind: protocol.JsonObject = {"words": self.wanted.words, "blend_file": bpy.data.filepath}
        if image is not None and self._state is not None:
            picture = self._state.picture
            kind |= {"file": buffers.file_of(image), "colorspace": picture.colorspace, "alpha": picture.alpha_mode}
        return job_records.Record(self._title, self.wanted.image_name, kind)

    def pictures(self) -> tuple[named_pictures.OfferedPicture, ...]:
        """See PictureHost: the images of the file that have pixels; this one, too, which a script may name."""
        return offered_images.offered()

    def freeze_picture(self, key: str) -> named_pictures.FrozenPicture:
        """See PictureHost."""
        image = buffers.find(int(key) if key.isdigit() else key)
        if image is None:
            raise named_pictures.picture_is_gone()
        picture = buffers.read(image, self.wanted.scene, takes_data=True)
        return named_pictures.FrozenPicture(picture.window(), picture.space)

    def freeze(self) -> host.Snapshot:
        """Copy the pixels. Raises InputError for images and regions that cannot be worked on."""
        picture = buffers.read(self._found(), self.wanted.scene)
        region = self.wanted.region(picture.extent)
        if region and region.coverage is not None and picture.samples.dtype == np.uint8:
            region = replace(region, coverage=np.rint(region.coverage * 255).astype(np.uint8))
        space = picture.space  # which says why there may be none
        self._state = _Frozen(picture, region)
        selection = protocol.Selection(region.bounds, region.coverage is not None) if region else None
        return host.Snapshot(picture.extent, picture.format, selection, space)

    def read_pixels(self, bounds: geometry.Bounds, extent: geometry.Extent) -> host.Image:
        """Return frozen pixels at their own size."""
        return document_problems.frozen(self._state).picture.window(bounds)

    def read_coverage(self, bounds: geometry.Bounds, extent: geometry.Extent) -> host.Image:
        """Return the frozen coverage, at the size that pixels are handed out in."""
        region = document_problems.frozen(self._state).region
        if region is None or region.coverage is None:
            raise errors.ProtocolError("The server asked for a coverage that there is none of.")
        return sample_arrays.coverage_window(region.coverage, region.bounds, bounds)

    def is_unchanged(self) -> bool:
        """Compare depth, colour space, extent and the selected pixels. Raises InputError where the image is gone."""
        frozen, new = document_problems.frozen(self._state), buffers.read(self._found(), self.wanted.scene)
        old, region = frozen.picture, frozen.region
        if old.kind != new.kind:
            return False
        bounds = region.bounds if region else old.extent.bounds
        differs = sample_arrays.view(old.samples, bounds) != sample_arrays.view(new.samples, bounds)
        if region and region.coverage is not None:
            differs &= region.coverage > 0
        unchanged = not differs.any()
        self._seen = new if unchanged else None
        return unchanged

    def apply(self, result: host.Result) -> None:
        """Make the new image and place it."""
        name, old = self.wanted.name_of(result, self._number), self._image()
        if result.kind in other_results.KINDS:
            taken = other_results.take(result, old, name)
            self.made, self.told = taken.made, taken.told
            return
        if not result.patches and not self.wanted.always_makes_one:
            return
        image = buffers.make(self._patched(result), name)
        try:
            image[RECIPE_PROPERTY] = self._recipe = json.dumps(result.recipe)
            if result.frame == "document" and old is not None:
                image.foveate.rect = old.foveate.rect  # so that work on it can go on
            name = image.name
            if not self.wanted.result_name:
                self._note_origin(image)
            self._placement(old)(image)
        except errors.FoveateError:
            bpy.data.images.remove(image)
            raise
        self.made = name  # it may be gone again: written to a file, say
        self._made = next((buffers.reference(each) for each in bpy.data.images if each == image), None)

    @property
    def made_image(self) -> bpy.types.Image | None:
        """Return the result's image: another one may have its name, once undo took it away."""
        recipe = self._recipe
        named = [image for image in bpy.data.images if image.name == self.made]
        same = next((image for image in named if not recipe or image.get(RECIPE_PROPERTY) == recipe), None)
        return next((image for image in bpy.data.images if buffers.reference(image) == self._made), same)

    @property
    def is_undone(self) -> bool:
        """Tell whether the result's image stayed where it was shown, and is gone since, as after an undo."""
        return self._made is not None and self.made_image is None

    def picture(self, result: host.Result) -> sample_arrays.Samples | None:
        """Return a result that waits, in its surroundings or all of it: to look at; None where it is no picture."""
        if result.kind != protocol.PIXELS:
            report = results_in_words.drawing_of(result)
            return sample_arrays.unpack(report.drawing) if report and report.drawing else None
        samples = self._patched(result).samples
        if result.frame == "new" or not result.patches:
            return samples
        return sample_arrays.view(samples, arrange_patches.covered_bounds(result.patches))

    def release(self) -> None:
        """Forget the copies; of which kind they were is kept, so that a result that was undone can be had again."""
        self._state, self._seen = self._state and self._state.released(), None

    def _note_origin(self, made: bpy.types.Image) -> None:
        """Note of which image a result comes, so that one of it has no name that grows with each step."""
        kept, wanted = made.foveate, self.wanted
        kept.origin, kept.step, kept.made_as = wanted.origin or wanted.image_name, wanted.step, made.name

    def _image(self) -> bpy.types.Image | None:
        """Return the image that is worked on, also where its file was opened again; None where it is gone."""
        if self.wanted.image is None:
            return None
        return buffers.find(self.wanted.image) or next(self.wanted.known_as.found_again(), None)

    def _placement(self, old: bpy.types.Image | None) -> Place:
        """Return what shows the result, now that its image is `old`."""
        place = self.wanted.placement
        is_ours = isinstance(place, ResultPlacement) and self.wanted.image is not None
        return place.instead_of(old) if is_ours else place

    def _found(self) -> bpy.types.Image:
        image = self._image()
        if image is None:
            raise errors.InputError(
                "The image that the result was made for is gone.",
                code=errors.ErrorCode.CONFLICT,
                remedy="Apply it all the same to get the result as an image of its own.",
            )
        return image

    def _patched(self, result: host.Result) -> ImageSamples:
        """Return the picture that a result makes."""
        picture, layout = self._base(result)
        sample_arrays.apply_patches(picture.samples, result.patches, layout)
        return picture

    def _base(self, result: host.Result) -> tuple[ImageSamples, pixels.PixelFormat]:
        """Return what patches are blended into, and their layout: the image, or as it was frozen where that is gone."""
        if self.wanted.image is None:
            return empty_picture(_WITHOUT_DOCUMENT, result.extent), _PATCHES_WITHOUT_DOCUMENT
        state = document_problems.frozen(self._state)
        frozen = state.picture
        if result.frame == "new":
            return empty_picture(frozen, result.extent), frozen.format
        try:
            now, self._seen = self._seen or buffers.read(self._found(), self.wanted.scene), None
        except errors.InputError:
            now = None
        if now is not None and frozen.kind == now.kind:
            return now, now.format
        if state.is_released:
            raise document_problems.nothing_to_bring_back_to()
        return replace(frozen, samples=frozen.samples.copy()), frozen.format


def empty_picture(like: ImageSamples, extent: geometry.Extent) -> ImageSamples:
    """Return a picture of nothing, of the kind of another one."""
    shape = (extent.height, extent.width, like.samples.shape[2])
    return replace(like, samples=np.zeros(shape, like.samples.dtype))
