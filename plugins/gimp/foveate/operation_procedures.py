"""The procedures that work on an image: one for each operation that the server had when it was seen last."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gi.repository import Gimp

from . import arguments, connection, picture_arguments
from ._shared import offered_operations, picture_slots, protocol, translations
from .first_operations import FIRST

_PREFIX = "plug-in-foveate-"


@dataclass(frozen=True)
class OperationProcedure:
    """One procedure that works on an image."""

    procedure: str  # its name in GIMP
    info: protocol.OperationInfo  # what it is done with, as the server told it last
    title: str  # English, for the person; the menu adds an ellipsis
    blurb: str
    arguments: tuple[arguments.Argument, ...]
    pictures: tuple[picture_arguments.PictureArgument, ...] = ()  # that go beside the image
    is_whole: bool = False  # works on all of the image, whatever is selected, and grows it

    @property
    def name(self) -> str:
        """Return the server's name of what it does."""
        return self.info.name

    @property
    def takes_image(self) -> bool:
        """Tell whether it works on an image."""
        return picture_slots.takes_document(self.info.parameters)

    @property
    def has_output(self) -> bool:
        """Tell whether the result may be a layer or an image, as the person likes; else it is what it must be."""
        if not self.takes_image or picture_slots.result_kind(self.info.parameters) != protocol.PIXELS:
            return False
        return not {"target", arguments.VARIANTS} & set(self.info.properties) and not self.is_whole

    @property
    def has_variations(self) -> bool:
        """Tell whether several results differ by their seeds: not where they lie on one picture already."""
        return "seed" in self.info.properties and arguments.VARIANTS not in self.info.properties

    def parameters(
        self,
        config: Gimp.ProcedureConfig,
        live: protocol.OperationInfo,
        say: translations.Texts,
        models: Sequence[protocol.ModelInfo] = (),
    ) -> protocol.JsonObject:
        """Return the job's parameters, see :func:`arguments.parameters`."""
        return arguments.parameters(config, self.arguments, live, say, models)


def wants_image(config: Gimp.ProcedureConfig) -> bool:
    """Tell whether the result shall be an image of its own."""
    return config.find_property("output") is not None and config.get_property("output") == "image"


def all_operations() -> tuple[OperationProcedure, ...]:
    """Return the procedures in the order of the menu, as the server was seen last."""
    return operations_of(connection.load_known()[0])


def operations_of(infos: Sequence[protocol.OperationInfo]) -> tuple[OperationProcedure, ...]:
    """Return the procedures for a server's operations; those that every server has, where none was seen yet."""
    made: list[OperationProcedure] = []
    for info in infos or FIRST:
        if info.name in offered_operations.WITHIN_OTHERS:
            continue
        blurb = offered_operations.words_of(info.name, infos).tip or info.title
        own = arguments.arguments_of(info)
        pictures = picture_arguments.picture_arguments(info, (*arguments.TAKEN, *(each.name for each in own)))
        made.append(OperationProcedure(_name(info.name), info, info.title, blurb, own, pictures))
        if arguments.SIDES in info.properties:
            words = offered_operations.words_of(offered_operations.EXTEND)
            grown = arguments.arguments_of(info, extends=True)
            title, blurb = words.on_selection, words.tip
            made.append(
                OperationProcedure(_name(offered_operations.EXTEND), info, title, blurb, grown, pictures, is_whole=True)
            )
    return tuple(made)


def _name(operation: str) -> str:
    return _PREFIX + operation.lower().replace("_", "-")
