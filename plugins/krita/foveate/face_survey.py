"""Find faces: a job whose result is a list to choose from; the document stays as it is."""

from __future__ import annotations

from functools import partial

from ._shared import faces, host
from .document import KritaHost
from .layers import Steps


class FaceSurvey(KritaHost):
    """A host that takes faces for a result."""

    faces: tuple[faces.FoundFace, ...] = ()

    def is_unchanged(self) -> bool:
        """Say yes: nothing will be applied."""
        return True

    def steps(self, result: host.Result, *, check: bool) -> Steps[None]:
        """See StepwiseHost."""
        del check
        self.apply(result)
        yield

    def apply(self, result: host.Result) -> None:
        """Cut the found faces out of the snapshot."""
        frozen = self._snapshot
        self.faces = faces.found_faces(result, frozen.extent, partial(self.picture, frozen.clone))
