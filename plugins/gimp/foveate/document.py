"""A GIMP image as a host: frozen as one layer of what is visible, which shares its tiles with GIMP's core.

It lies in a hidden image of our own: GIMP 3.0 crashes over a layer that belongs to no image where the one that it was
made for is gone, as when the person closes it.

Only the planned windows are read from there. The result becomes a layer above all others: its alpha is the coverage,
clipped to what lies below, so that the image's own transparency stays, and it is blended as the protocol says.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from gi.repository import Gegl, Gimp

from . import buffers, connection, formats, hidden_images, layer_pictures, other_results
from ._shared import (
    arrange_patches,
    coverage,
    document_problems,
    errors,
    geometry,
    host,
    job_records,
    named_pictures,
    offered_operations,
    protocol,
    results_in_words,
)
from .layers import ImageKind, build_image, build_layers, insert
from .same_pixels import same_where_covered

_STRIP_BYTES = 1 << 20  # that are looked at together, for something visible
_QUICK_MASK = "Qmask"  # what GIMP calls its channel, in every language
_SNAPSHOT = "foveate-snapshot"  # what the hidden image's parts are called; nobody sees them


@dataclass(frozen=True)
class _Frozen:
    """The image as it was."""

    visible: Gegl.Buffer
    coverage: Gegl.Buffer | None  # of the selection
    kind: ImageKind
    snapshot: host.Snapshot
    shelf: Gimp.Image  # what the buffers belong to: to be deleted at the end

    @property
    def region(self) -> geometry.Bounds:
        """Return what was selected."""
        return self.snapshot.selection.bounds if self.snapshot.selection else self.snapshot.extent.bounds


class GimpHost:
    """See foveate_shared.jobs.host.Host."""

    def __init__(
        self,
        image: Gimp.Image | None,
        *,
        title: str,
        to_image: bool = False,
        show: bool = False,
        is_whole: bool = False,
    ) -> None:
        """`title` names the operation. `to_image`: the result shall be an image of its own; `show`: with a window.

        `image` is None for an operation that takes no document. `is_whole`: the selection does not count. Several flows
        may share a host: it is frozen once, and released with the last of them.
        """
        self.layers: tuple[Gimp.Layer, ...] = ()  # what apply() made
        self.result_image: Gimp.Image | None = None  # ... where it made an image
        self.told: tuple[str, ...] = ()  # what the result says in words
        self._image = image
        self._title = title
        self._to_image = to_image
        self._show = show
        self._display = Gimp.default_display() if show else None  # from which the plug-in was called
        self.names_seeds = False  # variations are told apart by their seeds
        self._is_whole = is_whole
        self._users = 0  # flows that were begun and have not ended
        self._frozen: _Frozen | None = None

    @property
    def result_kinds(self) -> tuple[str, ...]:
        """See ResultHost: a selection is one of an image."""
        selected = () if self._image is None else (protocol.SELECTION,)
        return (protocol.PIXELS, *selected, *results_in_words.KINDS)

    def pictures(self) -> tuple[named_pictures.OfferedPicture, ...]:
        """See PictureHost: the image's layers."""
        return layer_pictures.offered(self._image)

    def freeze_picture(self, key: str) -> named_pictures.FrozenPicture:
        """See PictureHost."""
        return layer_pictures.freeze(key)

    def freeze(self) -> host.Snapshot:
        """See Host. Raises InputError for images that no result could be put into."""
        if self._frozen is None:
            self._frozen = _freeze(self._image, is_whole=self._is_whole)
        self._users += 1
        return self._frozen.snapshot

    @property
    def kind(self) -> ImageKind:
        """Return what kind of image was frozen; where there is none, what is made without: 8 bit sRGB."""
        if self._image is None:
            return ImageKind.again(Gimp.ImageBaseType.RGB, Gimp.Precision.U8_NON_LINEAR, None)
        return self._state.kind

    def record(self) -> job_records.Record:
        """Return what is to be written down about a job on what was frozen, or on no image."""
        kind, image, name = self.kind, self._image, ""
        if image is not None:
            file = image.get_xcf_file() or image.get_imported_file()
            name = (file.get_basename() if file else image.get_name()) or ""
        return job_records.Record(self._title, name, kind.described())

    @property
    def is_open(self) -> bool:
        """Tell whether the person still has the image. GIMP itself keeps it as long as the plug-in runs."""
        if self._image is None:
            return True
        return self._image.is_valid() and (self._display is None or self._display.is_valid())

    def read_pixels(self, bounds: geometry.Bounds, extent: geometry.Extent) -> host.Image:
        """See Host. The bounds' own size is handed out: GEGL's reductions are not exact enough."""
        del extent
        self._require_image()
        layout = self.kind.layout
        data = buffers.read(self._state.visible, bounds, layout.name, layout.pixels.pixel_size)
        return host.Image(bounds.extent, data, layout.pixels)

    def read_coverage(self, bounds: geometry.Bounds, extent: geometry.Extent) -> host.Image:
        """See Host."""
        del extent  # it is that of the pixels: the bounds' own
        self._require_image()
        name, layout = formats.coverage_format(self.kind.layout.pixels.dtype)
        if self._state.coverage is None:
            raise errors.ServerError("Coverage was asked for where nothing is selected.")
        data = buffers.read(self._state.coverage, bounds, name, layout.pixel_size)
        return host.Image(bounds.extent, data, layout)

    def is_unchanged(self) -> bool:
        """See Host."""
        if self._to_image:
            return True  # it stands for itself
        if not self.is_open:
            return False
        try:
            now, kind = _visible(self._image, self._state.shelf)
        except errors.FoveateError:
            return False
        try:
            return self._is_same(now, kind)
        finally:
            self._state.shelf.remove_layer(now)

    def refusal(self, result: host.Result) -> errors.ErrorInfo | None:
        """Return why a result has no place in the image any more, so that nobody is offered to apply it; else None."""
        try:
            self._require_place(result)
        except errors.InputError as error:
            return error.info
        return None

    def apply(self, result: host.Result) -> None:
        """See Host. Raises InputError where the image is gone, or does not fit the result any more."""
        if result.kind in results_in_words.KINDS:
            self._tell(result)
            return
        self._require_place(result)
        if result.kind == protocol.SELECTION:
            layer_pictures.select(self._image, result)
            return
        if not result.patches:
            return
        if self._becomes_image(result):
            self.result_image = self.keep(result)
            return
        layers = build_layers(self._image, result, self.kind, self._name(result))
        self._image.undo_group_start()
        try:
            taken = [insert(self._image, placed, placed.bounds) for placed in layers]
        finally:
            self._image.undo_group_end()
        if not all(taken):
            raise errors.InputError("GIMP did not take the new layer.", remedy="Open the result as a new image.")
        self.layers += tuple(placed.layer for placed in layers)
        Gimp.displays_flush()

    def _tell(self, result: host.Result) -> None:
        self.told = results_in_words.told(result, self._place, self._title)
        drawn = other_results.drawn(result, self._title)
        if drawn is not None:
            self.result_image = self._shown(drawn)

    @property
    def _place(self) -> Path:
        """Return the folder for files: beside the image's own, else the person's home."""
        file = self._image.get_xcf_file() or self._image.get_imported_file() if self._image else None
        return results_in_words.folder_beside((file and file.get_path()) or "")

    def keep(self, result: host.Result) -> Gimp.Image:
        """Return the result as a new image, with a window where windows are wanted. Raises as `build` does."""
        return self._shown(self.build(result))

    def _shown(self, image: Gimp.Image) -> Gimp.Image:
        if self._show:
            Gimp.Display.new(image)
        return image

    def build(self, result: host.Result) -> Gimp.Image:
        """Return the result as a new image without a window. Raises InputError without pixels."""
        return build_image(result, self.kind, self._name(result))

    def release(self) -> None:
        """See Host."""
        self._users -= 1
        if self._users <= 0:
            self.close()

    def close(self) -> None:
        """Delete what was frozen, whoever still uses it."""
        if self._frozen is not None and self._frozen.shelf.is_valid():
            self._frozen.shelf.delete()

    @property
    def _state(self) -> _Frozen:
        return document_problems.frozen(self._frozen)

    def _require_image(self) -> None:
        if not self._image.is_valid():
            raise errors.InputError("The image was closed while it was being worked on.", remedy="Open it again.")

    def _is_same(self, now: Gimp.Layer, kind: ImageKind) -> bool:
        then = self._state
        if (_extent(self._image), kind) != (then.snapshot.extent, then.kind):
            return False
        return same_where_covered(then.visible, now.get_buffer(), then.coverage, then.region, kind.layout)

    def _becomes_image(self, result: host.Result) -> bool:
        return self._to_image or result.frame == "new"

    def _require_place(self, result: host.Result) -> None:
        """Raise InputError where the image cannot take a result: it is gone, or does not fit any more."""
        if result.kind == protocol.SELECTION:
            self._require_same_size(result)
        elif result.patches and not self._becomes_image(result):
            self._require_fitting()

    def _require_fitting(self) -> None:
        image, kind = self._image, self.kind
        if not self.is_open:
            reason = "The image was closed before the result came."
        elif (image.get_base_type(), image.get_precision()) != (kind.base, kind.precision):
            reason = "The image has another mode or precision by now."
        else:
            return
        raise errors.InputError(
            reason, code=errors.ErrorCode.CONFLICT, remedy="The result can be opened as a new image."
        )

    def _require_same_size(self, result: host.Result) -> None:
        if not self.is_open or _extent(self._image) != result.extent:
            raise document_problems.selection_fits_nothing()

    def _name(self, result: host.Result) -> str:
        models = connection.load_known()[1]
        return self._title + offered_operations.made_by(result.recipe, with_seed=self.names_seeds, models=models)


