"""A Krita document as Foveate's flow sees it: frozen, read window by window, given its result as one new layer.

A snapshot is a clone of the document. Clones share their tiles with the original until either is changed, so that it
costs some milliseconds and little memory, whatever the document's size, and stays when the document is closed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from . import layer_pictures, layers, new_documents
from ._shared import (
    arrange_patches,
    coverage,
    document_problems,
    errors,
    geometry,
    host,
    in_steps,
    job_records,
    pixels,
    protocol,
)
from .job_host import PICTURE_SIDE, KritaJobHost
from .layer_pictures import document_colors, extent_of
from .open_again import open_again
from .pixel_layouts import named_space, pixel_format
from .profiles import read_profile
from .wait_until_idle import drop, dropped_after, is_open, until_idle

_SHOWS_NOTHING = "All that was worked on is transparent: the new layer shows nothing."


@dataclass(frozen=True)
class Frozen:
    """What a document was when it was frozen."""

    clone: Any  # None once it was released
    extent: geometry.Extent
    colors: tuple[str, str, str]  # model, depth and profile, as Krita names them
    format: pixels.PixelFormat
    region: geometry.Bounds  # the selected bounds, or all
    mask: coverage.Mask | None  # None: all of it
    file: str  # empty where it had none


class KritaHost(KritaJobHost):
    """One job's view of one document."""

    def __init__(self, krita: Any, document: Any, title: str, *, whole: bool = False) -> None:
        """See KritaJobHost. With `whole` all of the document is worked on, whatever is selected."""
        super().__init__(krita, document, title)
        self._whole = whole
        self._frozen: Frozen | None = None

    def freeze(self) -> host.Snapshot:
        """See Host. Raises InputError for images that are neither RGB nor grey, and for profiles that stay unknown."""
        document = self._document
        document.waitForDone()
        colors = document_colors(document)
        layout = pixel_format(colors[0], colors[1])
        space = named_space(colors[0], colors[2])
        icc = None if space else read_profile(self._krita, colors[0], colors[2])
        mask = None if self._whole else _selected(document)
        extent = extent_of(document)
        region = mask.bounds if mask else extent.bounds
        self._frozen = Frozen(document.clone(), extent, colors, layout, region, mask, document.fileName())
        self.before = self.picture(self._frozen.clone, self._frozen.region)
        selection = protocol.Selection(mask.bounds, not mask.is_full) if mask else None
        return host.Snapshot(extent, layout, selection, space, icc)

    def read_pixels(self, bounds: geometry.Bounds, extent: geometry.Extent) -> host.Image:
        """See Host. Pixels are handed out at the bounds' own size."""
        layout = self._snapshot.format
        data = memoryview(_read(self._snapshot.clone, bounds))
        if data.nbytes != layout.size(bounds.extent):
            raise errors.ServerError(
                "Krita gave {count} bytes of pixels where {expected} were expected.",
                remedy="Report it, with the image's color space.",
                fault=errors.Fault.CLIENT,
                count=data.nbytes,
                expected=layout.size(bounds.extent),
            )
        return host.Image(bounds.extent, data, layout)

    def read_coverage(self, bounds: geometry.Bounds, extent: geometry.Extent) -> host.Image:
        """See Host. As pixels are handed out at the bounds' own size, so is their coverage."""
        mask = self._snapshot.mask
        data = mask.window(bounds) if mask else b"\xff" * bounds.area
        return host.Image(bounds.extent, data, pixels.COVERAGE_U8)

    def select(self, result: host.Result) -> None:
        """See InSteps."""
        self._find_again()
        if not is_open(self._krita, self._document) or not self._fits():
            raise document_problems.selection_fits_nothing()
        layer_pictures.select(self._krita, self._document, result)

    def release(self) -> None:
        """See Host. What the document was is kept, so that a result that was undone can be had again."""
        if self._frozen is not None and self._frozen.clone is not None:
            drop(self._frozen.clone)
            self._frozen = replace(self._frozen, clone=None, mask=None)
        super().release()

    def preview(self, result: host.Result) -> Any:
        """Return a QImage of the region as it would look with the result, without touching the document.

        As with all pictures, of its middle where it is large. A report has its drawing, if any; what is no picture, the
        region as it was.
        """
        if result.kind != protocol.PIXELS:
            return self.drawing(result) or self.before
        if self._snapshot.clone is None:
            return self.after or self.before
        area = (result.extent.bounds if result.frame == "new" else self._snapshot.region).middle(PICTURE_SIDE)
        inside = tuple(arrange_patches.cropped(result.patches, area))
        with dropped_after(self._create(area.extent)) as scratch:
            prepared = in_steps.to_end(layers.prepare(self._krita, self._snapshot.colors, inside))
            if result.frame == "document":
                below = [(area.relative_to(area), _read(self._snapshot.clone, area))]
                layers.fill(scratch.rootNode().childNodes()[0], below)
            layers.add_layer(scratch, prepared, self._title)
            return self.drawn(scratch, area.extent)

    def record(self) -> job_records.Record:
        """See RecordedHost."""
        told = super().record()
        return replace(told, kind={**told.kind, "colors": list(self._snapshot.colors)})

    @property
    def _snapshot(self) -> Frozen:
        return document_problems.frozen(self._frozen)

    def compared(self) -> in_steps.Steps[bool]:
        """See InSteps. Raises InputError where the document is closed, or has another size or other colors."""
        self._find_again()
        mask, size = self._snapshot.mask, self._snapshot.format.pixel_size
        for band in arrange_patches.rows_of(self._snapshot.region, size):
            yield from until_idle(self._krita, self._document)
            self._require_same_form()
            before, now = _read(self._snapshot.clone, band), _read(self._document, band)
            covered = mask and mask.part(band)
            if before != now and not coverage.same_under(covered, memoryview(before), memoryview(now), size):
                return False
            yield
        return True

    def add_layer(self, result: host.Result, *, check: bool) -> in_steps.Steps[None]:
        """See InSteps. Where the document is gone or has another form, its snapshot is opened with the result in it."""
        prepared = yield from layers.prepare(self._krita, self._snapshot.colors, result.patches)
        self._find_again()
        document = self._document
        is_there = document is not None and is_open(self._krita, document)
        if check or (is_there and self._fits()):
            yield from until_idle(self._krita, document)
            self._require_same_form()
        else:
            document = yield from self._reopened()
        self._put(document, prepared, result)
        if prepared.shows_nothing:
            self.told = (_SHOWS_NOTHING,)
        self._result_in = document, self._snapshot.region

    def _find_again(self) -> None:
        """Turn to the document again where it was released, and to its successor where its file was opened again."""
        if self._document is None or not is_open(self._krita, self._document):
            before = self._snapshot
            again = layer_pictures.open_document(self._krita, self.document_key)
            again = again or open_again(self._krita, before.file, before.extent, before.colors)
            if again is not None:
                self._document, self.document_key = again, layer_pictures.document_key(again)

    def _fits(self) -> bool:
        """Tell whether the document still has the extent and the color space that it had."""
        document, before = self._document, self._snapshot
        return (extent_of(document), document_colors(document)) == (before.extent, before.colors)

    def _require_same_form(self) -> None:
        """Raise InputError where the document has another extent or color space than it had."""
        document, before = self._document, self._snapshot
        if extent_of(document) != before.extent:
            raise document_problems.other_size(extent_of(document), before.extent)
        if document_colors(document) != before.colors:
            raise document_problems.other_colors()

    def open_image(self, result: host.Result) -> in_steps.Steps[None]:
        """See InSteps."""
        parts = yield from layers.converted(result.patches, keeps_alpha=True)
        document = self._create(result.extent)
        yield from self._fill(document, parts, result)
        self._result_in = document, result.extent.bounds

    def _reopened(self) -> in_steps.Steps[Any]:
        """Open a flat copy of the snapshot and return it: Krita crashes where clones get a window."""
        if self._snapshot.clone is None:
            raise document_problems.nothing_to_bring_back_to()
        area, parts = self._snapshot.extent.bounds, []
        for band in arrange_patches.rows_of(area, self._snapshot.format.pixel_size):
            parts.append((band, _read(self._snapshot.clone, band)))
            yield
        document = yield from new_documents.filled(self._krita, self._create(self._snapshot.extent), parts)
        new_documents.show(self._krita, document)
        return document

    def _create(self, extent: geometry.Extent) -> Any:
        resolution = float(self._snapshot.clone.resolution())
        return new_documents.create(self._krita, extent, self._title, self._snapshot.colors, resolution)


