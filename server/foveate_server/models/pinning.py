"""Models that a recipe pins: finding them by their hashes, and naming what is missing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from foveate_server.models.entry import ModelEntry
from foveate_server.models.registry import Registry
from foveate_shared.errors import ErrorCode, InputError

_WORDS = {"lora": "the LoRA", "embedding": "the embedding", "vae": "the VAE"}


@dataclass(frozen=True)
class Pin:
    """A model that a recipe was made with."""

    kind: str  # "model", "lora", "embedding" or "vae"
    name: str  # as it was called there
    sha256: str  # see ModelEntry.sha256

    @property
    def words(self) -> str:
        """Return it for a person: "the LoRA film (SHA-256 4f2a...)"."""
        return f"{_WORDS.get(self.kind, 'the model')} {self.name} (SHA-256 {self.sha256[:12]})"


def pins_of(recipe: Mapping[str, Any]) -> list[Pin]:
    """Return what `recipe` was made with: its `model`, `loras`, `embeddings` and `vae`, each {"name", "sha256"}.

    The last three may stand in the recipe itself or in its `additions`. What is malformed is left out.
    """
    additions = recipe.get("additions")
    parts = [recipe, additions] if isinstance(additions, Mapping) else [recipe]
    found = [pin for pin in [_pin("model", recipe.get("model"))] if pin]
    for part in parts:
        for kind, key in (("lora", "loras"), ("embedding", "embeddings"), ("vae", "vae")):
            found.extend(pin for value in _each(part.get(key)) if (pin := _pin(kind, value)))
    return list(dict.fromkeys(found))


def local_names(registry: Registry, pins: Sequence[Pin]) -> dict[Pin, str]:
    """Return what each of `pins` is called here, whose name may be another one than in the recipe.

    Raises InputError, with the names and hashes of all that is missing, where any is.
    """
    found = {pin: entry for pin in pins if (entry := locate(registry, pin)) is not None}
    missing = [pin for pin in pins if pin not in found]
    if missing:
        raise InputError(
            f"The recipe needs what is not here: {', '.join(pin.words for pin in missing)}.",
            code=ErrorCode.UNKNOWN_MODEL,
            remedy="Add the very same files (foveate models add), or make it anew with others.",
        )
    return {pin: entry.name for pin, entry in found.items()}


def locate(registry: Registry, pin: Pin) -> ModelEntry | None:
    """Return the model with the hash of `pin`, the one of the same name first; None where there is none."""
    entries = [entry for entry in registry.entries() if entry.sha256 == pin.sha256]
    return next((entry for entry in entries if entry.name == pin.name), entries[0] if entries else None)


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
