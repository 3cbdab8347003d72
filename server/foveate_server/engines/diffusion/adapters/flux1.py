"""FLUX.1: flow matching with a transformer that takes guidance as an input, CLIP for the gist and T5 for the text."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

from foveate_server.engines.diffusion.contract import Conditioning, CropPlace, Embeds
from foveate_server.engines.diffusion.denoiser import PipelineDenoiser
from foveate_server.engines.diffusion.text_reader import TextReader
from foveate_server.engines.diffusion_request import Prompt
from foveate_server.families.flux1 import FAMILY

_CLIP_TOKENS = 77
_T5_TOKENS = 512
_PACKED = 4  # latents per token


class FLUX1(PipelineDenoiser):
    """Implements contract.Denoiser for FLUX.1 checkpoints."""

    family = FAMILY
    pipeline = "FluxPipeline"

    @property
    def sees_mask(self) -> bool:
        """See PipelineDenoiser: so does FLUX.1 Fill."""
        packed = _PACKED * self.family.latent_channels
        return bool(self.network.config.in_channels == 2 * packed + _PACKED * self.family.factor**2)

    def beside(self, inside: Tensor, around: Tensor) -> Tensor:
        """See PipelineDenoiser: what is around, and of the mask each pixel, as channels of their latent."""
        return torch.cat([around, functional.pixel_unshuffle(inside, self.family.factor)], dim=1)

    def encode_prompt(self, prompt: Prompt) -> Conditioning:
        """See contract.Denoiser. There is no negative prompt: guidance was distilled into the network."""
        pipe = self.pipe
        hidden = TextReader(pipe.tokenizer_2, pipe.text_encoder_2, length=_T5_TOKENS).hidden([prompt.positive])[0]
        pooled = TextReader(pipe.tokenizer, pipe.text_encoder, length=_CLIP_TOKENS).pooled(prompt.positive)
        return Conditioning(Embeds(hidden.to(self.dtype), pooled.to(self.dtype)), None)

    def predict(
        self,
        latents: Tensor,
        timestep: Tensor,
        conditioning: Conditioning,
        *,
        guidance_scale: float,
        places: Sequence[CropPlace],
        beside: Tensor | None = None,
    ) -> Tensor:
        """See contract.Denoiser."""
        rows, _, height, width = latents.shape
        embeds = conditioning.positive
        assert embeds.pooled is not None  # noqa: S101 - made by encode_prompt
        guidance = None
        if self.network.config.guidance_embeds:
            guidance = torch.full((rows,), guidance_scale, device=self.device, dtype=torch.float32)
        predicted: Tensor = self.network(
            hidden_states=_packed(latents, beside).to(self.dtype),
            timestep=timestep.expand(rows).to(self.dtype) / 1000,
            guidance=guidance,
            encoder_hidden_states=embeds.hidden.expand(rows, -1, -1),
            pooled_projections=embeds.pooled.expand(rows, -1),
            txt_ids=torch.zeros(embeds.hidden.shape[1], 3, device=self.device),
            # In float32: bfloat16 counts by ones to 256 only.
            img_ids=_positions(height // 2, width // 2).to(self.device, torch.float32),
            return_dict=False,
        )[0]
        return _unpacked(predicted, height, width).float()


def _packed(*parts: Tensor | None) -> Tensor:
    """Return parts (b, c, h, w) as tokens (b, h / 2 * w / 2, 4 c), each of 2 x 2 latents, one part after the other."""
    tokens = []
    for part in parts:
        if part is not None:
            b, c, h, w = part.shape
            blocks = part.reshape(b, c, h // 2, 2, w // 2, 2).permute(0, 2, 4, 1, 3, 5)
            tokens.append(blocks.reshape(b, h * w // 4, c * _PACKED))
    return torch.cat(tokens, dim=2)


def _unpacked(tokens: Tensor, height: int, width: int) -> Tensor:
    """Return what was packed: (b, c, height, width)."""
    b, _, channels = tokens.shape
    blocks = tokens.reshape(b, height // 2, width // 2, channels // _PACKED, 2, 2)
    return blocks.permute(0, 3, 1, 4, 2, 5).reshape(b, channels // _PACKED, height, width)


def _positions(height: int, width: int) -> Tensor:
    """Return where each token lies, (height * width, 3): 0, its row and its column."""
    rows = torch.arange(height).repeat_interleave(width)
    columns = torch.arange(width).repeat(height)
    return torch.stack([torch.zeros_like(rows), rows, columns], dim=1)
