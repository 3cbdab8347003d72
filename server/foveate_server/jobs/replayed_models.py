"""A replay names its models by their hashes: it takes the very same files, whatever they are called here."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from foveate_server.models.catalog import Catalog
from foveate_server.models.find_by_hash import Pin
from foveate_shared.wire.protocol import JsonObject, as_object

_SINGLE = ("model", "restorer", "vae")  # parameters that name one model, as kinds of Pin


def located(parameters: JsonObject, catalog: Catalog) -> JsonObject:
    """Return `parameters` with each model that `pinned.models` has a hash of under the name that it has here.

    An embedding's name is also its word in the prompts. Raises InputError, naming all that is missing, where any is.
    """
    pinned = parameters.get("pinned")
    hashes = pinned.get("models") if isinstance(pinned, dict) else None
    if not isinstance(hashes, dict) or not catalog.has_files:
        return parameters
    pins = [Pin(kind, name, str(hashes[name])) for kind, name in _named(parameters) if name in hashes]
    names = {pin.name: name for pin, name in catalog.by_hash(list(dict.fromkeys(pins))).items()}
    changed = {old: new for old, new in names.items() if new != old}
    if not changed:
        return parameters
    words = {pin.name: changed[pin.name] for pin in pins if pin.kind == "embedding" and pin.name in changed}
    models = {changed.get(name, name): digest for name, digest in hashes.items()}
    return {**_renamed(parameters, changed, words), "pinned": {**as_object(pinned), "models": models}}


def _named(parameters: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Give kind (see Pin) and name of each model that a job, or one of its variants, names."""
    for kind in _SINGLE:
        if parameters.get(kind):
            yield kind, str(parameters[kind])
    yield from (("lora", str(entry["name"])) for entry in parameters.get("loras") or [])
    yield from (("embedding", str(name)) for name in parameters.get("embeddings") or [])
    for variant in parameters.get("variants") or []:
        yield from _named(variant)


def _renamed(parameters: Mapping[str, Any], names: Mapping[str, str], words: Mapping[str, str]) -> JsonObject:
    renamed = dict(parameters)
    for key in _SINGLE:
        if renamed.get(key):
            renamed[key] = names.get(renamed[key], renamed[key])
    if renamed.get("loras"):
        renamed["loras"] = [{**entry, "name": names.get(entry["name"], entry["name"])} for entry in renamed["loras"]]
    if renamed.get("embeddings"):
        renamed["embeddings"] = [names.get(name, name) for name in renamed["embeddings"]]
    for key in ("prompt", "negative_prompt"):
        if renamed.get(key):
            renamed[key] = _spelled(str(renamed[key]), words)
    if renamed.get("variants"):
        renamed["variants"] = [_renamed(variant, names, words) for variant in renamed["variants"]]
    return renamed


def _spelled(text: str, words: Mapping[str, str]) -> str:
    """Return `text` with embeddings' words in place of those that they had elsewhere."""
    if not words:
        return text
    spelled = {old.lower(): new for old, new in words.items()}
    alternatives = "|".join(re.escape(word) for word in sorted(spelled, key=len, reverse=True))
    pattern = rf"(?<![A-Za-z0-9_])(?:{alternatives})(?![A-Za-z0-9_])"
    return re.sub(pattern, lambda match: spelled[match[0].lower()], text, flags=re.IGNORECASE)
