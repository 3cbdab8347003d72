"""Which field fits a parameter, and what a field for a number shows: alike wherever forms are drawn from schemas."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from ..wire.protocol import Json
from .operation_form import Parameter

_SIDE_BY_SIDE = 4  # choices that are shown side by side; more are a list that opens
_FREE = 1_000_000.0  # stands for a limit where the schema names none


class FieldKind(Enum):
    """A kind of field."""

    BUTTONS = "one of a few values, side by side"
    LIST = "one of some values, in a list that opens"
    SHARE = "a slider, and percent to type"
    NUMBER = "a number to type"
    SWITCH = "yes or no"
    TEXT = "a short text"


def kind_of(parameter: Parameter) -> FieldKind | None:
    """Return the kind of field that fits a parameter; None where none does, and where there is nothing to choose."""
    if parameter.choices:
        if len(parameter.choices) == 1:
            return None
        is_short = len(parameter.choices) <= _SIDE_BY_SIDE and parameter.is_closed
        return FieldKind.BUTTONS if is_short else FieldKind.LIST
    if parameter.is_share and parameter.default is not None:
        return FieldKind.SHARE
    if parameter.names_a_choice:
        return None
    kinds = {"boolean": FieldKind.SWITCH, "string": FieldKind.TEXT}
    return FieldKind.NUMBER if parameter.type in {"number", "integer"} else kinds.get(parameter.type)


@dataclass(frozen=True)
class NumberField:
    """What a field for a number, of which a text may stand for "nothing is said", shows."""

    low: float  # the least that can be shown; stands for nothing where it `is_open`
    high: float
    step: float
    decimals: int
    is_open: bool  # nobody knows the default: it may be left open

    @classmethod
    def of(cls, parameter: Parameter) -> NumberField:
        """Return that of a parameter."""
        is_whole, is_open = parameter.type == "integer", parameter.default is None
        low = -_FREE if parameter.minimum is None else parameter.minimum
        high = _FREE if parameter.maximum is None else parameter.maximum
        step = 1.0 if is_whole else 0.05 if high <= 1 else 0.5
        return cls(low - step if is_open else low, high, step, 0 if is_whole else 2, is_open)

    def read(self, shown: float) -> float | None:
        """Return the value that is shown; None for nothing."""
        if self.is_open and shown < self.low + self.step / 2:  # widgets round
            return None
        return shown if self.decimals else round(shown)

    def shown(self, value: Json) -> float:
        """Return what shows a value."""
        return float(value) if isinstance(value, (int, float)) else self.low
