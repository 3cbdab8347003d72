"""Loads checkpoints through diffusers' pipelines, which only hold the parts here. Never runs code from a file."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

import torch

from foveate_server.engines.diffusion.denoiser import PipelineDenoiser
from foveate_server.engines.diffusion.library import Checkpoint, Files
from foveate_server.engines.diffusion.precision import Placement
from foveate_server.engines.diffusion.silence import quiet
from foveate_server.engines.diffusion.traits import Traits, settled
from foveate_shared.errors import ErrorCode, InputError

# Parts that pipelines bring for purposes of their own: safety is a matter of the server's owner, not of a checkpoint.
_UNWANTED = ("safety_checker", "feature_extractor", "image_encoder")
_NETWORKS = ("unet", "transformer", "vae", "text_encoder")


def load(
    adapter: type[PipelineDenoiser],
    checkpoint: Checkpoint,
    files: Files,
    traits: Traits,
    placement: Placement,
) -> PipelineDenoiser:
    """Return the checkpoint, in main memory until it settles where `placement` says.

    Raises InputError where its files are damaged, or something is missing.
    """
    with quiet():
        try:
            pipe = _pipeline(adapter, checkpoint, files, placement.network)
        except (OSError, ValueError, KeyError, RuntimeError, TypeError, AttributeError) as error:
            if isinstance(error, torch.OutOfMemoryError):
                raise
            raise _unusable(checkpoint, error) from error
        for part in pipe.components.values():
            if isinstance(part, torch.nn.Module):
                part.eval().requires_grad_(requires_grad=False)
        pipe.vae.to(placement.vae)
    traits = settled(traits, checkpoint.facts, pipe.scheduler.config)
    return adapter(pipe, traits, placement.device, placement.network)


def _pipeline(adapter: type[PipelineDenoiser], checkpoint: Checkpoint, files: Files, dtype: torch.dtype) -> Any:
    import diffusers  # noqa: PLC0415 - seconds to import

    pipeline = getattr(diffusers, adapter.pipeline)
    options: dict[str, Any] = {"torch_dtype": dtype, "local_files_only": True}
    parts = inspect.signature(pipeline.__init__).parameters
    options |= {name: None for name in _UNWANTED if name in parts}
    if files.path.is_dir():
        return _from_folder(pipeline, files.path, options)
    if files.path.suffix.lower() != ".safetensors":
        raise ValueError("it is no .safetensors file")
    if files.config is None:
        raise ValueError("the configuration of its family is not here")
    options |= _lacking(pipeline, checkpoint, files.config, options)
    return pipeline.from_single_file(str(files.path), config=str(files.config), **options)


def _from_folder(pipeline: Any, folder: Path, options: dict[str, Any]) -> Any:
    return pipeline.from_pretrained(folder, use_safetensors=True, variant=_variant(folder), **options)


def _lacking(pipeline: Any, checkpoint: Checkpoint, config: Path, options: dict[str, Any]) -> dict[str, Any]:
    """Return the networks that a single file does not have, from its configuration's folder; None for those not there.

    Raises ValueError where one is missing that nothing can do without.
    """
    present = checkpoint.facts.get("components")
    if not isinstance(present, dict):
        return {}
    wanted = [name for name in inspect.signature(pipeline.__init__).parameters if name.startswith(_NETWORKS)]
    lacking = [name for name in wanted if name not in present]
    found = [name for name in lacking if any((config / name).glob("*.safetensors"))]
    needed = checkpoint.facts.get("missing")
    gone = [name for name in lacking if name not in found and isinstance(needed, list) and name in needed]
    if gone:
        raise ValueError(f"it lacks {', '.join(gone)}, and so does the configuration that was given with it")
    result: dict[str, Any] = dict.fromkeys(lacking)
    result |= {name.replace("text_encoder", "tokenizer"): None for name in lacking if name not in found}
    if found:
        others = {name: None for name in wanted if name not in found}
        part = _from_folder(pipeline, config, {**options, **others})
        result |= {name: getattr(part, name) for name in found}
    return result


def _variant(folder: Path) -> str | None:
    """Return "fp16" or "bf16" where a part has its weights under such names only; others may be named as usual."""
    names: dict[Path, list[str]] = {}
    for path in folder.glob("*/*.safetensors"):
        names.setdefault(path.parent, []).append(path.name)
    for variant in ("fp16", "bf16"):
        if any(all(f".{variant}." in name for name in part) for part in names.values()):
            return variant
    return None


def _unusable(checkpoint: Checkpoint, error: Exception) -> InputError:
    reason = str(error).strip().splitlines()[0].rstrip(".") if str(error).strip() else type(error).__name__
    return InputError(
        f"The checkpoint {checkpoint.name} cannot be loaded: {reason}.",
        code=ErrorCode.INVALID_FILE,
        remedy=f"Remove it and add it again; foveate models inspect {checkpoint.name} says what it lacks.",
    )
