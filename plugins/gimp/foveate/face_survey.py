"""Find faces: a job whose result is a list to choose from; the image stays as it is."""

from __future__ import annotations

from functools import partial

from gi.repository import Gimp

from . import thumbnails
from ._shared import faces, host, translations
from .document import GimpHost

SIDE = 72  # pixels of a thumbnail


class FaceSurvey(GimpHost):
    """A host that takes faces for a result."""

    def __init__(self, image: Gimp.Image, say: translations.Texts) -> None:
        super().__init__(image, title=say("Find faces"))
        self.faces: tuple[faces.FoundFace, ...] = ()

    def is_unchanged(self) -> bool:
        """Say yes: nothing will be applied."""
        return True

    def apply(self, result: host.Result) -> None:
        """Cut the found faces out of what was frozen."""
        frozen = self._state
        self.faces = faces.found_faces(
            result, frozen.snapshot.extent, partial(thumbnails.cut, frozen.visible, side=SIDE)
        )
