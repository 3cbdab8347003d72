"""Options that are parameters of an operation: what each is for, and what was said with it.

Limits, defaults and choices are the server's: what was said is read and checked against the schema that it sends.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from foveate_shared.errors import InputError
from foveate_shared.forms import comparison_lists, parameter_values
from foveate_shared.wire.protocol import Json, JsonObject, OperationInfo, as_object

SIDES = ("left", "top", "right", "bottom")
_VARIATIONS = "--variations"
_SAID = "said"  # the namespace's attribute with all that was said


@dataclass(frozen=True)
class SaidOption:
    """What a person said of a parameter."""

    option: str  # as it was written, such as "--strength"
    value: Json  # a text that is to be read by the parameter's type, or what it means already
    is_text: bool


@dataclass(frozen=True)
class ParameterOption:
    """A parameter that has an option of its own. The others are offered under their names."""

    flag: str
    metavar: str
    help: str
    read: Callable[[str], Json] | None = None  # where the parameter's type alone does not say how it is written
    is_list: bool = False  # may be given several times: an entry each


def extension(text: str) -> JsonObject:
    """Return the sides of "L,T,R,B". Raises InputError."""
    parts = text.split(",")
    if len(parts) != len(SIDES) or not all(part.strip().isdigit() for part in parts):
        raise InputError(f"“{text}” is not L,T,R,B in whole pixels.", remedy="Write 0,0,256,0.")
    sides: JsonObject = {side: int(part) for side, part in zip(SIDES, parts, strict=True)}
    if not any(sides.values()):
        raise InputError(f"“{text}” extends nothing.", remedy="Write 0,0,256,0.")
    return sides


# By the parameter's name, in the order of the help.
COMMON: Mapping[str, ParameterOption] = {
    "strength": ParameterOption("--strength", "X", "how much of the effect is applied; how far a checkpoint may go"),
    "model": ParameterOption("--model", "NAME", "see `foveate models list`"),
}
OWN: Mapping[str, ParameterOption] = {
    "scale": ParameterOption("--scale", "N", "how many times larger"),
    "restorer": ParameterOption("--restorer", "NAME", "which restorer enlarges before a checkpoint adds detail"),
    "only": ParameterOption("--only", "1,3", "these faces alone, numbered left to right"),
    "min_score": ParameterOption("--min-score", "X", "how sure the detector must be"),
    "detector": ParameterOption("--detector", "NAME", "what is looked for, if not faces; see `foveate operations`"),
    "start": ParameterOption("--start", "NAME", "what the region holds at the start"),
    "extend": ParameterOption("--extend", "L,T,R,B", "pixels by which the picture grows on each side", extension),
}
CHECKPOINT: Mapping[str, ParameterOption] = {
    "prompt": ParameterOption("--prompt", "TEXT", "what the picture shall show there; weights: (words)1.2"),
    "negative_prompt": ParameterOption("--negative", "TEXT", "what it shall not show"),
    "preset": ParameterOption("--preset", "NAME", "a style; see `foveate presets`"),
    "num_inference_steps": ParameterOption("--steps", "N", "of a run at full strength"),
    "guidance_scale": ParameterOption("--guidance", "X", "how closely to follow the prompt"),
    "scheduler": ParameterOption("--scheduler", "NAME", "how noise is taken away"),
    "seed": ParameterOption("--seed", "N", "the same seed, the same picture"),
    "loras": ParameterOption(
        "--lora", "NAME[:WEIGHT]", "add a LoRA; may be given several times", comparison_lists.lora_of, is_list=True
    ),
    "embeddings": ParameterOption("--embedding", "NAME", "add a textual inversion; likewise", str, is_list=True),
    "vae": ParameterOption("--vae", "NAME", "in place of the checkpoint's own"),
}
KNOWN: Mapping[str, ParameterOption] = {**COMMON, **OWN, **CHECKPOINT}


def add(parser: argparse._ActionsContainer, names: Iterable[str]) -> None:
    """Add the options of parameters that have one of their own."""
    for name in names:
        option = KNOWN[name]
        parser.add_argument(
            option.flag, action=Say, parameter=name, known=option, metavar=option.metavar, help=option.help
        )


def add_checkpoint(parser: argparse.ArgumentParser, *, variations: bool = True) -> None:
    """Add the options that only checkpoints know; `variations` apart where one picture is made of several."""
    group = parser.add_argument_group(
        "checkpoints", "With one of these, the first checkpoint of `foveate models list` does it, or that of --model."
    )
    add(group, CHECKPOINT)
    if variations:
        add_variations(group)


def add_variations(parser: argparse._ActionsContainer) -> None:
    """Add the option that makes several pictures."""
    parser.add_argument(_VARIATIONS, metavar="N", help="make N pictures with seeds in a row: OUT-1, OUT-2, ...")


def add_constant(parser: argparse._ActionsContainer, flag: str, name: str, value: Json, meaning: str) -> None:
    """Add an option that says `value` of a parameter."""
    parser.add_argument(flag, action=Say, parameter=name, const=value, nargs=0, help=meaning)


def add_variants(parser: argparse.ArgumentParser) -> None:
    """Add the options that say what is compared: a list for each axis."""
    group = parser.add_argument_group(
        "variants", "Each list is combined with the others: two models and two seeds, four."
    )
    for axis in comparison_lists.AXES:
        example = axis.example.replace(" ", "")
        group.add_argument(_flag_of(axis), dest=f"compared_{axis.name}", metavar=example, help=axis.description)


def said(options: argparse.Namespace) -> dict[str, SaidOption]:
    """Return what was said of parameters, by their names."""
    return dict(getattr(options, _SAID, {}))


def resolve(options: argparse.Namespace, info: OperationInfo) -> JsonObject:
    """Return the job's parameters: what was said, read and checked against what the server tells of them.

    Raises InputError, naming the option.
    """
    properties = info.properties
    parameters: JsonObject = {}
    for name, word in said(options).items():
        schema = properties.get(name)
        if not isinstance(schema, dict):
            raise InputError(
                f"{word.option} is nothing that this server knows for {info.name}.", remedy="See `foveate operations`."
            )
        value = parameter_values.value_of(schema, str(word.value), word.option) if word.is_text else word.value
        parameter_values.check(schema, value, word.option)
        parameters[name] = value
    return parameters


def variants_of(options: argparse.Namespace, info: OperationInfo) -> list[JsonObject]:
    """Return all combinations of what is compared. Raises InputError where nothing differs, or the server says no."""
    lists = {axis.name: getattr(options, f"compared_{axis.name}") or "" for axis in comparison_lists.AXES}
    return comparison_lists.variants_of(lists, as_object(info.properties.get("variants")), label=_flag_of)


def count_of(options: argparse.Namespace) -> int:
    """Return how many variations are wanted. Raises InputError for less than one."""
    text = getattr(options, "variations", None)
    count = 1 if text is None else parameter_values.value_of({"type": "integer"}, text, _VARIATIONS)
    parameter_values.check({"minimum": 1}, count, _VARIATIONS)
    return cast("int", count)


def require_count(count: int, info: OperationInfo) -> None:
    """Raise InputError where the server takes fewer variations."""
    most = parameter_values.limit(as_object(info.properties.get("siblings")), "maxItems")
    if most is not None:
        parameter_values.check({"minimum": 1, "maximum": most}, count, _VARIATIONS)


class Say(argparse.Action):
    """Keeps what was said of a parameter, with the option that said it."""

    def __init__(
        self,
        option_strings: Sequence[str],
        dest: str,  # argparse passes it; all that is said lies in one attribute
        *,
        parameter: str,
        known: ParameterOption | None = None,
        **others: Any,
    ) -> None:
        del dest
        super().__init__(option_strings, dest=argparse.SUPPRESS, **others)
        self._parameter = parameter
        self._known = known

    def __call__(
        self, parser: argparse.ArgumentParser, namespace: argparse.Namespace, values: Any, option: str | None = None
    ) -> None:
        """See argparse."""
        known = dict(getattr(namespace, _SAID, {}))
        before = known.get(self._parameter)
        try:
            known[self._parameter] = self._said(option or self.option_strings[0], values, before)
        except InputError as error:
            raise argparse.ArgumentError(self, str(error.info).rstrip(".")) from None
        setattr(namespace, _SAID, known)

    def _said(self, option: str, text: Any, before: SaidOption | None) -> SaidOption:
        if self.nargs == 0:
            return SaidOption(option, self.const, is_text=False)
        if self._known is None or self._known.read is None:
            return SaidOption(option, text, is_text=True)
        value = self._known.read(text)
        if not self._known.is_list:
            return SaidOption(option, value, is_text=False)
        entries = before.value if before is not None and isinstance(before.value, list) else []
        return SaidOption(option, [*entries, value], is_text=False)


def _flag_of(axis: comparison_lists.Axis) -> str:
    return f"--{axis.title.lower()}"
