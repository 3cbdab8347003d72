"""Variants of a job: each settled as if it were a job of its own, labelled by what it changes."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from foveate_server.operations.parameters.roles import (
    EMBEDDINGS,
    LABEL,
    LORAS,
    MODEL,
    NEGATIVE_PROMPT,
    PINNED,
    PROMPT,
    SEED,
    SIBLINGS,
    VARIANTS,
    Roles,
)
from foveate_shared.wire.protocol import Json, JsonObject, as_object

_EMPTIED = (PROMPT, NEGATIVE_PROMPT, LORAS, EMBEDDINGS)  # what a variant may say is not there


def is_empty(value: Json) -> bool:
    """Tell whether a value says nothing: clients send empty fields of their forms."""
    return value is None or value in ("", [], {})


def settled_variants(
    parameters: JsonObject, settled: JsonObject, roles: Roles, settle_one: Callable[[JsonObject], JsonObject]
) -> list[Json]:
    """Return the variants of a job, settled; the seed is one for all that name none.

    `parameters` are the job's as they were said, `settled` as they are.
    """
    own_roles, properties = Roles.of(roles.variant), as_object(roles.variant.get("properties"))
    label, kept_apart = own_roles.by_role.get(LABEL, LABEL), own_roles.names(PINNED)
    common = {name: value for name, value in parameters.items() if name != roles[VARIANTS]}
    shared = {**common, **{name: settled[name] for name in roles.names(SEED, MODEL) if name in settled}}
    variants, said = [], roles.items(settled, VARIANTS)
    for variant in said:
        own = {name: value for name, value in variant.items() if name != label}
        found = settle_one({**shared, **own})
        kept = {name: value for name, value in found.items() if name in properties and name not in kept_apart}
        # What a variant empties must not come back from the job.
        emptied = own_roles.names(*_EMPTIED)
        empty: JsonObject = {name: own[name] for name in _in_order(own, emptied) if is_empty(own[name])}
        pinned: JsonObject = {name: own[name] for name in kept_apart if own.get(name)}
        variants.append(
            {label: variant.get(label) or _label(_telling(own, said), own_roles, properties), **empty, **kept, **pinned}
        )
    return list(_with_siblings(variants, own_roles))


def _in_order(told: JsonObject, names: set[str]) -> list[str]:
    return [name for name in told if name in names]


def _with_siblings(variants: Sequence[JsonObject], roles: Roles) -> list[JsonObject]:
    """Tell variants that differ by their seeds alone of each other: their pictures can be made at once."""
    if SEED not in roles or SIBLINGS not in roles:
        return list(variants)
    seed, own_words = roles[SEED], roles.names(LABEL, SEED, SIBLINGS)
    bare = [{name: value for name, value in each.items() if name not in own_words} for each in variants]
    found = []
    for variant, own in zip(variants, bare, strict=True):
        seeds = [each[seed] for each, other in zip(variants, bare, strict=True) if other == own and seed in each]
        siblings: JsonObject = {roles[SIBLINGS]: list(dict.fromkeys(seeds))} if len(set(seeds)) > 1 else {}
        found.append({**variant, **siblings})
    return found


def _telling(variant: JsonObject, variants: Sequence[JsonObject]) -> JsonObject:
    """Return in what a variant differs from others; all of it where it differs in nothing, or is the only one."""
    told = {name: value for name, value in variant.items() if any(other.get(name) != value for other in variants)}
    return told or variant


def _label(variant: JsonObject, roles: Roles, properties: JsonObject) -> str:
    """Return what a variant changes, for a person: a word as it is, a number with its parameter's title."""
    parts = []
    for name, value in variant.items():
        schema = as_object(properties.get(name))
        if name in roles.names(LORAS):
            parts.append(" + ".join(_weighted(entry) for entry in roles.items(variant, LORAS)) or "no LoRA")
        elif name in roles.names(NEGATIVE_PROMPT):
            continue
        elif schema.get("type") == "string":
            parts.append(str(value))
        elif schema.get("type") in ("number", "integer"):
            parts.append(f"{str(schema.get('title', name)).lower()} {value}")
    return ", ".join(parts)


def _weighted(lora: JsonObject) -> str:
    weight = lora.get("weight", 1)
    return f"{lora['name']} {weight:g}" if isinstance(weight, (int, float)) else str(lora["name"])
