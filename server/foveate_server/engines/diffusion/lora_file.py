"""A LoRA's file as what it does: for each layer, in its trainer's words, two matrices whose product is the change."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import safetensors
import torch
from safetensors.torch import load_file
from torch import Tensor

from foveate_server.engines.diffusion.library import Addition
from foveate_server.models.recognition.lora_keys import LoraPart, parts_of
from foveate_server.models.recognition.lora_kinds import other_kind, remedy_for
from foveate_server.models.tensor_headers import Header, read_header
from foveate_shared.errors import ErrorCode, InputError
from foveate_shared.wire.protocol import as_object

_METADATA = "lora_adapter_metadata"  # of newer trainers: peft's configuration per component, as JSON
_HALF = (torch.float16, torch.bfloat16, torch.float32)  # what a layer may compute in


@dataclass(frozen=True)
class LayerChange:
    """What is added to one layer's weight: `up` times `down`, with all scales in it but that of the job."""

    layer: str  # in its trainer's words
    down: Tensor  # (rank, inputs), or (rank, inputs, height, width) of a convolution
    up: Tensor  # (outputs, rank), or (outputs, rank, 1, 1)


def read_lora(lora: Addition) -> list[LayerChange]:
    """Return what a LoRA's file changes. Raises InputError where it is damaged, or no plain LoRA."""
    name = lora.name
    try:
        header = read_header(lora.path)
        state = dict(load_file(lora.path))
    except (OSError, safetensors.SafetensorError, InputError) as error:
        raise InputError(
            "The LoRA {name} cannot be read: it is damaged, or no .safetensors file.",
            code=ErrorCode.INVALID_FILE,
            remedy="Remove it and add it again.",
            name=name,
        ) from error
    if what := other_kind(header):
        raise InputError(
            "{name} is {what}, which Foveate cannot use.",
            code=ErrorCode.INVALID_FILE,
            remedy=remedy_for(what),
            name=name,
            what=what,
        )
    parts = parts_of(state)
    configuration = _configuration(header) or as_object(lora.facts.get("adapter"))
    return [_change(part.layer, parts, state, configuration) for part in parts if part.role == "down"]


def _change(
    layer: str, parts: Mapping[LoraPart, str], state: Mapping[str, Tensor], configuration: Mapping[str, Any]
) -> LayerChange:
    down, up = (_computable(state[parts[LoraPart(layer, role)]]) for role in ("down", "up"))
    rank = up.shape[1]
    mid = parts.get(LoraPart(layer, "mid"))
    if mid is not None:  # a convolution in three: the middle one and the first make one
        down = torch.einsum("pqhw,qi->pihw", state[mid].float(), down.flatten(1).float())
        up = up.float()
    alpha = parts.get(LoraPart(layer, "alpha"))
    scale = _scale(layer, rank, configuration) if alpha is None else float(state[alpha]) / rank
    if scale != 1:
        down, up = down.float(), up.float() * scale
    return LayerChange(layer, down, up)


def _computable(tensor: Tensor) -> Tensor:
    return tensor if tensor.dtype in _HALF else tensor.float()


def _configuration(header: Header) -> dict[str, Any]:
    """Return what the trainer wrote of ranks and alphas, by component and name; nothing where it is unreadable."""
    try:
        told = json.loads(header.metadata.get(_METADATA, "{}"))
    except (ValueError, RecursionError):
        return {}  # metadata is anyone's text
    return told if isinstance(told, dict) else {}


def _scale(layer: str, rank: int, configuration: Mapping[str, Any]) -> float:
    """Return by how much a layer without an alpha of its own counts; peft's names of layers may be ends of them."""
    component, _, path = layer.partition(".")
    told = {key.removeprefix(f"{component}."): value for key, value in configuration.items()}
    alpha = told.get("lora_alpha")
    patterns = told.get("alpha_pattern")
    for pattern, value in (patterns if isinstance(patterns, dict) else {}).items():
        if _names(str(pattern), path):
            alpha = value
            break
    if isinstance(alpha, bool) or not isinstance(alpha, (int, float)):
        return 1.0
    return float(alpha) / (rank**0.5 if told.get("use_rslora") is True else rank)


def _names(pattern: str, path: str) -> bool:
    """Tell whether peft's `pattern` means the layer at `path`: all of its name after `^`, else the end of it."""
    name = re.sub(r"\\\.", ".", pattern.removeprefix("^").removesuffix("$"))
    return path == name or (not pattern.startswith("^") and path.endswith(f".{name}"))
