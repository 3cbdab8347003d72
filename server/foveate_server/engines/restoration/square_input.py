"""Brings images to the one size that some networks know, and back."""

from __future__ import annotations

import numpy as np
import torch
from torch.nn.functional import interpolate

from foveate_server.engines.values import Image
from foveate_shared.geometry import Bounds, Extent


def to_square(image: Image, side: int) -> Image:
    """Return `image` padded with its edges to a square around it, and resized to (side, side, 3)."""
    height, width = image.shape[:2]
    inside = _inside_square(Extent(width, height))
    longest = max(width, height)
    rows, columns = (inside.y, longest - inside.bottom), (inside.x, longest - inside.right)
    return _resized(np.pad(image, (rows, columns, (0, 0)), mode="edge"), Extent(side, side))


def from_square(image: Image, extent: Extent) -> Image:
    """Return what :func:`to_square` began with, at `extent`: resized back and freed of the padding."""
    longest = max(extent.width, extent.height)
    inside = _inside_square(extent)
    return _resized(image, Extent(longest, longest))[inside.y : inside.bottom, inside.x : inside.right]


def _inside_square(extent: Extent) -> Bounds:
    """Return where an image of `extent` lies in the square around it."""
    longest = max(extent.width, extent.height)
    return Bounds((longest - extent.width) // 2, (longest - extent.height) // 2, extent.width, extent.height)


def _resized(image: Image, extent: Extent) -> Image:
    """Return `image` at `extent`, by bicubic interpolation that averages where it shrinks."""
    tensor = torch.from_numpy(np.ascontiguousarray(image)).permute(2, 0, 1)[None]
    size = (extent.height, extent.width)
    result = interpolate(tensor, size=size, mode="bicubic", antialias=True, align_corners=False)
    resized: Image = result[0].permute(1, 2, 0).contiguous().numpy()
    return resized
