"""The layers that a procedure takes beside its image: an argument for each slot, a list where it takes several."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gi.repository import Gimp, GObject

from . import layer_pictures
from ._shared import chosen_pictures, errors, picture_slots, protocol, translations

_READ_WRITE = GObject.ParamFlags.READWRITE


@dataclass(frozen=True)
class PictureArgument:
    """One argument: a layer, or a list of them."""

    name: str  # in GIMP
    slot: picture_slots.PictureSlot

    @property
    def is_list(self) -> bool:
        """Tell whether it takes several layers."""
        return self.slot.most > 1

    def add_to(self, procedure: Gimp.Procedure, say: translations.Texts) -> None:
        """Add it to a procedure. It may be left out: what is missing is said in a sentence of ours."""
        title = say(self.slot.title)
        start = (self.name, title, say(self.slot.description) or title)
        if self.is_list:
            procedure.add_core_object_array_argument(*start, Gimp.Layer.__gtype__, _READ_WRITE)
        else:
            procedure.add_layer_argument(*start, True, _READ_WRITE)

    def layers(self, config: Gimp.ProcedureConfig) -> list[Gimp.Layer]:
        """Return the layers that it says."""
        if self.is_list:
            return list(config.get_core_object_array(self.name) or ())
        layer = config.get_property(self.name)
        return [] if layer is None else [layer]

    def say(self, config: Gimp.ProcedureConfig, layers: Sequence[Gimp.Layer]) -> None:
        """Let it say these layers."""
        if self.is_list:
            config.set_core_object_array(self.name, list(layers))
        else:
            config.set_property(self.name, layers[0] if layers else None)


def picture_arguments(info: protocol.OperationInfo, taken: Sequence[str]) -> tuple[PictureArgument, ...]:
    """Return those of an operation; `taken` are the names of its other arguments."""
    return tuple(
        PictureArgument(f"picture-{slot.name}" if slot.name in taken else slot.name, slot)
        for slot in picture_slots.picture_slots(info.parameters)
    )


def chosen(config: Gimp.ProcedureConfig, arguments: Sequence[PictureArgument]) -> chosen_pictures.ChosenPictures:
    """Return what the arguments say. Raises InputError for more layers than a slot takes."""
    by_slot = {}
    for argument in arguments:
        layers, slot = argument.layers(config), argument.slot
        if len(layers) > slot.most:
            raise errors.InputError(
                "{name} takes at most {most} pictures.", remedy="Leave some out.", name=slot.title, most=slot.most
            )
        by_slot[slot.name] = tuple(map(layer_pictures.described, layers))
    return chosen_pictures.ChosenPictures(by_slot)
