"""What lies in the files of LoRAs and is not used: told when a job is taken."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from foveate_server.families.family import Family
from foveate_server.models.entry import ModelEntry
from foveate_shared.i18n.sentence import Sentence


def notes_about(loras: Iterable[ModelEntry], family: Family) -> Sequence[Sentence]:
    """Return a sentence for each of `loras` that holds more than a checkpoint of `family` takes from it."""
    notes = []
    for lora in loras:
        words = _texts(lora, "bundled_words")
        if words:
            told = "The LoRA {name} brings the embedding {words}, which is left out: add it as a file of its own."
            notes.append(Sentence(told, name=lora.name, words=", ".join(words)))
        if any(
            part.startswith("text_encoder") and part not in family.clip_encoders for part in _texts(lora, "targets")
        ):
            left = "The LoRA {name} changes a text encoder, too, that is left as it is: only CLIP's are changed."
            notes.append(Sentence(left, name=lora.name))
    return notes


def _texts(lora: ModelEntry, fact: str) -> list[str]:
    told = lora.facts.get(fact)
    return [str(text) for text in told] if isinstance(told, list) else []
