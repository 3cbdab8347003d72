"""LoRAs and textual inversions, by keys and shapes."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping

from foveate_server.families.registry import families
from foveate_server.models.recognition.lora_keys import bundled_words, parts_of
from foveate_server.models.recognition.lora_kinds import REMEDY, other_kind
from foveate_server.models.recognition.recognized import Recognized, precision_of, refusal, strings, title_of
from foveate_server.models.recognition.variants import base_of, few_steps, trigger_words
from foveate_server.models.tensor_headers import Header
from foveate_shared.wire.protocol import JsonObject

_CONTEXT_FAMILIES: Mapping[int, str] = {768: "sd1", 1024: "sd2", 2048: "sdxl"}
_EMBEDDING_FAMILIES: Mapping[int, str] = {768: "sd1", 1024: "sd2", 1280: "sdxl"}
_STREAM = re.compile(r"attn[._](to_[qk]|qkv|add_[qk]_proj)|img_attn[._]qkv|x_block[._]attn[._]qkv|[._]linear1")
_QWEN_WIDTH = 3072  # of Qwen-Image, whose LoRAs look like those of Stable Diffusion 3 otherwise
_MAX_VECTORS = 256  # of a textual inversion: a prompt has 75 places


def lora_of(header: Header, name: str) -> Recognized | None:
    """Return what the LoRA with these keys is, or None. Raises InputError for one that we can tell and not use."""
    if other := other_kind(header):
        raise refusal(other, REMEDY)
    downs = {part.layer: header.shape(key) for part, key in parts_of(header.tensors).items() if part.role == "down"}
    if not downs:
        return None
    family = _lora_family(downs)
    ranks = Counter(shape[0] for shape in downs.values())
    facts: JsonObject = {
        "layout": "single",
        "format": "kohya" if any(layer.startswith("lora_") for layer in downs) else "diffusers",
        "precision": precision_of(header),
        "rank": ranks.most_common(1)[0][0],
        "targets": strings(_targets(downs)),
        "context_width": _context_width(downs),
        "width": _stream_width(downs) if family in ("sd3", "flux1") else 0,
        "text_widths": dict(_text_widths(downs)),
        "trigger_words": strings(trigger_words(header.metadata)),
        "bundled_words": strings(bundled_words(header.tensors)),
        "base": base_of(header.metadata),
        **few_steps(name, header.metadata),
    }
    rank = f"rank {facts['rank']}"
    base = families()[family].title if family else "an unnamed family"
    return Recognized("lora", family, title_of(f"LoRA for {base}", rank), facts)


def _lora_family(downs: Mapping[str, tuple[int, ...]]) -> str:
    """Return the family of a LoRA; empty where neither its structure nor its widths tell. Raises InputError."""
    text = "\n".join(downs)
    if re.search(r"to_qkv_mlp_proj|double_stream_modulation", text):
        raise refusal("a LoRA for FLUX.2")
    if re.search(r"single_transformer_blocks|single_blocks|double_blocks", text):
        return "flux1"
    if re.search(r"joint_blocks|attn[._]add_[qkv]_proj", text):
        if "img_mlp" in text or _stream_width(downs) == _QWEN_WIDTH:
            raise refusal("a LoRA for Qwen-Image")
        return "sd3"
    if not re.search(r"down_blocks|up_blocks|mid_block|input_blocks|middle_block|output_blocks", text):
        if re.search(r"text_encoder|lora_te", text):
            return _text_only_family(downs)
        raise refusal("a LoRA for a family of models that is unknown here")
    if re.search(r"lora_te2_|text_encoder_2|transformer_blocks[._][1-9]", text):
        return "sdxl"
    by_width = _CONTEXT_FAMILIES.get(_context_width(downs), "")
    projections = [shape for key, shape in downs.items() if key.endswith("proj_in")]
    return by_width or ("sd1" if projections and len(projections[0]) == 4 else "")


def _text_only_family(downs: Mapping[str, tuple[int, ...]]) -> str:
    if any(key.startswith(("lora_te2_", "text_encoder_2")) for key in downs):
        return "sdxl"
    return _CONTEXT_FAMILIES.get(max(_text_widths(downs).values(), default=0), "")


def _targets(downs: Mapping[str, tuple[int, ...]]) -> list[str]:
    """Return the components that a LoRA changes, as diffusers names them."""
    found = set()
    for key in downs:
        encoder = _encoder(key)
        if encoder:
            found.add(encoder)
        elif re.search(r"single_|double_blocks|joint_blocks|add_[qkv]_proj|^transformer", key):
            found.add("transformer")
        else:
            found.add("unet")
    return sorted(found - {"unet"} if "transformer" in found else found)


def _encoder(key: str) -> str:
    """Return the text encoder that a layer belongs to, as diffusers names it, or an empty text."""
    if re.match(r"(lora_te2_|text_encoder_2\.)", key):
        return "text_encoder_2"
    if re.match(r"(lora_te3_|text_encoder_3\.)", key):
        return "text_encoder_3"
    return "text_encoder" if re.match(r"(lora_te1?_|text_encoder\.)", key) else ""


def _context_width(downs: Mapping[str, tuple[int, ...]]) -> int:
    """Return the width of the text that the U-Net's attention sees, where a layer shows it; else 0."""
    return next((shape[1] for key, shape in downs.items() if re.search(r"attn2[._]to_[kv]$", key)), 0)


def _stream_width(downs: Mapping[str, tuple[int, ...]]) -> int:
    return next((shape[1] for key, shape in downs.items() if not _encoder(key) and _STREAM.search(key)), 0)


def _text_widths(downs: Mapping[str, tuple[int, ...]]) -> dict[str, int]:
    """Return the widths of the text encoders that a LoRA was made for, as far as its layers show them."""
    widths: dict[str, int] = {}
    for key, shape in downs.items():
        if (encoder := _encoder(key)) and re.search(r"(self_attn|attn)[._][qkv]_proj$", key):
            widths.setdefault(encoder, shape[1])
    return widths


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
