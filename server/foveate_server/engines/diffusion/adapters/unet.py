"""Denoisers whose network is a UNet: SD1, SD2 and, with a size to say, SDXL."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from foveate_server.engines.diffusion.contract import Conditioning, CropPlace, Embeds
from foveate_server.engines.diffusion.denoiser import PipelineDenoiser, guided
from foveate_server.engines.diffusion.text_reader import TextReader
from foveate_server.engines.diffusion_request import Prompt


class UNetDenoiser(PipelineDenoiser):
    """A Stable Diffusion checkpoint with one text encoder."""

    def encode_prompt(self, prompt: Prompt) -> Conditioning:
        """See contract.Denoiser."""
        reader = TextReader(self.pipe.tokenizer, self.pipe.text_encoder)
        positive, negative = (hidden.to(self._dtype) for hidden in reader.hidden([prompt.positive, prompt.negative]))
        return Conditioning(Embeds(positive), Embeds(negative))

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
        embeds = [conditioning.positive]
        # A network that was taught guidance takes the scale as an input and needs no second pass.
        taught = self.network.config.time_cond_proj_dim
        if guidance_scale > 1 and conditioning.negative is not None and taught is None:
            embeds = [conditioning.negative, conditioning.positive]
        seen = latents if beside is None else torch.cat([latents, beside], dim=1)
        rows = latents.shape[0]
        predicted: Tensor = self.network(
            seen.to(self._dtype).repeat(len(embeds), 1, 1, 1),
            timestep,
            encoder_hidden_states=torch.cat([e.hidden.expand(rows, -1, -1) for e in embeds]),
            timestep_cond=None if taught is None else _scale_embedding(guidance_scale, taught, rows).to(latents),
            added_cond_kwargs=self.added(embeds, places),
            return_dict=False,
        )[0]
        return guided(predicted, guidance_scale) if len(embeds) == 2 else predicted.float()

    def added(self, embeds: Sequence[Embeds], places: Sequence[CropPlace]) -> dict[str, Any] | None:
        """Return what the network wants to know besides the text, one row per picture and prompt."""
        return None


def _scale_embedding(guidance_scale: float, width: int, rows: int) -> Tensor:
    """Return the sines and cosines (rows, width) by which a network is told the guidance scale."""
    half = width // 2
    frequencies = torch.exp(torch.arange(half) * -(torch.log(torch.tensor(10000.0)) / (half - 1)))
    angles = (guidance_scale - 1) * 1000 * frequencies
    return torch.cat([angles.sin(), angles.cos()]).expand(rows, -1)