def why_unusable(document: Any) -> str:
    """Return why no job can work on the pixels of a document, a sentence; empty where one can."""
    model, depth, _ = document_colors(document)
    try:
        pixel_format(model, depth)
    except errors.InputError as error:
        return str(error)
    return ""


def _read(document: Any, bounds: geometry.Bounds) -> Any:
    """Return a QByteArray of the visible pixels."""
    return document.pixelData(bounds.x, bounds.y, bounds.width, bounds.height)


def find_selection(document: Any) -> Any:
    """Return the selection that the person sees: the image's, or that of the active layer's selection mask; or None."""
    selection = document.selection()
    if (selection is None or not selection.width()) and _may_have_masks(document):
        selection = _local_selection(document.activeNode())
    return selection if selection is not None and selection.width() and selection.height() else None


def _may_have_masks(document: Any) -> bool:
    """Tell whether there may be a selection mask.

    Without one the active layer is not asked for: Krita handles all events that wait before it tells. That takes a
    tenth of a second and longer on a busy machine, and what the person does comes in the midst of what we do.
    """
    root = document.rootNode()
    return not hasattr(root, "findChildNodes") or bool(root.findChildNodes("", True, False, "selectionmask"))


def _local_selection(node: Any) -> Any:
    if node is None:
        return None
    masks = [node, *node.childNodes()]
    return next((mask.selection() for mask in masks if mask.type() == "selectionmask" and mask.visible()), None)


def bounds_within(selection: Any, document: Any) -> geometry.Bounds | None:
    """Return what a selection, which may be None, has of a document: None where that is nothing."""
    if selection is None:
        return None
    bounds = geometry.Bounds(selection.x(), selection.y(), selection.width(), selection.height())
    inside = bounds.clamp(extent_of(document))
    return None if inside.is_empty else inside


def _selected(document: Any) -> coverage.Mask | None:
    """Return the frozen coverage of the document's selection. Raises InputError where it lies outside."""
    selection = find_selection(document)
    if selection is None:
        return None
    bounds = bounds_within(selection, document)
    if bounds is None:
        raise document_problems.selection_outside()
    return coverage.Mask(bounds, bytes(selection.pixelData(bounds.x, bounds.y, bounds.width, bounds.height)))
