"""What goes together: LoRAs, embeddings and VAEs with checkpoints. By widths where they show, else by family."""

from __future__ import annotations

from foveate_server.families.registry import families
from foveate_server.models.entry import ModelEntry
from foveate_shared.errors import ErrorCode, InputError
from foveate_shared.i18n.sentence import Sentence
from foveate_shared.wire.protocol import JsonObject

_ENCODERS = {"clip_l": 0, "clip_g": 1}  # of an embedding's vectors, by the place of the text encoder that reads them
_KINDS = {"lora": "LoRA", "embedding": "embedding", "vae": "VAE", "preview": "small VAE"}
_Problem = tuple[str, dict[str, object]]  # a sentence with places, and what goes there
_SHARED_VAES = ("sd1", "sd2")  # these two have one and the same


def check_fit(addition: ModelEntry, checkpoint: ModelEntry) -> None:
    """Raise InputError, with one sentence, where `addition` cannot be used with `checkpoint`."""
    reason = misfit(addition, checkpoint)
    if reason:
        raise InputError(
            reason,
            code=ErrorCode.INVALID_PARAMETER,
            remedy="Choose one that fits; `foveate models inspect {name}` says what it was made for.",
            name=addition.name,
        )


def misfit(addition: ModelEntry, checkpoint: ModelEntry) -> Sentence:
    """Return why `addition` cannot be used with `checkpoint`, in one sentence; empty where it can."""
    if checkpoint.kind != "diffusion" or addition.kind not in _KINDS:
        return Sentence(
            "{name} and {checkpoint} are not an addition and a checkpoint.",
            name=addition.name,
            checkpoint=checkpoint.name,
        )
    named = {"kind": Sentence(_KINDS[addition.kind]), "name": addition.name, "checkpoint": checkpoint.name}
    if addition.family and checkpoint.family not in fitting_families(addition):
        return Sentence(
            "The {kind} {name} is for {family}, and {checkpoint} is {other}.",
            **named,
            family=families()[addition.family].title,
            other=families()[checkpoint.family].title,
        )
    told = {"lora": _lora, "embedding": _embedding, "vae": _vae, "preview": _vae}[addition.kind](
        addition.facts, checkpoint.facts
    )
    return Sentence.made_of(told[0], {**named, **told[1]}) if told else Sentence("")


def fitting_families(addition: ModelEntry) -> tuple[str, ...]:
    """Return the families whose checkpoints an addition can be used with; which of them, :func:`misfit` says."""
    if addition.kind in ("vae", "preview"):
        if addition.family in _SHARED_VAES:
            return _SHARED_VAES
        if not addition.family:
            return ("sd1", "sd2", "sdxl") if addition.facts.get("latent_channels") == 4 else ("sd3", "flux1")
    return (addition.family,) if addition.family else tuple(families())


def _lora(lora: JsonObject, checkpoint: JsonObject) -> _Problem | None:
    for key, what in (("context_width", "text"), ("width", "features")):
        mine, theirs = lora.get(key), checkpoint.get(key)
        if mine and theirs and mine != theirs:
            told = "The {kind} {name} does not fit {checkpoint}: its layers read {what} of width {width}, not {other}."
            return told, {"what": what, "width": mine, "other": theirs}
    widths = lora.get("text_widths")
    known = checkpoint.get("embedding_widths")
    if isinstance(widths, dict) and isinstance(known, list):
        for place, encoder in enumerate(("text_encoder", "text_encoder_2")):
            mine = widths.get(encoder)
            if mine and place < len(known) and mine != known[place]:
                told = (
                    "The {kind} {name} does not fit {checkpoint}: it changes a text encoder of width {width}, not"
                    " {other}."
                )
                return told, {"width": mine, "other": known[place]}
    return None


def _embedding(embedding: JsonObject, checkpoint: JsonObject) -> _Problem | None:
    widths, known = embedding.get("widths"), checkpoint.get("embedding_widths")
    if not isinstance(widths, dict) or not isinstance(known, list) or not known:
        return None
    for encoder, width in widths.items():
        place = _ENCODERS.get(encoder)
        if place is not None and (place >= len(known) or known[place] != width):
            told = (
                "The {kind} {name} does not fit {checkpoint}: its vectors have {width} numbers, and those of the"
                " checkpoint's text encoders {other}."
            )
            return told, {"width": width, "other": " and ".join(map(str, known))}
    return None


def _vae(vae: JsonObject, checkpoint: JsonObject) -> _Problem | None:
    mine, theirs = vae.get("latent_channels"), checkpoint.get("latent_channels")
    if mine == theirs:
        return None
    told = "The {kind} {name} does not fit {checkpoint}: its latents have {channels} channels, not {other}."
    return told, {"channels": mine, "other": theirs}
