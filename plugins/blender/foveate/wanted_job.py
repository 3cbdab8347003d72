"""What a job is to do, from the button to the result's name; it can be started again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import bpy

from . import known_image
from ._shared import chosen_pictures, errors, host, offered_operations, protocol, selected_region

Place = Callable[[bpy.types.Image], None]

_LONGEST_NAME = 63  # bytes, in all Blenders before 5.0
_LONGEST_NAME_OF_5 = 255  # since


def given_names(name: str, count: int) -> list[str]:
    """Return the names of results that are to be called `name`: where there are several, they are numbered."""
    return [f"{name} {number}" for number in range(1, count + 1)] if count > 1 else [name]


def require_free(name: str, count: int) -> None:
    """Raise InputError where results cannot be called `name`: Blender would change the name, and say nothing."""
    longest = _LONGEST_NAME if bpy.app.version < (5, 0) else _LONGEST_NAME_OF_5
    for each in given_names(name, count) if name else []:
        if any(image.name == each for image in bpy.data.images):
            raise errors.InputError(
                "There is an image {name} already.", remedy="Give the result another name, or remove that.", name=each
            )
        if len(each.encode()) > longest:
            raise errors.InputError(
                "The result's name is too long for Blender.",
                remedy="Give it one of at most {count} bytes.",
                count=longest,
            )


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
            return given_names(self.result_name, self.count)[number - 1]
        image = self.origin or self.image_name or "Foveate"
        return offered_operations.result_name(image, self.words, result.recipe, _LONGEST_NAME, step=self.step)
