"""What goes together: LoRAs, embeddings and VAEs with checkpoints. By widths where they show, else by family."""

from __future__ import annotations

from foveate_server.families.registry import families
from foveate_server.models.entry import ModelEntry
from foveate_shared.errors import ErrorCode, InputError
from foveate_shared.wire.protocol import JsonObject

_ENCODERS = {"clip_l": 0, "clip_g": 1}  # of an embedding's vectors, by the place of the text encoder that reads them
_KINDS = {"lora": "LoRA", "embedding": "embedding", "vae": "VAE", "preview": "small VAE"}
_SHARED_VAES = ("sd1", "sd2")  # these two have one and the same


def check_fit(addition: ModelEntry, checkpoint: ModelEntry) -> None:
    """Raise InputError, with one sentence, where `addition` cannot be used with `checkpoint`."""
    reason = misfit(addition, checkpoint)
    if reason:
        raise InputError(
            reason,
            code=ErrorCode.INVALID_PARAMETER,
            remedy=f"Choose one that fits; `foveate models inspect {addition.name}` says what it was made for.",
        )


def misfit(addition: ModelEntry, checkpoint: ModelEntry) -> str:
    """Return why `addition` cannot be used with `checkpoint`, in one sentence; empty where it can."""
    if checkpoint.kind != "diffusion" or addition.kind not in _KINDS:
        return f"{addition.name} and {checkpoint.name} are not an addition and a checkpoint."
    if addition.family and checkpoint.family not in fitting_families(addition):
        return (
            f"The {_KINDS[addition.kind]} {addition.name} is for {families()[addition.family].title}, "
            f"and {checkpoint.name} is {families()[checkpoint.family].title}."
        )
    told = {"lora": _lora, "embedding": _embedding, "vae": _vae, "preview": _vae}[addition.kind](
        addition.facts, checkpoint.facts
    )
    return f"The {_KINDS[addition.kind]} {addition.name} does not fit {checkpoint.name}: {told}." if told else ""


def fitting_families(addition: ModelEntry) -> tuple[str, ...]:
    """Return the families whose checkpoints an addition can be used with; which of them, :func:`misfit` says."""
    if addition.kind in ("vae", "preview"):
        if addition.family in _SHARED_VAES:
            return _SHARED_VAES
        if not addition.family:
            return ("sd1", "sd2", "sdxl") if addition.facts.get("latent_channels") == 4 else ("sd3", "flux1")
    return (addition.family,) if addition.family else tuple(families())


def _lora(lora: JsonObject, checkpoint: JsonObject) -> str:
    for key, what in (("context_width", "text"), ("width", "features")):
        mine, theirs = lora.get(key), checkpoint.get(key)
        if mine and theirs and mine != theirs:
            return f"its layers read {what} of width {mine}, not {theirs}"
    widths = lora.get("text_widths")
    known = checkpoint.get("embedding_widths")
    if isinstance(widths, dict) and isinstance(known, list):
        for place, encoder in enumerate(("text_encoder", "text_encoder_2")):
            mine = widths.get(encoder)
            if mine and place < len(known) and mine != known[place]:
                return f"it changes a text encoder of width {mine}, not {known[place]}"
    return ""


def _embedding(embedding: JsonObject, checkpoint: JsonObject) -> str:
    widths, known = embedding.get("widths"), checkpoint.get("embedding_widths")
    if not isinstance(widths, dict) or not isinstance(known, list) or not known:
        return ""
    for encoder, width in widths.items():
        place = _ENCODERS.get(encoder)
        if place is not None and (place >= len(known) or known[place] != width):
            theirs = " and ".join(map(str, known))
            return f"its vectors have {width} numbers, and those of the checkpoint's text encoders {theirs}"
    return ""


def _vae(vae: JsonObject, checkpoint: JsonObject) -> str:
    mine, theirs = vae.get("latent_channels"), checkpoint.get("latent_channels")
    return f"its latents have {mine} channels, not {theirs}" if mine != theirs else ""
