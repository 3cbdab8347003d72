"""What the parts of a request take of its time: the image becomes latents, step follows step, and latents an image."""

from __future__ import annotations

from dataclasses import dataclass

from torch import nn

from foveate_server.engines.diffusion.denoiser import PipelineDenoiser

# Multiply-adds per latent pixel and parameter, of SD1.5 and SDXL at the sides that they were trained at. Weights of an
# autoencoder see pictures of up to eight times a latent's side, those of a denoiser a latent's or less.
_NETWORK, _ENCODER, _DECODER = 0.09, 2.0, 3.0


@dataclass(frozen=True)
class WorkShares:
    """How the time of a request divides, as fractions of it; of `pictures` that each take `steps`."""

    encoding: float
    picture: float  # all of one picture after that
    denoising: float  # what the steps take of a picture

    @classmethod
    def of(cls, denoiser: PipelineDenoiser, *, pictures: int, steps: int, rows: float) -> WorkShares:
        """Return those of a request whose network sees `rows` times the picture at each of the steps."""
        vae = denoiser.vae
        encoding = _ENCODER * _parameters(vae.encoder) * (2 if denoiser.sees_mask else 1)
        denoising = _NETWORK * _parameters(denoiser.network) * steps * rows
        picture = denoising + _DECODER * _parameters(vae.decoder)
        whole = encoding + pictures * picture
        return cls(encoding / whole, picture / whole, denoising / picture)


def _parameters(module: nn.Module) -> int:
    return sum(weight.numel() for weight in module.parameters())
