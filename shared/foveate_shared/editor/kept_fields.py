"""The fields of a parameter, for editors whose fields are made of a name, a kind, limits and accessors.

for field in fields_of(KeptParameter(controller, operation, parameter), largest=(1 << 31) - 1):
    make(field.name, field.kind, field.title, field.low, field.high, get=field.read, set=field.write)
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from ..forms import comparison_lists
from ..forms.operation_form import Parameter
from . import kept_names
from .kept_names import NameOption
from .kept_parameters import SLOTS, KeptParameter, list_of

Value = str | float | bool


class ValueKind(str, Enum):
    """What a field holds."""

    TEXT = "text"
    FLAG = "flag"
    WHOLE = "whole"
    NUMBER = "number"
    CHOICE = "choice"  # one of KeptParameter.choices, by number
    NAME = "name"  # the name of one of KeptField.options


@dataclass(frozen=True)
class KeptField:
    """A field for a parameter, or for a part of one: a view on the settings. Texts are English: translate them."""

    name: str  # the parameter's, and for a part of one more
    kind: ValueKind
    title: str
    description: str
    kept: KeptParameter
    key: str  # by which it is kept
    usual: Value  # what it shows where nothing is known
    low: float = 0  # of numbers
    high: float = 0
    is_share: bool = False  # between nothing and all
    axis: comparison_lists.Axis | None = None  # of a list that is compared

    @property
    def options(self) -> tuple[NameOption, ...]:
        """Return what can be chosen for a NAME, and how a list can go on; nothing where anything can be said."""
        if self.axis is not None:
            return kept_names.continuations(self.kept, self.axis)
        return kept_names.options(self.kept) if self.kind is ValueKind.NAME else ()

    @property
    def shown(self) -> str:
        """Return the title of a NAME, in the person's language."""
        return kept_names.title_of(self.kept, self.key)

    def choose(self, name: str) -> None:
        """Take one of the options: a list goes on with it."""
        self.write(name if self.axis is None else comparison_lists.with_another(str(self.read()), name))

    def read(self) -> Value:
        """Return what it shows: what is kept, else the form's default, else what is usual."""
        if self.kind is ValueKind.CHOICE:
            return self.kept.chosen
        value = self.kept.view(self.key)
        try:
            return self.usual if value is None else type(self.usual)(value)  # type: ignore[arg-type] # or it is refused
        except (TypeError, ValueError):  # the settings hold something of another kind
            return self.usual

    def write(self, value: Value) -> None:
        """Keep what a person said."""
        if self.kind is ValueKind.CHOICE:
            self.kept.choose(int(value))
        elif self.kept.parameter.name == "loras" and self.kind is ValueKind.NAME:
            self.kept.choose_lora(int(self.key.rpartition("_")[2]), str(value))
        else:
            self.kept.put(value, self.key)


def fields_of(kept: KeptParameter, largest: int) -> list[KeptField]:
    """Return the fields of a parameter; none where it cannot be said in such. Numbers go up to `largest`."""
    parameter, name = kept.parameter, kept.parameter.name
    if name == "variants":
        return [_listed(kept, axis) for axis in comparison_lists.AXES]
    if name == "loras":
        return [field for slot in SLOTS for field in _lora(kept, slot, largest)]
    if parameter.are_numbers:
        return [_plain(kept, part, f"{name}_{part.name}", largest) for part in parameter.parts]
    if parameter.is_closed or name == "preset":
        return [KeptField(name, ValueKind.CHOICE, parameter.title, parameter.description, kept, name, 0)]
    return [_plain(kept, parameter, name, largest)] if parameter.type not in {"array", "object"} else []


def _plain(kept: KeptParameter, parameter: Parameter, key: str, largest: int) -> KeptField:
    """Return the field of a text, a number or a switch."""
    title, description = parameter.title, parameter.description
    if parameter.type == "boolean":
        return KeptField(key, ValueKind.FLAG, title, description, kept, key, usual=False)
    if parameter.type not in {"number", "integer"}:
        is_name = parameter.names_a_choice or parameter.name == "model"
        return KeptField(key, ValueKind.NAME if is_name else ValueKind.TEXT, title, description, kept, key, "")
    low = -largest if parameter.minimum is None else parameter.minimum
    high = min(largest, largest if parameter.maximum is None else parameter.maximum)
    usual = parameter.default if isinstance(parameter.default, (int, float)) else max(0, low)
    if parameter.type == "integer":
        return KeptField(
            key, ValueKind.WHOLE, title, description, kept, key, int(usual), round(low), round(high)
        )  # fmt: skip
    return KeptField(
        key, ValueKind.NUMBER, title, description, kept, key, float(usual), low, high, is_share=parameter.is_share
    )


def _listed(kept: KeptParameter, axis: comparison_lists.Axis) -> KeptField:
    """Return the field of a list that is compared."""
    key = list_of(axis)
    name = key.removeprefix("compare_")
    return KeptField(name, ValueKind.TEXT, axis.title, axis.description, kept, key, "", axis=axis)


def _lora(kept: KeptParameter, slot: int, largest: int) -> list[KeptField]:
    """Return the fields of a LoRA and its weight."""
    key, weight = f"loras_{slot}", kept.parameter.part("weight")
    text = kept.parameter.description
    made = [KeptField(key, ValueKind.NAME, "LoRA", text, kept, key, "")]
    return [*made, _plain(kept, weight, f"{key}_weight", largest)] if weight else made
