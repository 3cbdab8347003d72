"""What a job is to do, from the button to the result's name; it can be started again."""

from __future__ import annotations

from dataclasses import dataclass

from ._shared import host, protocol
from .document import BlenderHost, Place
from .naming import model_of, result_name
from .region import RegionOf

TITLES = {
    "refocus": "Refocus",
    "faces": "Faces",
    "upscale": "Upscale",
    "fill": "Fill",
    "extend": "Extend",
    "compare": "Compare",
}


def served_by(operation: str) -> str:
    """Return the protocol's operation: a picture is extended by a fill."""
    return "fill" if operation == "extend" else operation


@dataclass(frozen=True)
class WantedJob:
    """One job on one image."""

    operation: str  # one of TITLES
    parameters: protocol.JsonObject
    image: int | str  # a buffers.reference
    image_name: str
    scene: str  # whose render a Render Result shows
    region: RegionOf
    placement: Place  # shows the new image, and makes the undo step
    result_name: str = ""  # empty: made of the image's name, the operation and the model

    @property
    def title(self) -> str:
        """Return what the history calls it."""
        return f"{TITLES[self.operation]}: {self.image_name}"

    @property
    def served_by(self) -> str:
        """Return the protocol's operation."""
        return served_by(self.operation)

    def host(self) -> BlenderHost:
        """Return a document to run it on, once."""
        always = bool(self.result_name)  # whoever names the result counts on it
        return BlenderHost(self.image, self.scene, self.region, self._name, self.placement, always=always)

    def _name(self, result: host.Result) -> str:
        return self.result_name or result_name(self.image_name, TITLES[self.operation], model_of(result.recipe))
