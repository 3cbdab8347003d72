"""Autoencoders: a checkpoint's own in the precision that is asked for, and those that stand in for it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from foveate_server.engines.diffusion.denoiser import PipelineDenoiser
from foveate_server.engines.diffusion.quiet_libraries import quiet
from foveate_shared.errors import ErrorCode, InputError


class Pristine:
    """An autoencoder that computes in one precision or another: its weights are those of its file each time.

    What it computes must not depend on what was asked for before: weights that were rounded do not come back.
    """

    def __init__(self, vae: Any) -> None:
        """`vae` is as it was loaded."""
        self.vae = vae
        self._loaded: torch.dtype = vae.dtype
        self._weights: dict[str, Tensor] | None = None  # in main memory, once they were rounded

    def compute_in(self, dtype: torch.dtype) -> None:
        """Have it compute in `dtype`, wherever it is."""
        if dtype == self.vae.dtype:
            return
        if self._weights is None and torch.promote_types(self._loaded, dtype) != dtype:
            self._weights = {name: value.detach().to("cpu", copy=True) for name, value in self.vae.state_dict().items()}
        self.vae.to(dtype)
        if self._weights is not None:
            for name, value in self.vae.state_dict().items():
                value.copy_(self._weights[name])


def load(denoiser: PipelineDenoiser, name: str, path: Path, config: Path) -> Any:
    """Return the autoencoder at `path`, a folder or a single file of either format, where the present one is.

    `config` is the folder with the checkpoint's configuration. Raises InputError where it does not fit.
    """
    import diffusers  # noqa: PLC0415 - seconds to import

    autoencoder: Any = diffusers.AutoencoderKL
    own = denoiser.vae
    options: dict[str, Any] = {"torch_dtype": own.dtype, "local_files_only": True}
    try:
        with quiet():
            if path.is_dir():
                vae = autoencoder.from_pretrained(path, use_safetensors=True, **options)
            else:
                vae = autoencoder.from_single_file(str(path), config=str(config), subfolder="vae", **options)
    except (OSError, RuntimeError, ValueError, KeyError, NotImplementedError) as error:
        raise _misfit(denoiser, name) from error
    if vae.config.latent_channels != own.config.latent_channels:
        raise _misfit(denoiser, name)
    return vae.eval().requires_grad_(requires_grad=False).to(own.device)


def _misfit(denoiser: PipelineDenoiser, name: str) -> InputError:
    title = denoiser.family.title
    return InputError(
        "The VAE {name} does not fit checkpoints of {family}.",
        code=ErrorCode.INVALID_PARAMETER,
        remedy="Choose one that was made for {family}.",
        name=name,
        family=title,
    )
