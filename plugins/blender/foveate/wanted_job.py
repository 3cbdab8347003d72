"""What a job is to do, from the button to the result's name; it can be started again."""

from __future__ import annotations

from dataclasses import dataclass

from ._shared import chosen_pictures, host, offered_operations, protocol, selected_region
from .document import BlenderHost, Place

_LONGEST_NAME = 63  # bytes, in all Blenders before 5.0


@dataclass(frozen=True)
class WantedJob:
    """One job on one image, or its variations."""

    operation: str  # as it is offered
    words: str  # what that is called, in English
    parameters: protocol.JsonObject
    image: int | str | None  # a buffers.reference; None where the operation takes no document
    image_name: str
    scene: str  # whose render a Render Result shows
    region: selected_region.RegionOf
    placement: Place  # shows the new image, and makes the undo step
    result_name: str = ""  # empty: made of the image's name, the operation and the model
    count: int = 1  # variations
    chosen: chosen_pictures.ChosenPictures = chosen_pictures.NONE_CHOSEN  # images beside this one

    @property
    def title(self) -> str:
        """Return what the history calls it."""
        return f"{self.words}: {self.image_name}" if self.image_name else self.words

    @property
    def served_by(self) -> str:
        """Return the server's operation."""
        return offered_operations.served_by(self.operation)

    def host(self, number: int = 1) -> BlenderHost:
        """Return a document to run a variation on, once."""

        def name(result: host.Result) -> str:
            own = f"{self.result_name} {number}" if self.count > 1 and self.result_name else self.result_name
            image_name = self.image_name or "Foveate"
            return own or offered_operations.result_name(image_name, self.words, result.recipe, _LONGEST_NAME)

        always = bool(self.result_name)  # whoever names the result counts on it
        made = BlenderHost(self.image, self.scene, self.region, name, self.placement, always=always)
        made.wanted = self
        return made
