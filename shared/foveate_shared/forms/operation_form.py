"""The form of an operation, without a widget: which parameters its model knows, their limits, defaults and choices.

    form = form_for(operation, models, wanted="photoreal", preset="portrait")
    for parameter in form.basic: ...           # in the order in which they are shown
    job = form.parameters_of({"prompt": "a door", "strength": 0.4})

What is left at its default is left out of a job, so that a preset, or the checkpoint itself, can say it.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import cast

from ..wire.protocol import RESTORE, Json, JsonObject, ModelInfo, OperationInfo, as_object
from ..wire.schema_words import ADVANCED, BASIC, DEFAULTS, KINDS, LEVEL, PRESETS, REPLAY, TITLES
from . import checkpoint_choices

MAX_VARIATIONS = 8
_SIBLINGS = "siblings"  # of a job's parameters: the seeds of all variations of the wish
SEEDS = 1 << 32  # seeds are 0 to SEEDS - 1
_CHOSEN = {"preset", "scheduler", "restorer", *checkpoint_choices.ADDED}  # parameters whose values are names


@dataclass(frozen=True)
class Choice:
    """A value to choose; an empty one leaves the choice to the server."""

    value: Json
    title: str  # to be translated, names of models and schedulers apart
    description: str = ""


@dataclass(frozen=True)
class Parameter:
    """A parameter of an operation as its model knows it. Titles and descriptions are English: translate them."""

    name: str
    title: str
    description: str
    type: str  # JSON Schema's word: "string", "number", "integer", "boolean", "array" or "object"
    default: Json = None  # what a job has where it says nothing; None: that is left to the server
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[Choice, ...] = ()  # all that can be chosen; empty where the value is free, or nothing is there
    is_advanced: bool = False  # seldom changed: folded away
    schema: JsonObject = field(default_factory=dict, repr=False)  # all that the server says of it

    @property
    def is_share(self) -> bool:
        """Tell whether it lies between nothing and all: a slider shows it well, as percent."""
        return self.type == "number" and self.minimum is not None and self.minimum >= 0 and self.maximum == 1

    @property
    def is_for_checkpoints(self) -> bool:
        """Tell whether only models of some kinds know it, such as checkpoints."""
        return KINDS in self.schema

    @property
    def are_numbers(self) -> bool:
        """Tell whether it is an object of whole numbers, such as the sides on which a picture grows."""
        return self.type == "object" and bool(self.parts) and all(part.type == "integer" for part in self.parts)

    @property
    def is_closed(self) -> bool:
        """Tell whether the schema itself lists all values."""
        return "enum" in self.schema

    @property
    def names_a_choice(self) -> bool:
        """Tell whether it names something that the server has: where nothing is listed, there is nothing to say."""
        return self.name in _CHOSEN

    @property
    def parts(self) -> tuple[Parameter, ...]:
        """Return what an object, or each entry of a list of objects, is made of."""
        holder = as_object(self.schema.get("items")) if self.type == "array" else self.schema
        properties = as_object(holder.get("properties"))
        return tuple(_plain(name, as_object(schema)) for name, schema in properties.items())

    def part(self, name: str) -> Parameter | None:
        """Return one of the parts; None where there is none of that name."""
        return next((part for part in self.parts if part.name == name), None)

    def looks_like(self, other: Parameter | None) -> bool:
        """Tell whether the same field shows both: nothing but the default is another one, and still there is one."""
        if other is None or (self.default is None) != (other.default is None):
            return False
        seen = [(each.title, each.choices, each.is_advanced, each.schema) for each in (self, other)]
        return seen[0] == seen[1]

    def within(self, value: float) -> float:
        """Return the number, or the limit that it lies beyond."""
        value = value if self.minimum is None else max(self.minimum, value)
        return value if self.maximum is None else min(self.maximum, value)


@dataclass(frozen=True)
class PresetChoice:
    """A style that the server knows."""

    name: str
    title: str
    parameters: JsonObject  # what it says of parameters; empty where the server does not tell


@dataclass(frozen=True)
class Form:
    """What can be said of one operation with one model."""

    operation: str
    model: ModelInfo | None  # that the job would use; None: unknown, or there is none
    wanted: str  # the model's name as chosen; empty: the server's own choice
    presets: tuple[PresetChoice, ...]
    parameters: tuple[Parameter, ...]  # in the order in which they are shown; the model is none of them

    @property
    def is_prompted(self) -> bool:
        """Tell whether a prompt can be given."""
        return checkpoint_choices.is_checkpoint(self.model)

    @property
    def basic(self) -> tuple[Parameter, ...]:
        """Return what is always shown."""
        return tuple(parameter for parameter in self.parameters if not parameter.is_advanced)

    @property
    def advanced(self) -> tuple[Parameter, ...]:
        """Return what is folded away."""
        return tuple(parameter for parameter in self.parameters if parameter.is_advanced)

    def get(self, name: str) -> Parameter | None:
        """Return a parameter; None where the operation or its model does not know it."""
        return next((parameter for parameter in self.parameters if parameter.name == name), None)

    def looking_like(self, before: Form | None) -> set[str]:
        """Return the names of the parameters that the fields of the form `before` show as well."""
        return {each.name for each in self.parameters if each.looks_like(before.get(each.name) if before else None)}

    def default(self, name: str, otherwise: Json = None) -> Json:
        """Return what a job has where it does not say `name`; `otherwise` where that is not known."""
        parameter = self.get(name)
        return otherwise if parameter is None or parameter.default is None else parameter.default

    def parameters_of(self, values: Mapping[str, Json]) -> JsonObject:
        """Return a job's parameters: of `values` those that its model knows and that say more than the default."""
        chosen: JsonObject = {"model": self.wanted} if self.wanted else {}
        for parameter in self.parameters:
            value = values.get(parameter.name)
            if not _is_empty(value) and not _is_same(value, parameter.default):
                chosen[parameter.name] = value
        return chosen

    def shown_parameters_of(self, values: Mapping[str, Json]) -> JsonObject:
        """Return a job's parameters where all of `values` are shown.

        What is at its default is left out, so that a preset or a checkpoint can say it. A restorer has neither: what is
        always shown is sent as it stands.
        """
        chosen = self.parameters_of(values)
        if self.is_prompted:
            return chosen
        plain = {each.name: values[each.name] for each in self.basic if each.name in values}
        return {**{name: value for name, value in plain.items() if value not in (None, "")}, **chosen}

    def carried_over(self, before: Form | None, values: Mapping[str, Json], used: JsonObject) -> JsonObject:
        """Return what stays of `values`, as they were set in the form `before`, and what was `used` last.

        Of another kind of model, that is what means the same to both.
        """
        if before is None:
            return used
        said = before.parameters_of(values)
        if before.is_prompted == self.is_prompted:
            return said
        return {**used, **{name: said[name] for name in said if before.default(name) == self.default(name)}}

    @property
    def has_variations(self) -> bool:
        """Tell whether several results differ by their seeds: not where they lie on one picture already."""
        return self.get("seed") is not None and self.get("variants") is None


