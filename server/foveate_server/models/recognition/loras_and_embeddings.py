"""LoRAs and textual inversions, by keys and shapes."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping

from foveate_server.families.registry import families
from foveate_server.models.recognition.lora_bases import context_width, family_of, sizes_of, stream_width, text_widths
from foveate_server.models.recognition.lora_keys import bundled_words, encoder_of
from foveate_server.models.recognition.lora_kinds import other_kind, remedy_for
from foveate_server.models.recognition.recognized import Recognized, precision_of, refusal, strings, title_of
from foveate_server.models.recognition.variants import base_of, few_steps_of_lora, trigger_words
from foveate_server.models.tensor_headers import Header
from foveate_shared.wire.protocol import JsonObject

_EMBEDDING_FAMILIES: Mapping[int, str] = {768: "sd1", 1024: "sd2", 1280: "sdxl"}
_MAX_VECTORS = 256  # of a textual inversion: a prompt has 75 places


def lora_of(header: Header, name: str) -> Recognized | None:
    """Return what the LoRA with these keys is, or None. Raises InputError for one that we can tell and not use."""
    if other := other_kind(header):
        raise refusal(other, remedy_for(other))
    sizes = sizes_of(header)
    if not sizes:
        return None
    family = family_of(sizes, header.metadata)
    ranks = Counter(size.inputs[0] for size in sizes.values())
    facts: JsonObject = {
        "layout": "single",
        "format": "kohya" if any(layer.startswith("lora_") for layer in sizes) else "diffusers",
        "precision": precision_of(header),
        "rank": ranks.most_common(1)[0][0],
        "targets": strings(_targets(sizes)),
        "context_width": context_width(sizes),
        "width": stream_width(sizes) if family in ("sd3", "flux1") else 0,
        "text_widths": dict(text_widths(sizes)),
        "trigger_words": strings(trigger_words(header.metadata)),
        "bundled_words": strings(bundled_words(header.tensors)),
        "base": base_of(header.metadata),
        **few_steps_of_lora(name, header.metadata),
    }
    rank = f"rank {facts['rank']}"
    base = families()[family].title if family else "an unnamed family"
    return Recognized("lora", family, title_of(f"LoRA for {base}", rank), facts)


def _targets(layers: Iterable[str]) -> list[str]:
    """Return the components that a LoRA changes, as diffusers names them."""
    found = set()
    for layer in layers:
        encoder = encoder_of(layer)
        if encoder:
            found.add(encoder)
        elif re.search(r"single_|double_blocks|joint_blocks|add_[qkv]_proj|^transformer", layer):
            found.add("transformer")
        else:
            found.add("unet")
    return sorted(found - {"unet"} if "transformer" in found else found)


def embedding_of(header: Header, name: str) -> Recognized | None:
    """Return what the textual inversion with these keys is, or None."""
    widths, vectors, form = _embedding_widths(header)
    if not widths:
        return None
    if set(widths) >= {"clip_l", "clip_g"}:
        family = "sd3" if "t5xxl" in widths else "sdxl"
    else:
        family = _EMBEDDING_FAMILIES.get(next(iter(widths.values())), "")
    facts: JsonObject = {
        "layout": "single",
        "format": form,
        "vectors": vectors,
        "widths": dict(widths),
        "token": next(iter(header.tensors)) if form == "diffusers" else "",
    }
    count = f"{vectors} vectors" if vectors > 1 else "1 vector"
    widths_told = ", ".join(map(str, widths.values()))
    base = families()[family].title if family else f"a text encoder of width {widths_told}"
    return Recognized("embedding", family, title_of(f"embedding for {base}", count), facts)


def _embedding_widths(header: Header) -> tuple[dict[str, int], int, str]:
    """Return the widths by text encoder, the number of vectors, and whose format it is; no widths: it is none."""
    shapes = {key: tensor.shape for key, tensor in header.tensors.items()}
    if not all(0 < len(shape) <= 2 and _vectors(shape) <= _MAX_VECTORS for shape in shapes.values()):
        return {}, 0, ""
    if "clip_l" in shapes or "clip_g" in shapes:
        known: dict[str, int] = {key: shapes[key][-1] for key in ("clip_l", "clip_g", "t5xxl") if key in shapes}
        return known, _vectors(next(iter(shapes.values()))), "a1111"
    for key in ("emb_params", "string_to_param.*", "*"):
        if key in shapes:
            return _one_width(shapes[key]), _vectors(shapes[key]), "a1111"
    if len(shapes) == 1:
        key, shape = next(iter(shapes.items()))
        if "." not in key and shape[-1] > 1:
            return _one_width(shape), _vectors(shape), "diffusers"
    return {}, 0, ""


def _one_width(shape: tuple[int, ...]) -> dict[str, int]:
    return {"clip_g" if shape[-1] == 1280 else "clip_l": shape[-1]}


def _vectors(shape: tuple[int, ...]) -> int:
    return shape[0] if len(shape) == 2 else 1
