"""The keys of a LoRA's tensors, in the names of all trainers: which layer each is for, and what it is there."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

Role = Literal["down", "up", "mid", "alpha"]

BUNDLED = "bundle_emb."  # embeddings that OneTrainer puts beside the layers
_WRAPPERS = ("base_model.model.",)  # around the names of whatever was trained
_ROLES: dict[str, Role] = {"down": "down", "up": "up", "mid": "mid", "A": "down", "B": "up"}
_ENDS = (
    re.compile(r"(?P<layer>.+)\.lora_(?P<role>down|up|mid)\.weight"),
    re.compile(r"(?P<layer>.+)\.lora_(?P<role>A|B)(\.(?!weight\.|bias\.)[\w-]+)?\.weight"),
    re.compile(r"(?P<layer>.+)\.lora_linear_layer\.(?P<role>down|up)\.weight"),
    re.compile(r"(?P<layer>.+)[._]lora(?P<stream>[12]?)\.(?P<role>down|up)\.weight"),
)
_ALPHA = re.compile(r"(?P<layer>.+?)([._]lora)?\.alpha")
ENCODERS: Mapping[str, re.Pattern[str]] = {  # the third name is what ComfyUI and OneTrainer have, with dots
    component: re.compile(rf"({kohya}|{component}\.|(text_encoders\.)?{short}\.(transformer\.)?)(?P<layer>.+)")
    for component, kohya, short in (
        ("text_encoder", "lora_te1?_", "clip_l"),
        ("text_encoder_2", "lora_te2_", "clip_g"),
        ("text_encoder_3", "lora_te3_", "t5xxl"),
    )
}


@dataclass(frozen=True)
class LoraPart:
    """What one tensor of a LoRA is."""

    layer: str  # in the words of who trained it
    role: Role


def part_of(key: str) -> LoraPart | None:
    """Return what the tensor `key` is to a plain LoRA, or None where it is no part of one."""
    for end in _ENDS:
        if found := end.fullmatch(key):
            told = found.groupdict()
            return LoraPart(_bare(told["layer"]) + (told.get("stream") or ""), _ROLES[told["role"]])
    alpha = _ALPHA.fullmatch(key)
    return None if alpha is None else LoraPart(_bare(alpha["layer"]), "alpha")


def parts_of(keys: Iterable[str]) -> dict[LoraPart, str]:
    """Return the keys of all that belongs to a plain LoRA, by what they are."""
    return {part: key for key in keys if (part := part_of(key)) is not None}


def encoder_of(layer: str) -> str:
    """Return the text encoder that a layer belongs to, as diffusers names it, or an empty text."""
    return next((component for component, name in ENCODERS.items() if name.fullmatch(layer)), "")


def bundled_words(keys: Iterable[str]) -> list[str]:
    """Return the words of the embeddings that lie in the same file."""
    told = (key.removeprefix(BUNDLED).split(".")[0] for key in keys if key.startswith(BUNDLED))
    return list(dict.fromkeys(told))


def _bare(layer: str) -> str:
    """Return the layer's name without what says nothing of where it is."""
    for wrapper in _WRAPPERS:
        layer = layer.removeprefix(wrapper)
    return layer.replace(".processor.", ".")
