"""A replay names its models by their hashes: it takes the very same files, whatever they are called here."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from foveate_server.models.catalog import Catalog
from foveate_server.models.find_by_hash import Pin
from foveate_server.operations.parameters.roles import (
    EMBEDDINGS,
    LORAS,
    MODEL,
    NEGATIVE_PROMPT,
    PINNED,
    PROMPT,
    RESTORER,
    VAE,
    VARIANTS,
    Roles,
)
from foveate_shared.wire.protocol import Json, JsonObject, as_object

_SINGLE = (MODEL, RESTORER, VAE)  # roles of parameters that name one model; as kinds of Pin they are called the same


def located(parameters: JsonObject, roles: Roles, catalog: Catalog) -> JsonObject:
    """Return `parameters` with each model that the pinned `models` have a hash of under the name that it has here.

    An embedding's name is also its word in the prompts. Raises InputError, naming all that is missing, where any is.
    """
    pinned = as_object(roles.told(parameters, PINNED))
    hashes = as_object(pinned.get("models"))
    if not hashes or not catalog.has_files:
        return parameters
    pins = [Pin(kind, name, str(hashes[name])) for kind, name in _named(parameters, roles) if name in hashes]
    names = {pin.name: name for pin, name in catalog.by_hash(list(dict.fromkeys(pins))).items()}
    changed = {old: new for old, new in names.items() if new != old}
    if not changed:
        return parameters
    words = {pin.name: changed[pin.name] for pin in pins if pin.kind == "embedding" and pin.name in changed}
    models: JsonObject = {changed.get(name, name): digest for name, digest in hashes.items()}
    return {**_renamed(parameters, roles, changed, words), roles[PINNED]: {**pinned, "models": models}}


def _named(parameters: JsonObject, roles: Roles) -> Iterator[tuple[str, str]]:
    """Give kind (see Pin) and name of each model that a job, or one of its variants, names."""
    for role in _SINGLE:
        yield from ((role, name) for name in roles.words(parameters, role))
    yield from (("lora", str(entry["name"])) for entry in roles.items(parameters, LORAS))
    yield from (("embedding", name) for name in roles.words(parameters, EMBEDDINGS))
    for variant in roles.items(parameters, VARIANTS):
        yield from _named(variant, Roles.of(roles.variant))


def _renamed(parameters: JsonObject, roles: Roles, names: Mapping[str, str], words: Mapping[str, str]) -> JsonObject:
    new: dict[str, Json] = {}
    for role in roles.told_of(parameters, *_SINGLE):
        name = str(parameters[roles[role]])
        new[roles[role]] = names.get(name, name)
    for role in roles.told_of(parameters, PROMPT, NEGATIVE_PROMPT):
        new[roles[role]] = _spelled(str(parameters[roles[role]]), words)
    loras = [{**each, "name": names.get(str(each["name"]), each["name"])} for each in roles.items(parameters, LORAS)]
    embeddings = [names.get(name, name) for name in roles.words(parameters, EMBEDDINGS)]
    inner = Roles.of(roles.variant)
    variants = [_renamed(variant, inner, names, words) for variant in roles.items(parameters, VARIANTS)]
    for role, found in ((LORAS, loras), (EMBEDDINGS, embeddings), (VARIANTS, variants)):
        new |= {roles[role]: list(found)} if found else {}
    return {**parameters, **new}


def _spelled(text: str, words: Mapping[str, str]) -> str:
    """Return `text` with embeddings' words in place of those that they had elsewhere."""
    if not words:
        return text
    spelled = {old.lower(): new for old, new in words.items()}
    alternatives = "|".join(re.escape(word) for word in sorted(spelled, key=len, reverse=True))
    pattern = rf"(?<![A-Za-z0-9_])(?:{alternatives})(?![A-Za-z0-9_])"
    return re.sub(pattern, lambda match: spelled[match[0].lower()], text, flags=re.IGNORECASE)
