"""What a job leaves open is settled when it is taken, once and for all: preset, model, defaults, seed, embeddings."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from foveate_server.families.registry import families
from foveate_server.jobs.few_step_loras import settle_sampling
from foveate_server.jobs.replayed_models import located
from foveate_server.jobs.resolve_variants import is_empty, settled_variants
from foveate_server.jobs.unused_in_loras import notes_about
from foveate_server.models.catalog import Catalog, CatalogModel
from foveate_server.models.compatibility import misfit
from foveate_server.operations.operation import Operation
from foveate_server.operations.parameters.roles import (
    EMBEDDINGS,
    LORAS,
    MODEL,
    NEGATIVE_PROMPT,
    PRESET,
    PROMPT,
    RESTORER,
    SEED,
    SIBLINGS,
    SUBJECT_PROMPTS,
    VAE,
    VARIANTS,
    Roles,
)
from foveate_server.presets import Presets
from foveate_shared.errors import ErrorCode, InputError
from foveate_shared.forms.operation_form import SEEDS
from foveate_shared.i18n.sentence import Sentence
from foveate_shared.wire.protocol import DIFFUSION, RENDERING_KINDS, RESTORE, Json, JsonObject, ModelInfo, as_object
from foveate_shared.wire.schema_words import KINDS, NEEDS

LoadPresets = Callable[[], Presets]  # called where a job needs them: a damaged file hurts no other job
# Where the model does not know them, the result is what was asked for.
_HARMLESS = (SEED, SIBLINGS, SUBJECT_PROMPTS)


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
    known, roles = _properties(operation), Roles.of(operation.parameters.schema)
    parameters = located(parameters, roles, catalog)
    given = {name: value for name, value in parameters.items() if not is_empty(value)}
    harmless = roles.names(*_HARMLESS)
    asked = [name for name in given if _is_for_checkpoints(known.get(name)) and name not in harmless]
    given = _with_preset(given, known, roles, presets)
    if MODEL not in roles:
        return ResolvedParameters(given, None)
    model = _model(operation, roles.told(given, MODEL), catalog, _wish(asked, known, roles))
    if model is None:
        return ResolvedParameters(given, None)
    given[roles[MODEL]] = model.name
    if model.kind != DIFFUSION:
        return _for_restorer(given, known, roles, model)
    if RESTORER in roles:
        _settle_restorer(operation, given, roles[RESTORER], catalog)
    shelf = _Shelf(catalog, catalog.by_name[model.name])
    notes = _add_embeddings(given, roles, shelf)
    _check_additions(given, roles, shelf)
    notes += _settle_loras(given, known, roles, shelf)
    if SEED in roles:
        given.setdefault(roles[SEED], secrets.randbelow(SEEDS))
    if SUBJECT_PROMPTS in roles and not roles.told(given, PROMPT):
        given.setdefault(roles[SUBJECT_PROMPTS], presets().subject_prompts())
    if roles.told(given, VARIANTS):
        given[roles[VARIANTS]] = settled_variants(
            parameters, given, roles, lambda own: settle(operation, own, catalog, presets).parameters
        )
    return ResolvedParameters(given, model, notes)


def _with_preset(given: JsonObject, known: JsonObject, roles: Roles, presets: LoadPresets) -> JsonObject:
    """Return the parameters with the preset's words around the prompt; what the job itself says goes first.

    What a preset says of a parameter is found by its role, or by its name where it has none.
    """
    name = roles.told(given, PRESET)
    if name is None:
        return dict(given)
    preset = presets().get(str(name))
    named = {roles.by_role.get(key, key): value for key, value in preset.parameters.items()}
    fitting = {key: value for key, value in named.items() if key in known}
    said = preset.words(*(str(roles.told(given, role) or "") for role in (PROMPT, NEGATIVE_PROMPT)))
    words = {roles[role]: value for role, value in said.items() if role in roles}
    own = {key: value for key, value in given.items() if key not in words and key != roles[PRESET]}
    return {**fitting, **words, **own}


def _wish(asked: Sequence[str], known: JsonObject, roles: Roles) -> Sentence | None:
    """Return which of the parameters a checkpoint is `asked` for, as a person knows it; None where none is."""
    if not asked or roles.names(PROMPT).intersection(asked):
        return Sentence("A prompt") if asked else None
    return Sentence(str(as_object(known[asked[0]]).get("title", asked[0])))


def _model(operation: Operation[Any], name: Json, catalog: Catalog, wish: Sentence | None) -> ModelInfo | None:
    """Return the model that does it: a checkpoint where a `wish` needs one. Raises InputError where there is none."""
    fitting = catalog.for_operation(operation.name, *RENDERING_KINDS)
    if name is not None:
        chosen = next((each for each in fitting if each.name == name), None)
        if chosen is None:
            raise _no_model(operation, str(name), [each.name for each in fitting])
        return chosen
    if operation.parameters.schema.get(NEEDS) == [DIFFUSION]:
        wish = Sentence(operation.title)  # whatever is said
    if wish is None:
        return next(iter(fitting), None)
    checkpoints = [each for each in fitting if each.kind == DIFFUSION]
    if not checkpoints:
        raise InputError(
            "{operation} needs a checkpoint, and this server has none.",
            code=ErrorCode.UNKNOWN_MODEL,
            remedy="Add one on the server's machine: foveate models add FILE.",
            operation=wish,
        )
    return checkpoints[0]


def _settle_restorer(operation: Operation[Any], given: JsonObject, parameter: str, catalog: Catalog) -> None:
    """Name the restorer that works before the checkpoint does. Raises InputError for one that there is not."""
    fitting = [each.name for each in catalog.for_operation(operation.name, RESTORE)]
    name = given.get(parameter)
    if name is None:
        given.update({parameter: fitting[0]} if fitting else {})
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


def _for_restorer(given: JsonObject, known: JsonObject, roles: Roles, model: ModelInfo) -> ResolvedParameters:
    foreign = [name for name in given if _is_for_checkpoints(known.get(name))]
    wrong = [name for name in foreign if name not in roles.names(*_HARMLESS)]
    if wrong:
        raise InputError(
            "The model {name} restores what is there: it knows no {parameters}.",
            remedy="Choose a checkpoint as `{parameter}`, or leave that out.",
            name=model.name,
            parameters=" and no ".join(wrong),
            parameter=roles[MODEL],
        )
    siblings = roles.told(given, SIBLINGS)
    if isinstance(siblings, list) and len(siblings) > 1:
        raise InputError(
            "The model {name} uses no seed: all variations would be the same.",
            remedy="Ask for one, or choose a checkpoint as `{parameter}`.",
            name=model.name,
            parameter=roles[MODEL],
        )
    kept = {name: value for name, value in given.items() if name not in foreign}
    told = Sentence("The model {name} uses no seed: its result is always the same.", name=model.name)
    notes = (told,) if roles.names(SEED).intersection(foreign) else ()
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


def _add_embeddings(given: JsonObject, roles: Roles, shelf: _Shelf) -> tuple[str, ...]:
    """Add the embeddings whose words the prompts use; return sentences about those that do not fit the checkpoint."""
    if EMBEDDINGS not in roles:
        return ()
    text = " ".join((*roles.words(given, PROMPT), *roles.words(given, NEGATIVE_PROMPT)))
    wanted = roles.words(given, EMBEDDINGS)
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
        given[roles[EMBEDDINGS]] = list(wanted)
    return tuple(notes)


def _is_named_in(text: str, embedding: ModelInfo) -> bool:
    told = embedding.defaults.get("trigger_words")
    triggers = [str(word) for word in told] if isinstance(told, list) else [embedding.name]
    return any(
        re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", text, re.IGNORECASE) for word in triggers if word.strip()
    )


def _check_additions(given: JsonObject, roles: Roles, shelf: _Shelf) -> None:
    loras = [str(entry["name"]) for entry in roles.items(given, LORAS)]
    embeddings, vaes = roles.words(given, EMBEDDINGS), roles.words(given, VAE)
    for kind, title, names in (("lora", "LoRA", loras), ("embedding", "embedding", embeddings), ("vae", "VAE", vaes)):
        for name in names:
            _check_addition(name, kind, title, shelf)


def _settle_loras(given: JsonObject, known: JsonObject, roles: Roles, shelf: _Shelf) -> tuple[str, ...]:
    """Let LoRAs for few steps say what is open, and return sentences about that, and about what they hold in vain."""
    names = [str(entry["name"]) for entry in roles.items(given, LORAS) if entry.get("weight", 1) != 0]
    added = [shelf.catalog.by_name[name] for name in names]
    # Each variant is settled with LoRAs of its own: what those of the job say must not reach one without them.
    said = dict(given) if roles.told(given, VARIANTS) else given
    notes = settle_sampling(said, known, [each.info for each in added])
    family = families().get(shelf.checkpoint.family)
    entries = [each.entry for each in added if each.entry is not None]
    return (*notes, *(notes_about(entries, family) if family else ()))


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
    return isinstance(schema, dict) and schema.get(KINDS) == [DIFFUSION]
