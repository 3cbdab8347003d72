"""LoRAs on a loaded checkpoint, in diffusers' and in kohya's format, several at once, each with its weight."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import safetensors
from safetensors.torch import load_file
from torch import Tensor

from foveate_server.engines.diffusion.denoiser import PipelineDenoiser
from foveate_server.engines.diffusion.quiet_libraries import quiet
from foveate_shared.errors import ErrorCode, InputError


def put_on(denoiser: PipelineDenoiser, loras: Sequence[tuple[str, Path, float]]) -> None:
    """Let LoRAs (name, file, weight) take part in all that `denoiser` computes. Raises InputError for a misfit."""
    if not loras:
        return
    adapters = [f"lora{index}" for index in range(len(loras))]
    with quiet():
        for adapter, (name, path, _) in zip(adapters, loras, strict=True):
            _load(denoiser, adapter, name, path)
        denoiser.pipe.set_adapters(adapters, [weight for _, _, weight in loras])
    for module in denoiser.modules().values():
        module.eval().requires_grad_(requires_grad=False)


def remove(denoiser: PipelineDenoiser) -> None:
    """Leave the checkpoint's own layers alone again."""
    with quiet():
        if denoiser.pipe.get_list_adapters():
            denoiser.pipe.unload_lora_weights()


def _load(denoiser: PipelineDenoiser, adapter: str, name: str, path: Path) -> None:
    state = _read(name, path)
    title = denoiser.family.title
    if any("dora_scale" in key for key in state):
        raise InputError(
            "The LoRA {name} is a DoRA, a kind that is not supported.", code=ErrorCode.INVALID_FILE, name=name
        )
    try:
        denoiser.pipe.load_lora_weights(state, adapter_name=adapter)
    except (RuntimeError, ValueError, KeyError, IndexError, AttributeError, TypeError) as error:
        raise InputError(
            "The LoRA {name} does not fit checkpoints of {family}.",
            code=ErrorCode.INVALID_PARAMETER,
            remedy="Choose one that was made for {family}; foveate models inspect {name} says what it was made for.",
            name=name,
            family=title,
        ) from error
    if not any(adapter in adapters for adapters in denoiser.pipe.get_list_adapters().values()):
        raise InputError(
            "The LoRA {name} has nothing for checkpoints of {family}.",
            code=ErrorCode.INVALID_PARAMETER,
            remedy="Choose one that was made for {family}.",
            name=name,
            family=title,
        )


def _read(name: str, path: Path) -> dict[str, Tensor]:
    try:
        return dict(load_file(path))
    except (OSError, safetensors.SafetensorError) as error:
        raise InputError(
            "The LoRA {name} cannot be read: it is damaged, or no .safetensors file.",
            code=ErrorCode.INVALID_FILE,
            remedy="Remove it and add it again.",
            name=name,
        ) from error
