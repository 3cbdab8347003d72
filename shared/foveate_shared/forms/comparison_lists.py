"""What is compared: lists that a person writes, such as "0.3, 0.5", and their combinations as variants of one job.

    variants = variants_of({"strength": "0.3, 0.5", "seed": "1, 2"}, schema)  # four

A variant has the parameters in which it differs from the job; the server labels it with them.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from ..errors import InputError
from ..i18n.translations import Texts
from ..wire.protocol import Json, JsonObject, ModelInfo, as_object
from . import checkpoint_choices, parameter_values
from .operation_form import Form

NO_LORA = "none"
_SEPARATORS = re.compile(r"[,;\s]+")
_BETWEEN_TITLES = re.compile(r"[,;]+")
_DECIMAL_COMMA = re.compile(r"(?<=\d),(?=\d)")
_SPACED_PERCENT = re.compile(r"\s+%")
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
_LORA = re.compile(rf"([^:]+)(?::({_NUMBER.pattern}))?")


@dataclass(frozen=True)
class Axis:
    """A parameter of which several values are compared. Texts are English: translate them."""

    name: str  # the parameter's
    title: str
    description: str
    example: str  # what a person may write
    parse: Callable[[str], Json]  # one of the values; raises InputError
    write: Callable[[Json], str] = str  # the other way round
    split: Callable[[str], list[str]] = _SEPARATORS.split
    is_of_names: bool = False  # of models


def variants_of(
    lists: Mapping[str, str],
    schema: JsonObject | None = None,
    models: Sequence[ModelInfo] = (),
    *,
    label: Callable[[Axis], str] = lambda axis: axis.title,
) -> list[JsonObject]:
    """Return all combinations of the lists, by names of :data:`AXES`; an empty list takes no part.

    The last of the axes changes first. `schema` is the server's, of the parameter `variants`: what it allows is not
    known without. Names are told by their titles, too, where the `models` are known. `label` says how the person knows
    a list. Raises InputError where nothing is listed, where a value is
    none, and where there are more variants than a sheet holds.
    """
    known = as_object(as_object((schema or {}).get("items")).get("properties"))
    titles = {model.title.casefold(): model.name for model in models}
    listed = {axis.name: _values(axis, lists.get(axis.name, ""), titles) for axis in AXES}
    for axis in AXES:
        for value in listed[axis.name]:
            parameter_values.check(as_object(known.get(axis.name)), value, label(axis))
    used = {name: values for name, values in listed.items() if values}
    if not used:
        raise InputError("There is nothing to compare.", remedy="List models, strengths, seeds or LoRAs.")
    variants = [dict(zip(used, values, strict=True)) for values in itertools.product(*used.values())]
    most = parameter_values.limit(schema or {}, "maxItems")
    if most is not None and len(variants) > most:
        raise InputError(
            "These are {count} variants; a sheet holds {most:g}.",
            remedy="Shorten the lists.",
            count=len(variants),
            most=most,
        )
    return variants


def variants_or_none(
    lists: Mapping[str, str], schema: JsonObject, models: Sequence[ModelInfo] = ()
) -> list[Json] | None:
    """Return what :func:`variants_of` does; None while the lists make no variants."""
    try:
        return list(variants_of(lists, schema, models))
    except InputError:
        return None


def problem(
    lists: Mapping[str, str], schema: JsonObject, models: Sequence[ModelInfo], operation: str, say: Texts
) -> str:
    """Return why the lists cannot be compared, in the person's language; empty where they can."""
    try:
        variants = variants_of(lists, schema, models)
        return unknown(variants, models, operation, say) or misfit(variants, models, say)
    except InputError as error:
        return say.sentence(str(error))


def lists_of(variants: Json) -> dict[str, str]:
    """Return the lists, by names of :data:`AXES`, that :func:`variants_of` made these variants of; none of others."""
    known = [entry for entry in variants if isinstance(entry, dict)] if isinstance(variants, list) else []
    lists: dict[str, str] = {}
    for axis in AXES:
        listed = [variant[axis.name] for variant in known if axis.name in variant]
        written = dict.fromkeys(filter(None, map(axis.write, listed)))
        if written:
            lists[axis.name] = ", ".join(written)
    return lists


def suggestions(shown: Form, models: Sequence[ModelInfo]) -> dict[str, list[tuple[str, str]]]:
    """Return what can be listed, by names of :data:`AXES`: a title, and the text that names it in a list."""
    able = checkpoint_choices.models_for(models, shown.operation)
    loras = [
        (model.title, lora_text(model.name, checkpoint_choices.usual_weight(model)))
        for model in checkpoint_choices.additions(models, "loras", shown.model)
    ]
    return {
        "model": [(model.title, model.name) for model in able],
        "loras": [*loras, ("Without a LoRA", NO_LORA)] if loras else [],
    }


