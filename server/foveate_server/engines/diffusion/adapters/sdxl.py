"""SDXL: 1024 px, two CLIP text encoders, and a network that is told the sizes of picture and crop."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from foveate_server.engines.diffusion.adapters.unet import UNetDenoiser
from foveate_server.engines.diffusion.contract import Conditioning, CropPlace, Embeds
from foveate_server.engines.diffusion.text_reader import TextReader
from foveate_server.engines.diffusion_request import Prompt
from foveate_server.families.sdxl import FAMILY


class SDXL(UNetDenoiser):
    """Implements contract.Denoiser for SDXL checkpoints."""

    family = FAMILY
    pipeline = "StableDiffusionXLPipeline"

    def encode_prompt(self, prompt: Prompt) -> Conditioning:
        """See contract.Denoiser. Both encoders read the same text; no negative prompt is zeros where so trained."""
        texts = [prompt.positive, prompt.negative]
        first = TextReader(self.pipe.tokenizer, self.pipe.text_encoder, penultimate=True)
        second = TextReader(self.pipe.tokenizer_2, self.pipe.text_encoder_2, penultimate=True)
        hidden = [torch.cat(pair, dim=-1) for pair in zip(first.hidden(texts), second.hidden(texts), strict=True)]
        positive, negative = (
            Embeds(states.to(self.dtype), second.pooled(text).to(self.dtype))
            for states, text in zip(hidden, texts, strict=True)
        )
        if not prompt.negative.strip() and self.pipe.config.force_zeros_for_empty_prompt:
            assert positive.pooled is not None  # noqa: S101 - made above
            negative = Embeds(torch.zeros_like(positive.hidden), torch.zeros_like(positive.pooled))
        return Conditioning(positive, negative)

    def added(self, embeds: Sequence[Embeds], places: Sequence[CropPlace]) -> dict[str, Any]:
        """Return pooled texts (rows, width), and of each row the picture's size, the crop's corner and its size."""
        sizes = [
            (
                place.whole.height, place.whole.width,
                place.seen.y, place.seen.x,
                place.seen.height, place.seen.width,
            )
            for place in places
        ]  # fmt: skip
        pooled = [e.pooled.expand(len(places), -1) for e in embeds if e.pooled is not None]
        times = torch.tensor(sizes, dtype=torch.float32, device=self.device).repeat(len(embeds), 1)
        return {"text_embeds": torch.cat(pooled), "time_ids": times}
