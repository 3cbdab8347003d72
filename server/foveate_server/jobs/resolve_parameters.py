"""What a job leaves open is settled when it is taken, once and for all: preset, model, defaults, seed, embeddings."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, cast

from foveate_server.jobs.replayed_models import located
from foveate_server.models.catalog import Catalog, CatalogModel
from foveate_server.models.compatibility import misfit
from foveate_server.operations.contract import DIFFUSION
from foveate_server.operations.operation import Operation
from foveate_server.presets import Presets
from foveate_shared.errors import ErrorCode, InputError
from foveate_shared.forms.form import SEEDS
from foveate_shared.i18n.sentence import Sentence
from foveate_shared.wire.protocol import Json, JsonObject, ModelInfo, as_object

LoadPresets = Callable[[], Presets]  # called where a job needs them: a damaged file hurts no other job
RESTORE = "restore"
RENDERING_KINDS = (RESTORE, DIFFUSION)  # of models that can do a job
_SPOKEN = {  # parameters in a variant's label -> the word before their value
    "model": "",
    "strength": "strength",
    "seed": "seed",
    "preset": "",
    "prompt": "",
    "num_inference_steps": "steps",
    "guidance_scale": "guidance",
    "scheduler": "",
    "vae": "",
}
_EMPTIED = ("prompt", "negative_prompt", "loras", "embeddings")  # what a variant may say is not there
# Where the model does not know them, the result is what was asked for.
_HARMLESS = ("seed", "siblings", "subject_prompts")


@dataclass(frozen=True)
class ResolvedParameters:
    """A job's parameters without anything open."""

    parameters: JsonObject  # defaults are still to be filled in, by the model's kind
    model: ModelInfo | None
    notes: tuple[str, ...] = ()  # sentences for the owner


def settle(
    operation: Operation[Any], parameters: JsonObject, catalog: Catalog, presets: LoadPresets
) -> ResolvedParameters:
    """Return `parameters`, which fit the operation's schema, with preset, model, seed and additions settled.

    Raises InputError for a preset, model or addition that there is not, or that does not fit, and for parameters that
    the model's kind does not know.
    """
    known = _properties(operation)
    parameters = located(parameters, catalog)
    given = {name: value for name, value in parameters.items() if not _is_empty(value)}
    asks_for_checkpoint = any(_is_for_checkpoints(known.get(name)) and name not in _HARMLESS for name in given)
    given = _with_preset(given, known, presets)
    if "model" not in known:
        return ResolvedParameters(given, None)
    model = _model(operation, given.get("model"), catalog, prompted=asks_for_checkpoint)
    if model is None:
        return ResolvedParameters(given, None)
    given["model"] = model.name
    if model.kind != DIFFUSION:
        return _for_restorer(given, known, model)
    if "restorer" in known:
        _settle_restorer(operation, given, catalog)
    shelf = _Shelf(catalog, catalog.by_name[model.name])
    notes = _add_embeddings(given, shelf)
    _check_additions(given, shelf)
    if "seed" in known:
        given.setdefault("seed", secrets.randbelow(SEEDS))
    if "subject_prompts" in known and not given.get("prompt"):
        given.setdefault("subject_prompts", presets().subject_prompts())
    if given.get("variants"):
        common = _without_variants(parameters)
        names = _names_in_variants(known)
        _settle_variants(common, given, names, lambda own: settle(operation, own, catalog, presets).parameters)
    return ResolvedParameters(given, model, notes)


def _without_variants(parameters: JsonObject) -> JsonObject:
    return {name: value for name, value in parameters.items() if name != "variants"}


def _names_in_variants(known: JsonObject) -> set[str]:
    """Return what a variant can say itself; the rest is the job's."""
    schema = cast("dict[str, Any]", known["variants"])
    return set(schema["items"]["properties"]) - {"pinned"}


def _settle_variants(
    common: JsonObject, settled: JsonObject, names: set[str], settle_one: Callable[[JsonObject], JsonObject]
) -> None:
    """Settle each of the variants as if it were a job of its own; the seed is one for all that name none."""
    shared = {**common, "seed": settled["seed"], "model": settled["model"]}
    variants = []
    for variant in cast("list[JsonObject]", settled["variants"]):
        own = {name: value for name, value in variant.items() if name != "label"}
        found = settle_one({**shared, **own})
        kept = {name: value for name, value in found.items() if name in names}
        # What a variant empties must not come back from the job.
        empty: JsonObject = {name: own[name] for name in _EMPTIED if name in own and _is_empty(own[name])}
        pinned: JsonObject = {"pinned": own["pinned"]} if own.get("pinned") else {}
        variants.append({"label": variant.get("label") or _label(own), **empty, **kept, **pinned})
    settled["variants"] = cast("Any", _with_siblings(variants))


