"""A procedure's arguments: what the server tells of an operation's parameters, in GIMP's terms, and the way back.

GIMP asks for arguments when no server may run: types, limits and defaults are those that the server told last. An
argument that has its default says nothing: what is left to the server is decided there, by the preset or the model.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

from gi.repository import Gimp, GObject

from ._shared import comparison_lists, errors, operation_form, parameter_values, protocol, schema_words, translations

SIDES = "extend"  # the parameter with a number for each side, and the procedure that grows the canvas
VARIANTS = "variants"  # the parameter that is written as lists: one for each axis
_NAMES = {"num_inference_steps": "steps", "guidance_scale": "guidance"}  # in GIMP, by parameter
_NICKS = {"new": "new-image", "document": "in-place"}  # of choices, by value
_VALUES = {nick: value for value, nick in _NICKS.items()}
TAKEN = ("image", "drawables", "run-mode", "output", "variations")  # arguments that are no parameters
_LEFT = "server"  # the nick of a choice that is left to the server
_LARGEST = {"integer": (1 << 31) - 1, "number": 1e9}  # that GIMP takes, where the server sets no limit
_READ_WRITE = GObject.ParamFlags.READWRITE
CHOICE, INTEGER, NUMBER, FLAG, TEXT = "choice", "integer", "number", "boolean", "string"


@dataclass(frozen=True)
class Argument:
    """One argument."""

    name: str  # in GIMP
    parameter: str  # whose value it says, or a part of it
    part: str  # a side, or an axis; empty where it says all of it
    kind: str
    title: str  # English, as are descriptions
    description: str
    default: Any  # which leaves it to the server
    low: float = 0.0
    high: float = 0.0
    choices: tuple[tuple[str, protocol.Json], ...] = ()  # nicks and their values
    schema: protocol.JsonObject = field(default_factory=dict, compare=False, repr=False)
    is_advanced: bool = False

    def add_to(self, procedure: Gimp.Procedure, say: translations.Texts) -> None:
        """Add it to a procedure."""
        start = (self.name, say(self.title), say(self.description))
        if self.kind == CHOICE:
            choice = Gimp.Choice.new()
            for at, (nick, value) in enumerate(self.choices):
                choice.add(nick, at, say(operation_form.title_of(self.schema, value)), "")
            procedure.add_choice_argument(*start, choice, self.default, _READ_WRITE)
        elif self.kind == INTEGER:
            procedure.add_int_argument(*start, int(self.low), int(self.high), int(self.default), _READ_WRITE)
        elif self.kind == NUMBER:
            procedure.add_double_argument(*start, self.low, self.high, self.default, _READ_WRITE)
        elif self.kind == FLAG:
            procedure.add_boolean_argument(*start, self.default, _READ_WRITE)
        else:
            procedure.add_string_argument(*start, self.default, _READ_WRITE)

    def said(self, config: Gimp.ProcedureConfig) -> Any:
        """Return what it says; None where it leaves that to the server."""
        value = config.get_property(self.name)
        if isinstance(value, str):
            value = value.strip()
        return None if value is None or value == self.default else value


VARIATIONS = Argument(  # of a procedure, and of no job
    "variations",
    "variations",
    "",
    INTEGER,
    "Variations",
    "How many pictures are made, each with a seed of its own. They wait for you to choose.",
    default=1,
    low=1,
    high=operation_form.MAX_VARIATIONS,
)


def arguments_of(info: protocol.OperationInfo, *, extends: bool = False) -> tuple[Argument, ...]:
    """Return the arguments of an operation's procedure, in the server's order; `extends`: of the one that grows."""
    found: list[Argument] = []
    for name, value in info.properties.items():
        schema = protocol.as_object(value)
        if schema.get(schema_words.LEVEL) == schema_words.REPLAY or (extends and name in {"strength", "start"}):
            continue
        if name == SIDES and schema.get("type") == "object":
            if extends:
                found += _sides(schema)
        elif name == VARIANTS:
            found += [_list(axis) for axis in comparison_lists.AXES]
        else:
            found.append(_argument(name, schema))
    return tuple(found)


def parameters(
    config: Gimp.ProcedureConfig,
    arguments: Sequence[Argument],
    live: protocol.OperationInfo,
    say: translations.Texts,
    models: Sequence[protocol.ModelInfo] = (),
) -> protocol.JsonObject:
    """Return what the arguments say, checked against what the server tells now; nothing of what they leave open.

    In lists of what is compared, the `models` may be named by their titles. Raises InputError where one makes no sense;
    the sentence names it as the dialog does.
    """
    said: protocol.JsonObject = {}
    for argument in arguments:
        value = argument.said(config)
        if argument.part or value is None:
            continue
        schema = _known(live, argument, say)
        said[argument.parameter] = _value(argument, schema, value, say)
    lists = {each.part: each.said(config) or "" for each in arguments if each.parameter == VARIANTS}
    if lists:
        schema = protocol.as_object(live.properties.get(VARIANTS))
        variants = comparison_lists.variants_of(lists, schema, models, label=lambda axis: say(axis.title))
        said[VARIANTS] = list(variants)
    sides = [each for each in arguments if each.parameter == SIDES]
    if sides:
        said[SIDES] = _growth(config, sides, live, say)
    return said


def _value(argument: Argument, schema: protocol.JsonObject, value: Any, say: translations.Texts) -> protocol.Json:
    label = say(argument.title)
    if argument.kind == CHOICE:
        value = dict(argument.choices)[value]
    elif argument.parameter == "loras":
        value = [comparison_lists.lora_of(part) for part in value.split(",") if part.strip()]
    elif argument.kind == TEXT:
        value = _VALUES.get(value, value) if "enum" in schema else value
        value = parameter_values.value_of(schema, value, label)
    parameter_values.check(schema, value, label)
    return value


def _growth(
    config: Gimp.ProcedureConfig, sides: Sequence[Argument], live: protocol.OperationInfo, say: translations.Texts
) -> protocol.JsonObject:
    growing = {each.part: int(each.said(config) or 0) for each in sides}
    known = protocol.as_object(protocol.as_object(live.properties.get(SIDES)).get("properties"))
    for side in sides:
        parameter_values.check(protocol.as_object(known.get(side.part)), growing[side.part], say(side.title))
    extend: protocol.JsonObject = {name: pixels for name, pixels in growing.items() if pixels}
    if not extend:
        raise errors.InputError(
            "The canvas grows on no side.", remedy="Say by how many pixels it grows: left, top, right or bottom."
        )
    return extend


def _known(live: protocol.OperationInfo, argument: Argument, say: translations.Texts) -> protocol.JsonObject:
    schema = live.properties.get(argument.parameter)
    if isinstance(schema, dict):
        return schema
    raise errors.InputError(
        "{name} is nothing that this server knows for {operation}.",
        remedy="Leave it as it was.",
        name=say(argument.title),
        operation=live.name,
    )


def _argument(name: str, schema: protocol.JsonObject) -> Argument:
    known = property_name(_NAMES.get(name, name), "parameter", TAKEN)
    return _typed(known, name, "", schema)


def property_name(name: str, prefix: str, taken: Collection[str]) -> str:
    """Return what GIMP can call an argument; the prefix goes before what begins with no letter, or is taken."""
    known = re.sub("[^a-z0-9]+", "-", name.lower())
    while known in taken or not known[:1].isalpha():
        known = f"{prefix}-{known}"
    return known


def _sides(schema: protocol.JsonObject) -> list[Argument]:
    sides = protocol.as_object(schema.get("properties"))
    blurb = "Pixels by which the picture grows on this side"
    return [
        _typed(side, SIDES, side, {"type": "integer", "minimum": 0, "default": 0, "description": blurb, **value})
        for side, value in sides.items()
        if isinstance(value, dict)
    ]


def _list(axis: comparison_lists.Axis) -> Argument:
    name = f"compared-{axis.name}"
    return Argument(name, VARIANTS, axis.name, TEXT, axis.title, f"{axis.description} {axis.example}", "")


def _typed(name: str, parameter: str, part: str, schema: protocol.JsonObject) -> Argument:
    kind, low, high = _kind(schema)
    choices: tuple[tuple[str, protocol.Json], ...] = ()
    default: Any = ""
    if kind == CHOICE:
        values = schema["enum"] if isinstance(schema["enum"], list) else []
        choices = tuple((_NICKS.get(str(value), str(value)), value) for value in values)
        default = next((nick for nick, value in choices if value == schema.get("default")), _LEFT)
        choices = choices if default != _LEFT else ((_LEFT, ""), *choices)
    elif kind == FLAG:
        default = schema.get("default") is True
    elif kind != TEXT:
        default = _number_default(schema, kind, low)
        low = min(low, default)
    title, description = str(schema.get("title", parameter)), str(schema.get("description", ""))
    is_advanced = not part and schema.get(schema_words.LEVEL, schema_words.ADVANCED) != schema_words.BASIC
    return Argument(
        name, parameter, part, kind, title, description or title, default, low, high, choices, schema, is_advanced
    )


def _kind(schema: protocol.JsonObject) -> tuple[str, float, float]:
    """Return how GIMP takes a parameter, and its limits where it is a number."""
    kind, choices = str(schema.get("type", TEXT)), schema.get("enum")
    if isinstance(choices, list) and kind == "string":
        return CHOICE, 0, 0
    if kind not in _LARGEST:
        return (FLAG if kind == "boolean" else TEXT), 0, 0
    low, high = (parameter_values.limit(schema, word) for word in ("minimum", "maximum"))
    if isinstance(choices, list) and choices:
        low, high = min(choices), max(choices)
    largest = _LARGEST[kind]
    if high is not None and high > largest:
        return TEXT, 0, 0
    return kind, -largest if low is None else low, largest if high is None else high


def _number_default(schema: protocol.JsonObject, kind: str, low: float) -> float:
    """Return the schema's default; where that depends on the model, a number below all that can be said."""
    default = schema.get("default")
    if isinstance(default, (int, float)) and schema_words.DEFAULTS not in schema and schema_words.KINDS not in schema:
        return default
    is_unlimited = low <= -_LARGEST[kind]
    if kind == INTEGER and (is_unlimited or low >= 1):
        return 0
    return -1 if is_unlimited or low > -1 else low - 1
