"""Loads checkpoints through diffusers' pipelines, which only hold the parts here. Never runs code from a file."""

from __future__ import annotations

import inspect
from typing import Any

import torch

from foveate_server.engines.diffusion.checkpoint_traits import Traits, settled
from foveate_server.engines.diffusion.denoiser import PipelineDenoiser
from foveate_server.engines.diffusion.library import Checkpoint, Files
from foveate_server.engines.diffusion.precision import ComputePlacement
from foveate_server.engines.diffusion.quiet_libraries import quiet
from foveate_server.engines.diffusion.single_files import assemble, variant_of
from foveate_server.lasting_imports import lasting_imports
from foveate_shared.errors import ErrorCode, InputError

# Parts that pipelines bring for purposes of their own: safety is a matter of the server's owner, not of a checkpoint.
_UNWANTED = ("safety_checker", "feature_extractor", "image_encoder")


def load(
    adapter: type[PipelineDenoiser],
    checkpoint: Checkpoint,
    files: Files,
    traits: Traits,
    placement: ComputePlacement,
) -> PipelineDenoiser:
    """Return the checkpoint, in main memory until it settles where `placement` says; see Wardrobe for its autoencoder.

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
    traits = settled(traits, checkpoint.facts, pipe.scheduler.config)
    return adapter(pipe, traits, placement.device, placement.network)


def _pipeline(adapter: type[PipelineDenoiser], checkpoint: Checkpoint, files: Files, dtype: torch.dtype) -> Any:
    with lasting_imports():
        import diffusers  # noqa: PLC0415 - seconds to import

        pipeline = getattr(diffusers, adapter.pipeline)
    options: dict[str, Any] = {"torch_dtype": dtype, "local_files_only": True}
    parts = inspect.signature(pipeline.__init__).parameters
    options |= {name: None for name in _UNWANTED if name in parts}
    if files.path.is_dir():
        return pipeline.from_pretrained(files.path, use_safetensors=True, variant=variant_of(files.path), **options)
    if files.path.suffix.lower() != ".safetensors":
        raise ValueError("it is no .safetensors file")
    return assemble(pipeline, checkpoint.family, files, options)


def _unusable(checkpoint: Checkpoint, error: Exception) -> InputError:
    reason = str(error).strip().splitlines()[0].rstrip(".") if str(error).strip() else type(error).__name__
    return InputError(
        "The checkpoint {name} cannot be loaded: {reason}.",
        code=ErrorCode.INVALID_FILE,
        remedy="Remove it and add it again; foveate models inspect {name} says what it lacks.",
        name=checkpoint.name,
        reason=reason,
    )
