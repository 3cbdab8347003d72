"""The layers that a procedure takes beside its image: an argument for each, under the name that it has in a job.

They are no lists: GIMP 3.0 refuses an empty one before the plug-in is asked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gi.repository import Gimp, GObject

from . import layer_pictures
from ._shared import chosen_pictures, errors, picture_slots, protocol, translations
from .arguments import property_name


@dataclass(frozen=True)
class PictureArgument:
    """One argument."""

    name: str  # in GIMP
    slot: picture_slots.PictureSlot
    position: int  # within the slot

    def add_to(self, procedure: Gimp.Procedure, say: translations.Texts) -> None:
        """Add it to a procedure. It may be left out: what is missing is said in a sentence of ours."""
        title = say(self.slot.title)
        blurb = say(self.slot.description) or title
        name = f"{title} {self.position + 1}" if self.slot.most > 1 else title
        procedure.add_layer_argument(self.name, name, blurb, True, GObject.ParamFlags.READWRITE)


def picture_arguments(info: protocol.OperationInfo, taken: Sequence[str]) -> tuple[PictureArgument, ...]:
    """Return those of an operation; `taken` are the names of its other arguments."""
    made: list[PictureArgument] = []
    for slot in picture_slots.picture_slots(info.parameters):
        for position, name in enumerate(slot.names):
            known = property_name(name, "picture", (*taken, *(each.name for each in made)))
            made.append(PictureArgument(known, slot, position))
    return tuple(made)


def slots_of(arguments: Sequence[PictureArgument]) -> tuple[picture_slots.PictureSlot, ...]:
    """Return the slots that arguments fill."""
    return tuple(argument.slot for argument in arguments if not argument.position)


def chosen(config: Gimp.ProcedureConfig, arguments: Sequence[PictureArgument]) -> chosen_pictures.ChosenPictures:
    """Return what the arguments say."""
    said = chosen_pictures.NONE_CHOSEN
    for argument in arguments:
        layer, slot = config.get_property(argument.name), argument.slot.name
        if layer is not None:
            said = said.put(slot, len(said.of(slot)), layer_pictures.described(layer))
    return said


def check_script(config: Gimp.ProcedureConfig, arguments: Sequence[PictureArgument]) -> None:
    """Raise InputError where a script says what a person cannot choose: a group, or pictures with a gap."""
    layers = {argument: config.get_property(argument.name) for argument in arguments}
    said = {argument.slot.names[argument.position]: layer for argument, layer in layers.items() if layer is not None}
    for layer in said.values():
        if layer.is_group():
            raise errors.InputError(
                "{layer} is a layer group, and a group cannot be taken as a picture.",
                remedy="Merge it, or name a layer in it.",
                layer=layer.get_name(),
            )
    picture_slots.check_counted(said, slots_of(arguments))


def say_chosen(
    config: Gimp.ProcedureConfig, arguments: Sequence[PictureArgument], wanted: chosen_pictures.ChosenPictures
) -> None:
    """Let the arguments say what is wanted; a layer that is gone is none."""
    for argument in arguments:
        at = wanted.of(argument.slot.name)[argument.position : argument.position + 1]
        config.set_property(argument.name, layer_pictures.find(at[0].key) if at else None)
