"""LoRAs on a loaded checkpoint, several at once, each with its weight."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

import torch
from peft import LoraConfig, inject_adapter_in_model
from torch import Tensor, nn

from foveate_server.engines.diffusion.denoiser import PipelineDenoiser
from foveate_server.engines.diffusion.library import Addition
from foveate_server.engines.diffusion.lora_file import LayerChange, read_lora
from foveate_server.engines.diffusion.lora_layer_names import LayerNames
from foveate_server.engines.diffusion.quiet_libraries import quiet
from foveate_shared.errors import ErrorCode, InputError

_Layer = nn.Linear | nn.Conv2d
_Matrices = tuple[Tensor, Tensor]  # down and up
_Changes = dict[str, dict[str, _Matrices]]  # by component and path


def put_on(denoiser: PipelineDenoiser, loras: Sequence[tuple[Addition, float]]) -> None:
    """Let LoRAs, each with its weight, take part in all that `denoiser` computes. Raises InputError for a misfit."""
    if not loras:
        return
    parts = _parts(denoiser)
    names = LayerNames(denoiser.family, parts)
    found = [_changes(denoiser, names, lora.name, read_lora(lora)) for lora, _ in loras]
    with quiet():
        for index, ((_, weight), changes) in enumerate(zip(loras, found, strict=True)):
            for component, own in changes.items():
                _inject(parts[component], f"lora{index}", own, weight)
    for module in denoiser.modules().values():
        module.eval().requires_grad_(requires_grad=False)


def remove(denoiser: PipelineDenoiser) -> None:
    """Leave the checkpoint's own layers alone again."""
    for part in _parts(denoiser).values():
        for parent in list(part.modules()):
            for name, child in list(parent.named_children()):
                if hasattr(child, "base_layer"):
                    setattr(parent, name, child.base_layer)
        if hasattr(part, "peft_config"):
            del part.peft_config


def _parts(denoiser: PipelineDenoiser) -> dict[str, nn.Module]:
    """Return the parts that a LoRA may change: what denoises, and the text encoders but for T5."""
    wanted = (denoiser.family.network, *denoiser.family.clip_encoders)
    return {name: part for name, part in denoiser.modules().items() if name in wanted}


def _changes(denoiser: PipelineDenoiser, names: LayerNames, lora: str, wanted: Sequence[LayerChange]) -> _Changes:
    """Return what the LoRA changes, by the checkpoint's own layers. Raises InputError where it lacks one of them."""
    parts, result = _parts(denoiser), _Changes()
    misfits: list[str] = []
    known = False
    for change in wanted:
        component, meant = names.meant_by(change.layer)
        if component not in parts and component.startswith("text_encoder"):
            continue  # that encoder is never changed, or not there
        known = known or bool(meant.paths)
        layers = {path: cast("_Layer", parts[component].get_submodule(path)) for path in meant.paths}
        fitting = _split(change, layers, swapped=meant.swapped)
        if not fitting:
            misfits.append(change.layer)
            continue
        own = result.setdefault(component, {})
        for path, matrices in fitting.items():
            own[path] = _together(own[path], matrices) if path in own else matrices
    if not known:
        raise _misfit(denoiser, "The LoRA {name} has nothing for checkpoints of {family}.", lora)
    if misfits:
        told = (
            "The LoRA {name} does not fit checkpoints of {family}: {count} of its {all} layers are not there, or of"
            " another size, such as {layer}."
        )
        raise _misfit(denoiser, told, lora, count=len(misfits), all=len(wanted), layer=misfits[0])
    return result


def _misfit(denoiser: PipelineDenoiser, told: str, lora: str, **values: Any) -> InputError:
    return InputError(
        told,
        code=ErrorCode.INVALID_PARAMETER,
        remedy="Choose one that was made for {family}; foveate models inspect {name} says what it was made for.",
        name=lora,
        family=denoiser.family.title,
        **values,
    )


def _split(change: LayerChange, layers: Mapping[str, _Layer], *, swapped: bool) -> dict[str, _Matrices]:
    """Return the change by layer: the rows of several that are one in the original follow each other.

    Empty where the shapes do not fit.
    """
    down, up = _as_layers_are(change, layers)
    weights = [layer.weight for layer in layers.values()]
    rows = [weight.shape[0] for weight in weights]
    if (
        up.shape[2:] not in ((), (1, 1))
        or sum(rows) != up.shape[0]
        or any(weight.shape[1:] != down.shape[1:] for weight in weights)
    ):
        return {}
    if swapped:
        up = torch.cat(up.chunk(2)[::-1])
    return {path: (down, part) for path, part in zip(layers, torch.split(up, rows), strict=True)}


def _as_layers_are(change: LayerChange, layers: Mapping[str, _Layer]) -> _Matrices:
    """Return the matrices as convolutions have them, or as linear layers: one of a single point is both."""
    down, up = change.down, change.up
    if all(isinstance(layer, nn.Conv2d) for layer in layers.values()):
        return (down if down.ndim == 4 else down[:, :, None, None]), (up if up.ndim == 4 else up[:, :, None, None])
    if down.shape[2:] in ((), (1, 1)) and up.shape[2:] in ((), (1, 1)):
        return down.flatten(1), up.flatten(1)
    return down, up


def _together(one: _Matrices, other: _Matrices) -> _Matrices:
    return torch.cat([one[0], other[0]]), torch.cat([one[1], other[1]], dim=1)


def _inject(part: nn.Module, adapter: str, changes: Mapping[str, _Matrices], weight: float) -> None:
    """Let layers compute what is added to them, too, `weight` times."""
    # The ranks are those of the matrices that are put in below: peft looks each up among all, for 25 s with SDXL.
    config = LoraConfig(r=1, target_modules=list(changes), init_lora_weights=False)
    keys = {f"{path}.lora_A.weight": down for path, (down, _) in changes.items()}
    inject_adapter_in_model(config, part, adapter, low_cpu_mem_usage=True, state_dict=keys)
    for path, (down, up) in changes.items():
        layer: Any = part.get_submodule(path)
        like = layer.base_layer.weight
        for half, matrix in ((layer.lora_A, down), (layer.lora_B, up)):
            half[adapter].weight = nn.Parameter(matrix.to(like.device, like.dtype).contiguous())
        layer.scaling[adapter] = weight
        layer.set_adapter(list(layer.lora_A))  # all that it has
