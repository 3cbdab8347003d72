"""What a job is to do, from the button to the result's name; it can be started again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import bpy

from . import known_image
from ._shared import chosen_pictures, host, offered_operations, protocol, selected_region

Place = Callable[[bpy.types.Image], None]

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
    origin: str = ""  # the image of which this one is a result, whose name it still has; empty: it is none
    step: int = 1  # of results of that
    known_as: known_image.KnownImage = known_image.UNKNOWN  # the image, where its file was opened again
    is_unselected: bool = False  # it is on all of the image since nothing else was said

    @property
    def served_by(self) -> str:
        """Return the server's operation."""
        return offered_operations.served_by(self.operation)

    @property
    def always_makes_one(self) -> bool:
        """Tell whether there is a new image even where nothing was changed: whoever names it counts on it."""
        return bool(self.result_name)

    def name_of(self, result: host.Result, number: int) -> str:
        """Return the name of a result, that of a variation."""
        if self.result_name:
            return f"{self.result_name} {number}" if self.count > 1 else self.result_name
        image = self.origin or self.image_name or "Foveate"
        return offered_operations.result_name(image, self.words, result.recipe, _LONGEST_NAME, step=self.step)
