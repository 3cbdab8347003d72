"""Stable Diffusion 3 and 3.5: flow matching with a transformer, two CLIP text encoders and, where present, T5."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

from foveate_server.engines.diffusion.contract import Conditioning, CropPlace, Embeds
from foveate_server.engines.diffusion.denoiser import PipelineDenoiser, guided
from foveate_server.engines.diffusion.text_reader import TextReader
from foveate_server.engines.diffusion_request import Prompt
from foveate_server.families.sd3 import FAMILY

_CLIP_TOKENS = 77
_T5_TOKENS = 256


class SD3(PipelineDenoiser):
    """Implements contract.Denoiser for SD3 checkpoints."""

    family = FAMILY
    pipeline = "StableDiffusion3Pipeline"

    def encode_prompt(self, prompt: Prompt) -> Conditioning:
        """See contract.Denoiser. CLIP reads the first 75 tokens, T5 as many as it was trained with."""
        return Conditioning(self._embeds(prompt.positive), self._embeds(prompt.negative))

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
        if guidance_scale > 1 and conditioning.negative is not None:
            embeds = [conditioning.negative, conditioning.positive]
        rows = latents.shape[0]
        predicted: Tensor = self.network(
            hidden_states=latents.to(self.dtype).repeat(len(embeds), 1, 1, 1),
            timestep=timestep.expand(rows * len(embeds)),
            encoder_hidden_states=torch.cat([e.hidden.expand(rows, -1, -1) for e in embeds]),
            pooled_projections=torch.cat([e.pooled.expand(rows, -1) for e in embeds if e.pooled is not None]),
            return_dict=False,
        )[0]
        return guided(predicted, guidance_scale) if len(embeds) == 2 else predicted.float()

    def _embeds(self, text: str) -> Embeds:
        pipe = self.pipe
        readers = [
            TextReader(tokenizer, encoder, penultimate=True, length=_CLIP_TOKENS)
            for tokenizer, encoder in ((pipe.tokenizer, pipe.text_encoder), (pipe.tokenizer_2, pipe.text_encoder_2))
        ]
        clip = torch.cat([reader.hidden([text])[0] for reader in readers], dim=-1)
        width = self.network.config.joint_attention_dim
        if pipe.text_encoder_3 is None:
            t5 = clip.new_zeros((1, _CLIP_TOKENS, width))
        else:
            t5 = TextReader(pipe.tokenizer_3, pipe.text_encoder_3, length=_T5_TOKENS).hidden([text])[0]
        hidden = torch.cat([functional.pad(clip, (0, width - clip.shape[-1])), t5], dim=1)
        pooled = torch.cat([reader.pooled(text) for reader in readers], dim=-1)
        return Embeds(hidden.to(self.dtype), pooled.to(self.dtype))