def _freeze(image: Gimp.Image, *, is_whole: bool) -> _Frozen:
    _require_usable(image)
    shelf = hidden_images.make(image)
    try:
        visible, kind = _visible(image, shelf)
        extent = _extent(image)
        selection, channel = (None, None) if is_whole else _selection(image, shelf, extent)
        snapshot = host.Snapshot(extent, kind.layout.pixels, selection, kind.space, None if kind.space else kind.icc)
        frozen = _Frozen(visible.get_buffer(), channel.get_buffer() if channel else None, kind, snapshot, shelf)
        _require_something_visible(frozen)
        return frozen
    except BaseException:
        shelf.delete()
        raise


def _visible(image: Gimp.Image, shelf: Gimp.Image) -> tuple[Gimp.Layer, ImageKind]:
    """Return what is visible, as a layer on the shelf, and its kind. Raises InputError where nothing is."""
    _require_usable(image)
    visible = Gimp.Layer.new_from_visible(image, shelf, _SNAPSHOT)
    if visible is None:
        raise errors.InputError("Nothing in this image is visible.", remedy="Show at least one layer.")
    shelf.insert_layer(visible, None, 0)
    return visible, ImageKind.of(image, formats.layer_format(visible))


def _require_something_visible(frozen: _Frozen) -> None:
    """Raise InputError where all that is selected is transparent: GIMP shows a layer of it as black."""
    layout = frozen.kind.layout
    size = layout.pixels.pixel_size
    for strip in arrange_patches.rows_of(frozen.region, size, _STRIP_BYTES):
        seen = buffers.read(frozen.visible, strip, layout.name, size)
        covered = None if frozen.coverage is None else buffers.read(frozen.coverage, strip, "Y u8", 1)
        if coverage.is_any_visible(seen, layout.pixels, covered):
            return
    if frozen.coverage is None:
        raise errors.InputError("Nothing in this image is visible.", remedy="Show at least one layer.")
    raise errors.InputError(
        "Nothing is visible in the selection.", remedy="Show a layer there, or select what can be seen."
    )