def _with_siblings(variants: Sequence[JsonObject]) -> list[JsonObject]:
    """Tell variants that differ by their seeds alone of each other: their pictures can be made at once."""
    own_words = ("label", "seed", "siblings")
    bare = [{name: value for name, value in each.items() if name not in own_words} for each in variants]
    found = []
    for variant, own in zip(variants, bare, strict=True):
        seeds = [each["seed"] for each, other in zip(variants, bare, strict=True) if other == own and "seed" in each]
        siblings: JsonObject = {"siblings": list(dict.fromkeys(seeds))} if len(set(seeds)) > 1 else {}
        found.append({**variant, **siblings})
    return found


def _label(variant: JsonObject) -> str:
    """Return what a variant changes, for a person."""
    parts = []
    for name, value in variant.items():
        if name == "loras":
            entries = cast("list[dict[str, Any]]", value)
            parts.append(" + ".join(f"{entry['name']} {entry.get('weight', 1):g}" for entry in entries) or "no LoRA")
        elif name in _SPOKEN:
            parts.append(f"{_SPOKEN[name]} {value}".strip())
    return ", ".join(parts)


def _with_preset(given: JsonObject, known: JsonObject, presets: LoadPresets) -> JsonObject:
    """Return the parameters with the preset's words around the prompt; what the job itself says goes first."""
    name = given.get("preset")
    if name is None:
        return dict(given)
    preset = presets().get(str(name))
    fitting = {key: value for key, value in preset.parameters.items() if key in known}
    words = preset.words(str(given.get("prompt", "")), str(given.get("negative_prompt", "")))
    own = {key: value for key, value in given.items() if key not in ("preset", *words)}
    return {**fitting, **words, **own}


def _model(operation: Operation[Any], name: Json, catalog: Catalog, *, prompted: bool) -> ModelInfo | None:
    fitting = catalog.for_operation(operation.name, *RENDERING_KINDS)
    if name is not None:
        chosen = next((each for each in fitting if each.name == name), None)
        if chosen is None:
            raise _no_model(operation, str(name), [each.name for each in fitting])
        return chosen
    checkpoints = [each for each in fitting if each.kind == DIFFUSION]
    only_checkpoints = getattr(operation, "needs_checkpoint", False)
    if (prompted or only_checkpoints) and not checkpoints:
        raise InputError(
            "A prompt needs a checkpoint, and this server has none."
            if prompted
            else Sentence(
                "{operation} needs a checkpoint, and this server has none.", operation=Sentence(operation.title)
            ),
            code=ErrorCode.UNKNOWN_MODEL,
            remedy="Add one on the server's machine: foveate models add FILE.",
        )
    return next(iter(checkpoints if prompted or only_checkpoints else fitting), None)


def _settle_restorer(operation: Operation[Any], given: JsonObject, catalog: Catalog) -> None:
    """Name the restorer that works before the checkpoint does. Raises InputError for one that there is not."""
    fitting = [each.name for each in catalog.for_operation(operation.name, RESTORE)]
    name = given.get("restorer")
    if name is None:
        given.update({"restorer": fitting[0]} if fitting else {})
    elif name not in fitting:
        raise InputError(
            "There is no restorer named {name!r} for {operation}.",
            code=ErrorCode.UNKNOWN_MODEL,
            remedy="Restorers for it: {names}.",
            name=name,
            operation=operation.name,
            names=", ".join(sorted(fitting)) or "none",
        )


def _no_model(operation: Operation[Any], name: str, fitting: Sequence[str]) -> InputError:
    return InputError(
        "There is no model named {name!r} for {operation}.",
        code=ErrorCode.UNKNOWN_MODEL,
        remedy="Models for it: {names}.",
        name=name,
        operation=operation.name,
        names=", ".join(sorted(fitting)) or "none",
    )


