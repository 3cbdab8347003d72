"""Images as tensors and back, and masks at the resolution of latents."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from foveate_server.engines.diffusion_request import Mask
from foveate_server.engines.values import Image


def to_tensor(image: Image, device: torch.device) -> Tensor:
    """Return an image (h, w, 3), 0..1, as (1, 3, h, w), -1..1, float32. Values beyond are clipped."""
    clipped = np.clip(image, 0.0, 1.0)
    return torch.from_numpy(np.ascontiguousarray(clipped)).permute(2, 0, 1)[None].to(device) * 2 - 1


def to_image(decoded: Tensor) -> Image:
    """Return the first of (b, 3, h, w), -1..1, as an image (h, w, 3), 0..1, clipped."""
    image: Image = ((decoded[0].float() + 1) / 2).clamp(0, 1).permute(1, 2, 0).contiguous().cpu().numpy()
    return image


def to_latent_mask(mask: Mask, factor: int, device: torch.device) -> Tensor:
    """Return a mask (h, w) as the mean over each latent's pixels: (1, 1, h / factor, w / factor)."""
    return functional.avg_pool2d(torch.from_numpy(np.ascontiguousarray(mask))[None, None].to(device), factor)