def with_another(text: str, addition: str) -> str:
    """Return a list that goes on with another value."""
    before = text.strip().rstrip(",;").strip()
    return f"{before}, {addition}" if before else addition


def unknown(variants: Sequence[JsonObject], models: Sequence[ModelInfo], operation: str, say: Texts) -> str:
    """Return a sentence about a name in the variants that nothing has; empty where there is none."""
    able = {model.name for model in checkpoint_choices.models_for(models, operation)}
    known_loras = {model.name for model in models if model.kind == checkpoint_choices.ADDED["loras"]}
    for variant in variants:
        if variant.get("model") not in {None, *able}:
            return say("There is no checkpoint named “{name}”.", name=variant["model"])
        loras = variant.get("loras")
        for lora in loras if isinstance(loras, list) else []:
            if isinstance(lora, dict) and lora.get("name") not in known_loras:
                return say("There is no LoRA named “{name}”.", name=lora.get("name"))
    return ""


def misfit(variants: Sequence[JsonObject], models: Sequence[ModelInfo], say: Texts) -> str:
    """Return a sentence about a LoRA that is listed with a checkpoint of another family; empty where there is none."""
    known = {model.name: model for model in models}
    for variant in variants:
        checkpoint, loras = known.get(str(variant.get("model"))), variant.get("loras")
        for listed in loras if checkpoint is not None and isinstance(loras, list) else []:
            lora = known.get(str(listed.get("name"))) if isinstance(listed, dict) else None
            if checkpoint and lora and lora.fits and checkpoint.family not in lora.fits:
                told = "The LoRA {lora} does not fit {model}: compare those that go together."
                return say(told, lora=lora.name, model=checkpoint.name)
    return ""


def lora_of(text: str) -> JsonObject:
    """Return the LoRA of "NAME" or "NAME:WEIGHT". Raises InputError."""
    match = _LORA.fullmatch(text.strip())
    if match is None:
        raise InputError("“{text}” is no LoRA.", remedy="Write NAME or NAME:WEIGHT, such as film-look:0.8.", text=text)
    return {"name": match[1], "weight": float(match[2] or 1.0)}


def _values(axis: Axis, text: str, titles: Mapping[str, str]) -> list[Json]:
    """Return the values of a list, each once; `titles` are those of models, with their names."""
    values: list[Json] = []
    for part in filter(None, axis.split(_with_names(text, titles) if axis.is_of_names else text)):
        value = axis.parse(part)
        if value not in values:
            values.append(value)
    return values


def _with_names(text: str, titles: Mapping[str, str]) -> str:
    """Return a list with the names of models in the place of their titles, in which there may be spaces."""
    parts = []
    for part in _BETWEEN_TITLES.split(text):
        title, colon, weight = part.strip().partition(":")
        name = titles.get(part.strip().casefold()) or titles.get(title.strip().casefold(), "")
        is_whole = part.strip().casefold() in titles or not colon
        parts.append(part if not name else name if is_whole else f"{name}:{weight.strip()}")
    return ",".join(parts)


def _strengths(text: str) -> list[str]:
    """Return the numbers of a list. Where no point is in it, a comma within a number is a decimal one."""
    text = _SPACED_PERCENT.sub("%", text)
    return _SEPARATORS.split(text if "." in text else _DECIMAL_COMMA.sub(".", text))


def _strength(text: str) -> Json:
    number = text.removesuffix("%")
    if _NUMBER.fullmatch(number) is None:
        raise InputError("“{text}” is no strength.", remedy="Write numbers such as 0.3, 0.5.", text=text)
    return float(number) if number == text else float(number) / 100


def _seed(text: str) -> Json:
    if not text.isascii() or not text.isdigit():
        raise InputError("“{text}” is no seed.", remedy="Write whole numbers, such as 1, 2, 3.", text=text)
    return int(text)


def _loras(text: str) -> Json:
    return [] if text == NO_LORA else [lora_of(text)]


def lora_text(name: str, weight: float) -> str:
    """Return what :func:`lora_of` understands."""
    return name if weight == 1 else f"{name}:{weight:g}"


def _loras_text(value: Json) -> str:
    if value == []:
        return NO_LORA
    lora = value[0] if isinstance(value, list) else None
    weight = lora.get("weight") if isinstance(lora, dict) else None
    if not isinstance(lora, dict) or not isinstance(weight, (int, float)):
        return ""
    return lora_text(str(lora.get("name", "")), weight)


AXES = (
    Axis("model", "Models", "Names of checkpoints.", "photoreal, painted", str, is_of_names=True),
    Axis("strength", "Strengths", "Numbers.", "0.3, 0.5, 0.7", _strength, split=_strengths),
    Axis("seed", "Seeds", "Whole numbers.", "1, 2, 3", _seed),
    Axis(
        "loras",
        "LoRAs",
        "One at a time, with weights; none is without.",
        "film-look:0.8, none",
        _loras,
        _loras_text,
        is_of_names=True,
    ),
)
