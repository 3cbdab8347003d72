"""A host for operations that take no document: what they make becomes a new image, out of 8 bit RGB in sRGB."""

from __future__ import annotations

from . import layers, new_documents
from ._shared import arrange_patches, host, in_steps, pixels
from .job_host import KritaJobHost

_COLORS = ("RGBA", "U8", "sRGB-elle-V2-srgbtrc.icc")


class NewImageHost(KritaJobHost, in_steps.NewImageInSteps):
    """Layers of the active document, if there is one, may go beside what is not there."""

    def open_image(self, result: host.Result) -> in_steps.Steps[None]:
        """See InSteps. Krita lays overlapping patches over each other."""
        patches = arrange_patches.made_opaque(result.patches, pixels.Channels.BGRA)
        prepared = yield from layers.prepare(self._krita, _COLORS, patches)
        empty = new_documents.create(self._krita, result.extent, self._title, _COLORS)
        yield from self._fill(empty, prepared.parts, result)
        self.after = self.preview(result)
