"""Find faces: a job whose result is a list to choose from; the document stays as it is."""

from __future__ import annotations

from functools import partial

from ._shared import faces, host, in_steps
from .document import KritaHost


class FaceSurvey(KritaHost):
    """A host that takes faces for a result."""

    faces: tuple[faces.FoundFace, ...] = ()

    def is_unchanged(self) -> bool:
        """Say yes: nothing will be applied."""
        return True

    def steps(self, result: host.Result, *, check: bool) -> in_steps.Steps[None]:
        """Cut the found faces out of the snapshot."""
        del check
        frozen = self._snapshot
        self.faces = faces.found_faces(result, frozen.extent, partial(self.picture, frozen.clone))
        yield
