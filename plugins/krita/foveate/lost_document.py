"""Takes a result of an earlier session: into its image where that is open again, else as an image of its own."""

from __future__ import annotations

from typing import Any

from . import layer_pictures, layers, new_documents
from ._shared import (
    arrange_patches,
    document_problems,
    geometry,
    host,
    in_steps,
    job_records,
    protocol,
)
from .job_host import PICTURE_SIDE
from .new_image_host import NewImageHost
from .open_again import open_again
from .pixel_layouts import colors_of
from .wait_until_idle import dropped_after, until_idle

_ABOUT = (
    "It was made earlier, and waited at the server. "
    "Its image takes it, where that is open; else it becomes a new image."
)


class LostDocument(NewImageHost):
    """See foveate_shared.jobs.host.Host. Its image is found by its file; where it has none, nobody can tell."""

    result_kinds = in_steps.InSteps.result_kinds

    def __init__(self, krita: Any, record: job_records.Record | None, title: str) -> None:
        """Without a record, the result itself tells what it can."""
        super().__init__(krita, None, title)
        self.told = (_ABOUT,)
        self._kind = record.kind if record else {}

    def steps(self, result: host.Result, *, check: bool) -> in_steps.Steps[None]:
        """See StepwiseHost."""
        yield from super().steps(result, check=check)
        self.told = tuple(sentence for sentence in self.told if sentence != _ABOUT)

    def add_layer(self, result: host.Result, *, check: bool) -> in_steps.Steps[None]:
        """See InSteps. An image of its own is as large as the one that is gone: the result lies where it lay."""
        prepared = yield from layers.prepare(self._krita, self._colors(result), result.patches)
        document, area = self._document_again(result), arrange_patches.covered_bounds(result.patches)
        if document is None:
            document = self._create(result, result.extent)
            yield from self._fill(document, prepared.parts, result)
        else:
            yield from until_idle(self._krita, document)
            self._put(document, prepared, result)
        self._result_in = document, area

    def open_image(self, result: host.Result) -> in_steps.Steps[None]:
        """See InSteps."""
        if _is_made_of_nothing(result):
            yield from super().open_image(result)
            return
        prepared = yield from layers.prepare(self._krita, self._colors(result), result.patches)
        document = self._create(result, result.extent)
        yield from self._fill(document, prepared.parts, result)
        self._result_in = document, result.extent.bounds

    def select(self, result: host.Result) -> None:
        """See InSteps."""
        document = self._document_again(result)
        if document is None:
            raise document_problems.selection_fits_nothing()
        layer_pictures.select(self._krita, document, result)

    def preview(self, result: host.Result) -> Any:
        """Return a QImage of what was made, alone; of its middle where it is large."""
        if result.kind != protocol.PIXELS or not result.patches or _is_made_of_nothing(result):
            return super().preview(result)
        area = arrange_patches.covered_bounds(result.patches).middle(PICTURE_SIDE)
        inside = tuple(arrange_patches.cropped(result.patches, area))
        with dropped_after(self._create(result, area.extent)) as scratch:
            prepared = in_steps.to_end(layers.prepare(self._krita, self._colors(result), inside))
            layers.fill(scratch.rootNode().childNodes()[0], prepared.parts)
            return self.drawn(scratch, area.extent)

    def _document_again(self, result: host.Result) -> Any:
        """Return the image that a result was made of, where it is open and still of that size and those colours."""
        return open_again(self._krita, self._kind.get("file"), result.extent, self._kind.get("colors"))

    def _create(self, result: host.Result, extent: geometry.Extent) -> Any:
        """Return a document with one layer that is transparent: that of a new one is white."""
        document = new_documents.create(self._krita, extent, self._title, self._colors(result))
        white = document.rootNode().childNodes()
        document.rootNode().addChildNode(document.createNode(self._title, "paintlayer"), None)
        for node in white:
            node.remove()
        return document

    def _colors(self, result: host.Result) -> new_documents.Colors:
        """Return the colours of the image that is gone, as far as anybody knows them."""
        known = self._kind.get("colors")
        if isinstance(known, list) and len(known) == 3:
            model, depth, profile = map(str, known)
            return model, depth, profile
        document = protocol.as_object(result.recipe.get("document"))
        space = protocol.as_object(document.get("profile")).get("space")
        return colors_of(result.patches[0].pixels.format, str(space))


def _is_made_of_nothing(result: host.Result) -> bool:
    """Tell whether it was made without a document."""
    return result.recipe.get("document") is None
