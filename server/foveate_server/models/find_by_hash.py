"""Models that a recipe pins: finding them by their hashes, and naming what is missing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from foveate_server.models.entry import ModelEntry
from foveate_shared.errors import ErrorCode, InputError

_WORDS = {"restorer": "the restorer", "lora": "the LoRA", "embedding": "the embedding", "vae": "the VAE"}


@dataclass(frozen=True)
class Pin:
    """A model that a recipe was made with."""

    kind: str  # "model", "restorer", "lora", "embedding" or "vae"
    name: str  # as it was called there
    sha256: str  # see ModelEntry.sha256

    @property
    def words(self) -> str:
        """Return it for a person: "the LoRA film (SHA-256 4f2a...)"."""
        return f"{_WORDS.get(self.kind, 'the model')} {self.name} (SHA-256 {self.sha256[:12]})"


def pins_of(recipe: Mapping[str, Any]) -> list[Pin]:
    """Return what `recipe` was made with: its `model`, `restorer`, `loras`, `embeddings` and `vae`.

    Each is {"name", "sha256"}; the last three may stand in the recipe itself or in its `additions`. Each of a compare's
    `variants` has its own. What is malformed is left out.
    """
    additions = recipe.get("additions")
    parts = [recipe, additions] if isinstance(additions, Mapping) else [recipe]
    found = [pin for kind in ("model", "restorer") if (pin := _pin(kind, recipe.get(kind)))]
    for part in parts:
        for kind, key in (("lora", "loras"), ("embedding", "embeddings"), ("vae", "vae")):
            found.extend(pin for value in _each(part.get(key)) if (pin := _pin(kind, value)))
    for variant in _each(recipe.get("variants")):
        found.extend(pins_of(variant) if isinstance(variant, Mapping) else ())
    return list(dict.fromkeys(found))


def local_names(entries: Sequence[ModelEntry], pins: Sequence[Pin]) -> dict[Pin, str]:
    """Return what each of `pins` is called among `entries`, which may be another name than in the recipe.

    Raises InputError, with the names and hashes of all that is missing, where any is.
    """
    found = {pin: entry for pin in pins if (entry := locate(entries, pin)) is not None}
    missing = [pin for pin in pins if pin not in found]
    if missing:
        others = _others(entries, missing)
        raise InputError(
            "The recipe needs what is not here: {models}. Here, {others}."
            if others
            else "The recipe needs what is not here: {models}.",
            code=ErrorCode.UNKNOWN_MODEL,
            remedy="Add the very same files (foveate models add), under any name, or make it anew with others.",
            models=", ".join(pin.words for pin in missing),
            others=others,
        )
    return {pin: entry.name for pin, entry in found.items()}


def locate(entries: Sequence[ModelEntry], pin: Pin) -> ModelEntry | None:
    """Return the model with the hash of `pin`, the one of the same name first; None where there is none."""
    same = [entry for entry in entries if entry.sha256 == pin.sha256]
    return next((entry for entry in same if entry.name == pin.name), same[0] if same else None)


def _others(entries: Sequence[ModelEntry], missing: Sequence[Pin]) -> str:
    """Return which models are called like missing ones, and are none of them."""
    names = {pin.name for pin in missing}
    alike = [f"{entry.name} is another file (SHA-256 {entry.sha256[:12]})" for entry in entries if entry.name in names]
    return " and ".join(alike)


def _each(value: Any) -> Iterator[Any]:
    if isinstance(value, Mapping):
        yield value
    elif isinstance(value, Sequence) and not isinstance(value, str):
        yield from value


def _pin(kind: str, value: Any) -> Pin | None:
    if not isinstance(value, Mapping):
        return None
    name, sha256 = value.get("name"), value.get("sha256")
    return Pin(kind, name, sha256) if isinstance(name, str) and isinstance(sha256, str) and sha256 else None