@dataclass(frozen=True)
class _Scene:
    """What a parameter's default and choices depend on."""

    operation: str
    models: Sequence[ModelInfo]
    model: ModelInfo | None
    presets: Sequence[PresetChoice]
    said: JsonObject  # by the chosen preset, or by LoRAs for few steps


def form_for(
    operation: OperationInfo,
    models: Sequence[ModelInfo],
    wanted: str = "",
    preset: str = "",
    loras: Sequence[str] = (),
) -> Form:
    """Return the form of an operation for a model (by name; empty is the server's choice), a preset, and LoRAs."""
    properties = as_object(operation.parameters.get("properties"))
    presets = _presets(as_object(properties.get("preset")))
    said = next((each.parameters for each in presets if each.name == preset), {})
    model = checkpoint_choices.model_for(models, operation.name, wanted or str(said.get("model", "")))
    if checkpoint_choices.is_checkpoint(model):
        said = {**checkpoint_choices.sampling_with(models, loras), **said}
    else:
        said = {}  # a style is for checkpoints
    scene = _Scene(operation.name, models, model, presets, said)
    parameters = [
        _parameter(name, as_object(schema), scene)
        for name, schema in properties.items()
        if name != "model" and _is_shown(as_object(schema), model)
    ]
    return Form(
        operation.name, model, wanted, presets if checkpoint_choices.is_checkpoint(model) else (), tuple(parameters)
    )


def parameters_in(operation: OperationInfo) -> tuple[Parameter, ...]:
    """Return all parameters of an operation as their schemas say them, whatever model does it; a recipe's own apart."""
    properties = as_object(operation.parameters.get("properties"))
    schemas = {name: as_object(schema) for name, schema in properties.items()}
    return tuple(_plain(name, schema) for name, schema in schemas.items() if schema.get(LEVEL) != REPLAY)


def title_of(schema: JsonObject, value: Json) -> str:
    """Return what a person reads for a value that a parameter can have: the server's word, else the value itself."""
    return str(as_object(schema.get(TITLES)).get(str(value), value))


