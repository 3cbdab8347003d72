"""SRVGGNetCompact, the small network of Real-ESRGAN for video: plain convolutions at the input's size, then a shuffle.

Attribute names are those of the published checkpoints, so that their state dicts load as they are.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import isqrt
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate, pixel_shuffle

from foveate_server.engines.restoration.network import HALF_TOO, Network, Stage, Streaming
from foveate_server.engines.restoration.row_layers import Convolution, Delay, Flow, RowLayer, enlarged

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
        self.features, self.scale = features, scale

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


class SRVGGRows:
    """The same layers in bands of rows, see Rows: (1, 3, n, w) -> (1, 3, m * scale, w * scale), both float32."""

    def __init__(self, module: SRVGGNetCompact) -> None:
        layers: list[Any] = list(module.body)
        self._inner = [
            (Convolution(layer), activation) for layer, activation in zip(layers[:-1:2], layers[1::2], strict=True)
        ]
        self._last = Convolution(layers[-1])
        self._shortcut = Delay()
        self._scale = module.scale

    def push(self, rows: Tensor, flow: Flow) -> Tensor:
        """See row_layers.Rows."""
        x = rows
        for convolution, activation in self._inner:
            x = activation(convolution.push(x, flow).to(activation.weight.dtype))
        detail = self._last.push(x, flow)
        return pixel_shuffle(detail, self._scale) + enlarged(self._shortcut.push(rows, detail.shape[2]), self._scale)


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
    convolutions = [layer for layer in module.body if isinstance(layer, nn.Conv2d)]
    layers = tuple(RowLayer(number, layer.weight.numel()) for number, layer in enumerate(convolutions, 1))
    streaming = Streaming(
        lambda: SRVGGRows(module), layers, module.radius, lambda itemsize: _column_bytes(module, itemsize)
    )
    return Network(module, (stage,), module.lower, HALF_TOO, _BYTES_PER_PIXEL, streaming=streaming)


def _column_bytes(module: SRVGGNetCompact, itemsize: int) -> int:
    """Return the bytes that are held between two bands per column of the input; `itemsize` is the inner layers'."""
    return 2 * module.features * ((module.radius - 2) * itemsize + 4) + (module.radius + 2) * 3 * 4


def _is_layer(key: str) -> bool:
    parts = key.split(".")
    return len(parts) == 3 and parts[0] == "body" and parts[1].isdigit()