def _extent(image: Gimp.Image) -> geometry.Extent:
    return geometry.Extent(image.get_width(), image.get_height())


def problem(image: Gimp.Image) -> str:
    """Return why nothing can be made of an image as it is now; empty where something can."""
    try:
        _require_usable(image)
    except errors.InputError as error:
        return str(error.info)
    return ""


def _require_usable(image: Gimp.Image) -> None:
    if not image.is_valid():
        raise errors.InputError("The image is closed.", remedy="Open it again.")
    if image.get_base_type() == Gimp.ImageBaseType.INDEXED:
        raise errors.InputError(
            "This image has an indexed palette, which cannot hold the result.",
            code=errors.ErrorCode.UNSUPPORTED_FORMAT,
            remedy="Choose Image > Mode > RGB first.",
        )
    if image.get_floating_sel() is not None:
        raise errors.InputError(
            "There is a floating selection.", remedy="Anchor it, or make it a layer, then run this again."
        )
    if not image.get_layers():
        raise errors.InputError("The image has no layer.", remedy="Add one.")
    for channel in image.get_channels():
        _require_unseen(channel)


def _require_unseen(channel: Gimp.Channel) -> None:
    """Raise InputError where a channel lies in what is visible: its colour would be taken for the picture's."""
    if channel.get_name() == _QUICK_MASK:
        raise errors.InputError(
            "Quick Mask is on: what is painted there is not selected yet.",
            remedy="Turn it off first (Shift+Q), so that it becomes the selection.",
        )
    if channel.get_visible():
        raise errors.InputError(
            "The channel “{name}” is shown over the picture, and would tint the result.",
            remedy="Hide it with its eye in the list of channels.",
            name=channel.get_name(),
        )


def _selection(
    image: Gimp.Image, shelf: Gimp.Image, extent: geometry.Extent
) -> tuple[protocol.Selection | None, Gimp.Channel | None]:
    """Return what is selected, and a copy of its coverage on the shelf; None where nothing is."""
    if Gimp.Selection.is_empty(image):
        return None, None
    _, _, left, top, right, bottom = Gimp.Selection.bounds(image)
    bounds = geometry.Bounds(left, top, right - left, bottom - top).clamp(extent)
    copy = Gimp.Channel.new(shelf, _SNAPSHOT, extent.width, extent.height, 100.0, Gegl.Color.new("black"))
    shelf.insert_channel(copy, None, 0)
    copy.combine_masks(image.get_selection(), Gimp.ChannelOps.REPLACE, 0, 0)
    return protocol.Selection(bounds, has_coverage=True), copy