def with_seeds(parameters: JsonObject, count: int, first: int | None = None) -> list[JsonObject]:
    """Return the parameters of `count` variations: jobs that differ by their seeds alone, which count up from `first`.

    `first` is the parameters' own seed where they have one, else it is drawn. Each job names the seeds of all: a
    graphics card makes their pictures at once. A single job without a seed is left without: the server draws it.
    """
    if count <= 1 and first is None:
        return [dict(parameters)]
    given = parameters.get("seed") if first is None else first
    start = given if isinstance(given, int) else random.SystemRandom().randrange(SEEDS)
    seeds: list[Json] = [(start + number) % SEEDS for number in range(max(1, count))]
    siblings: JsonObject = {_SIBLINGS: seeds} if len(seeds) > 1 else {}
    return [{**parameters, "seed": seed, **siblings} for seed in seeds]


def variation_number(parameters: JsonObject) -> int | None:
    """Return which of its variations a job makes, by its parameters: 1 is the first. None where they do not tell."""
    seed, seeds = parameters.get("seed"), parameters.get(_SIBLINGS)
    return seeds.index(seed) + 1 if isinstance(seeds, list) and seed in seeds else None


def _is_shown(schema: JsonObject, model: ModelInfo | None) -> bool:
    kinds = schema.get(KINDS)
    kind = model.kind if model else RESTORE
    return schema.get(LEVEL) != REPLAY and (not isinstance(kinds, list) or kind in kinds)


def _parameter(name: str, schema: JsonObject, scene: _Scene) -> Parameter:
    return replace(_plain(name, schema), default=_default(name, schema, scene), choices=_choices(name, schema, scene))


def _plain(name: str, schema: JsonObject) -> Parameter:
    """Return a parameter as its schema alone says it."""
    return Parameter(
        name,
        str(schema.get("title", name)),
        str(schema.get("description", "")),
        str(schema.get("type", "string")),
        schema.get("default"),
        _number(schema.get("minimum")),
        _number(schema.get("maximum")),
        is_advanced=schema.get(LEVEL, ADVANCED) != BASIC,
        schema=schema,
    )


def _default(name: str, schema: JsonObject, scene: _Scene) -> Json:
    """Return what the server takes: the preset's word, the LoRAs', the operation's for this kind, the model's own."""
    if name in scene.said:
        return scene.said[name]
    model, by_kind = scene.model, as_object(schema.get(DEFAULTS))
    if model is not None and model.kind in by_kind:
        return by_kind[model.kind]
    if "default" in schema:
        return schema["default"]
    return model.defaults.get(name) if model is not None else None


def _choices(name: str, schema: JsonObject, scene: _Scene) -> tuple[Choice, ...]:
    if name == "preset":
        return (Choice("", "No preset"), *(Choice(each.name, each.title) for each in scene.presets))
    if name == "scheduler":
        names = scene.model.defaults.get("schedulers") if scene.model else None
        return tuple(Choice(each, str(each)) for each in names) if isinstance(names, list) else ()
    if name in checkpoint_choices.ADDED:
        fitting = checkpoint_choices.additions(scene.models, name, scene.model)
        own = (Choice("", "The checkpoint's own"),) if name == "vae" else ()
        words = {each.name: ", ".join(checkpoint_choices.trigger_words(each)) for each in fitting}
        return (*own, *(Choice(each.name, each.title, words[each.name]) for each in fitting))
    if name == "restorer":
        restorers = checkpoint_choices.restorers_for(scene.models, scene.operation)
        return (Choice("", "The default one"), *(Choice(each.name, each.title) for each in restorers))
    values = schema.get("enum")
    listed = values if isinstance(values, list) else []
    usual = "{} ×" if name == "scale" else "{}"
    titles = as_object(schema.get(TITLES))
    return tuple(Choice(each, str(titles.get(str(each), usual.format(each)))) for each in listed)


def _presets(schema: JsonObject) -> tuple[PresetChoice, ...]:
    offered = schema.get(PRESETS)
    entries = [as_object(entry) for entry in offered] if isinstance(offered, list) else []
    return tuple(
        PresetChoice(str(entry["name"]), str(entry.get("title") or entry["name"]), as_object(entry.get("parameters")))
        for entry in entries
        if isinstance(entry.get("name"), str)
    )


def _number(value: Json) -> float | None:
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def _is_empty(value: Json) -> bool:
    """Tell whether a value says nothing, such as an empty field."""
    return value is None or (isinstance(value, str) and not value.strip()) or value in ([], {})


def _is_same(value: Json, default: Json) -> bool:
    """Tell whether a value is the default; numbers that went through a widget may be off by rounding."""
    numbers = (value, default)
    if all(isinstance(each, (int, float)) and not isinstance(each, bool) for each in numbers):
        return abs(cast("float", value) - cast("float", default)) < 1e-6
    return type(value) is type(default) and value == default