def _for_restorer(given: JsonObject, known: JsonObject, model: ModelInfo) -> ResolvedParameters:
    foreign = [name for name in given if _is_for_checkpoints(known.get(name))]
    wrong = [name for name in foreign if name not in _HARMLESS]
    if wrong:
        raise InputError(
            "The model {name} restores what is there: it knows no {parameters}.",
            remedy="Choose a checkpoint as `model`, or leave that out.",
            name=model.name,
            parameters=" and no ".join(wrong),
        )
    kept = {name: value for name, value in given.items() if name not in foreign}
    told = Sentence("The model {name} uses no seed: its result is always the same.", name=model.name)
    notes = (told,) if "seed" in foreign else ()
    return ResolvedParameters(kept, model, notes)


@dataclass(frozen=True)
class _Shelf:
    """The additions that there are, beside the checkpoint that shall wear some."""

    catalog: Catalog
    worn_by: CatalogModel

    @property
    def checkpoint(self) -> ModelInfo:
        return self.worn_by.info

    def of_kind(self, kind: str) -> dict[str, ModelInfo]:
        return self.catalog.of_kind(kind)

    def misfit(self, addition: ModelInfo) -> Sentence:
        """Return why an addition does not fit the checkpoint, in one sentence; empty where it does."""
        added = self.catalog.by_name[addition.name].entry
        if added is not None and self.worn_by.entry is not None:
            return misfit(added, self.worn_by.entry)
        if self.checkpoint.family in addition.fits:
            return Sentence("")
        return Sentence(
            "{name} is made for {family} and does not fit {checkpoint}, which is {other}.",
            name=addition.name,
            family=addition.family or Sentence("other checkpoints"),
            checkpoint=self.checkpoint.title,
            other=self.checkpoint.family,
        )


def _add_embeddings(given: JsonObject, shelf: _Shelf) -> tuple[str, ...]:
    """Add the embeddings whose words the prompts use; return sentences about those that do not fit the checkpoint."""
    text = f"{given.get('prompt', '')} {given.get('negative_prompt', '')}"
    wanted = list(cast("list[str]", given.get("embeddings") or []))
    notes = []
    for name, each in shelf.of_kind("embedding").items():
        if name in wanted or not _is_named_in(text, each):
            continue
        if not shelf.misfit(each):
            wanted.append(name)
        else:
            told = "The embedding {name} does not fit {model}, so its word is taken as it is."
            notes.append(Sentence(told, name=name, model=shelf.checkpoint.title))
    if wanted:
        given["embeddings"] = cast("Any", wanted)
    return tuple(notes)


def _is_named_in(text: str, embedding: ModelInfo) -> bool:
    told = embedding.defaults.get("trigger_words")
    triggers = [str(word) for word in told] if isinstance(told, list) else [embedding.name]
    return any(
        re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", text, re.IGNORECASE) for word in triggers if word.strip()
    )


def _check_additions(given: JsonObject, shelf: _Shelf) -> None:
    loras = [str(entry["name"]) for entry in cast("list[dict[str, Any]]", given.get("loras") or [])]
    embeddings = [str(name) for name in cast("list[str]", given.get("embeddings") or [])]
    vaes = [str(given["vae"])] if given.get("vae") else []
    for kind, title, names in (("lora", "LoRA", loras), ("embedding", "embedding", embeddings), ("vae", "VAE", vaes)):
        for name in names:
            _check_addition(name, kind, title, shelf)


def _check_addition(name: str, kind: str, title: str, shelf: _Shelf) -> None:
    there = shelf.of_kind(kind)
    fitting = sorted(each.name for each in there.values() if not shelf.misfit(each))
    remedy = (
        Sentence("For {model} there is: {names}.", model=shelf.checkpoint.title, names=", ".join(fitting))
        if fitting
        else "Add one: foveate models add FILE."
    )
    if name not in there:
        raise InputError(
            "There is no {kind} named {name!r}.", code=ErrorCode.UNKNOWN_MODEL, remedy=remedy, kind=title, name=name
        )
    reason = shelf.misfit(there[name])
    if reason:
        raise InputError(reason, remedy=remedy)


def _properties(operation: Operation[Any]) -> JsonObject:
    return as_object(operation.parameters.schema.get("properties"))


def _is_for_checkpoints(schema: Json) -> bool:
    return isinstance(schema, dict) and schema.get("x-kinds") == [DIFFUSION]


def _is_empty(value: Json) -> bool:
    """Tell whether a value says nothing: clients send empty fields of their forms."""
    return value is None or value in ("", [], {})
