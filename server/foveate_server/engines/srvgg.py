"""SRVGGNetCompact, the small network of Real-ESRGAN for video: plain convolutions at the input's size, then a shuffle.

Attribute names are those of the published checkpoints, so that their state dicts load as they are.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import isqrt

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate, pixel_shuffle

from foveate_server.engines.network import HALF_TOO, Network, Stage

_BYTES_PER_PIXEL = 1600  # three stacks of 64 channels, or the output in its parts


class SRVGGNetCompact(nn.Module):
    """A chain of convolutions and PReLUs whose output is added to the enlarged input."""

    def __init__(self, convolutions: int = 16, features: int = 64, scale: int = 4) -> None:
        """`convolutions` counts those between the first and the last."""
        super().__init__()
        layers: list[nn.Module] = [nn.Conv2d(3, features, 3, 1, 1), nn.PReLU(features)]
        for _ in range(convolutions):
            layers += [nn.Conv2d(features, features, 3, 1, 1), nn.PReLU(features)]
        self.body = nn.ModuleList([*layers, nn.Conv2d(features, 3 * scale * scale, 3, 1, 1)])
        self.scale = scale

    def forward(self, image: Tensor) -> Tensor:
        """(1, 3, h, w) -> (1, 3, h * scale, w * scale), both float32."""
        x: Tensor = self.body[0](image)
        x = x.to(next(self.body[1].parameters()).dtype)
        for layer in self.body[1:-1]:
            x = layer(x)
        detail = self.body[-1](x.float())
        return pixel_shuffle(detail, self.scale) + interpolate(image, scale_factor=self.scale, mode="nearest")

    def lower(self, dtype: torch.dtype) -> None:
        """Cast the inner layers; the first, which sees the image, the last and the final sum stay in float32."""
        for layer in self.body[1:-1]:
            layer.to(dtype)

    @property
    def radius(self) -> int:
        """Return the exact halo: every convolution looks one pixel further."""
        return len(self.body) // 2 + 1


def srvgg(state: Mapping[str, Tensor]) -> Network | None:
    """Return the network that the state dict belongs to; None where it is of another architecture."""
    indices = sorted({int(key.split(".")[1]) for key in state if _is_layer(key)})
    if not indices or len(indices) < 5 or "body.0.weight" not in state:
        return None
    first, last = state["body.0.weight"], state.get(f"body.{indices[-1]}.weight")
    if first.ndim != 4 or last is None or last.shape[0] % 3:
        return None
    module = SRVGGNetCompact((len(indices) - 3) // 2, first.shape[0], isqrt(last.shape[0] // 3))
    if {key: value.shape for key, value in module.state_dict().items()} != {k: v.shape for k, v in state.items()}:
        return None
    module.load_state_dict(state)
    return as_network(module)


def as_network(module: SRVGGNetCompact) -> Network:
    """Return `module` as the engine sees it."""
    stage = Stage(module.forward, module.radius, module.scale, len(module.body))
    return Network(module, (stage,), module.lower, HALF_TOO, _BYTES_PER_PIXEL)


def _is_layer(key: str) -> bool:
    parts = key.split(".")
    return len(parts) == 3 and parts[0] == "body" and parts[1].isdigit()
