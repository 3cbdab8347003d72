"""Find faces: a job whose result is a list to choose from; the document stays as it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ._shared import errors, geometry, host
from .document import KritaHost
from .layers import Steps

_AROUND = 0.15  # of a face's longer side, shown around it


@dataclass(frozen=True)
class FoundFace:
    """A face that was found."""

    number: int  # as the operation `faces` counts them
    bounds: geometry.Bounds  # document pixels
    score: float  # how certain the detector is, 0 to 1
    picture: Any  # a QImage


class FaceSurvey(KritaHost):
    """A host that takes faces for a result."""

    faces: tuple[FoundFace, ...] = ()

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
        found = next((outcome.data["faces"] for outcome in result.outcomes if "faces" in outcome.data), None)
        if not isinstance(found, list):
            raise errors.ServerError("The server did not tell which faces it found.", remedy="Try again.")
        self.faces = tuple(self._face(number, face) for number, face in enumerate(found, 1))

    def _face(self, number: int, face: Any) -> FoundFace:
        x, y, width, height = (float(value) for value in face["box"])
        extent = self._snapshot.extent
        bounds = geometry.Bounds.from_edges(x, y, x + width, y + height).clamp(extent)
        around = bounds.pad(round(_AROUND * max(width, height))).clamp(extent)
        return FoundFace(number, bounds, float(face["score"]), self.picture(self._snapshot.clone, around))
