"""RRDBNet, the network of ESRGAN (Wang et al., 2018, arXiv:1809.00219) and Real-ESRGAN (2021, arXiv:2107.10833), x4.

Its trunk of residual dense blocks works at the input's size and looks far; its tail enlarges and looks about one pixel
around. Attribute names are those of the published checkpoints, so that their state dicts load as they are.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate, leaky_relu

from foveate_server.engines.network import HALF_TOO, Network, Stage

SCALE = 4
TRUNK_HALO = 72  # input px; the full radius is 347, but influence fades tenfold every 16 px: see the tests
TAIL_HALO = 2  # input px; exact: one 3x3 convolution at x2 and three at x4
_TAIL_TILE = 192  # input px: the tail holds 64 channels of 16 times as many pixels
_TAIL_SHARE = 0.15  # of the time
_BYTES_PER_PIXEL = 2600  # of the trunk: two stacks of 192 channels, and four of 64
_SLOPE = 0.2
_RESIDUAL = 0.2


class ResidualDenseBlock(nn.Module):
    """Five convolutions, each of which sees the output of all before it."""

    def __init__(self, features: int, growth: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(features, growth, 3, 1, 1)
        self.conv2 = nn.Conv2d(features + growth, growth, 3, 1, 1)
        self.conv3 = nn.Conv2d(features + 2 * growth, growth, 3, 1, 1)
        self.conv4 = nn.Conv2d(features + 3 * growth, growth, 3, 1, 1)
        self.conv5 = nn.Conv2d(features + 4 * growth, features, 3, 1, 1)

    def forward(self, x: Tensor) -> Tensor:
        """(1, features, h, w) in any dtype -> the same; the residual is added in the dtype of `x`."""
        seen = x.to(self.conv1.weight.dtype)
        for conv in (self.conv1, self.conv2, self.conv3, self.conv4):
            seen = torch.cat((seen, leaky_relu(conv(seen), _SLOPE, inplace=True)), 1)
        return torch.add(x, self.conv5(seen), alpha=_RESIDUAL)


class ResidualInResidual(nn.Module):
    """Three residual dense blocks and a shortcut around them."""

    def __init__(self, features: int, growth: int) -> None:
        super().__init__()
        self.rdb1 = ResidualDenseBlock(features, growth)
        self.rdb2 = ResidualDenseBlock(features, growth)
        self.rdb3 = ResidualDenseBlock(features, growth)

    def forward(self, x: Tensor) -> Tensor:
        """(1, features, h, w) -> the same."""
        return torch.add(x, self.rdb3(self.rdb2(self.rdb1(x))), alpha=_RESIDUAL)


class RRDBNet(nn.Module):
    """The whole network, for RGB and x4."""

    def __init__(self, blocks: int = 23, features: int = 64, growth: int = 32) -> None:
        super().__init__()
        self.conv_first = nn.Conv2d(3, features, 3, 1, 1)
        self.body = nn.Sequential(*(ResidualInResidual(features, growth) for _ in range(blocks)))
        self.conv_body = nn.Conv2d(features, features, 3, 1, 1)
        self.conv_up1 = nn.Conv2d(features, features, 3, 1, 1)
        self.conv_up2 = nn.Conv2d(features, features, 3, 1, 1)
        self.conv_hr = nn.Conv2d(features, features, 3, 1, 1)
        self.conv_last = nn.Conv2d(features, 3, 3, 1, 1)

    def trunk(self, image: Tensor) -> Tensor:
        """(1, 3, h, w) -> (1, features, h, w), both float32."""
        first = self.conv_first(image)
        deep = self.body(first)
        return torch.add(first, self.conv_body(deep.to(self.conv_body.weight.dtype)))

    def tail(self, features: Tensor) -> Tensor:
        """(1, features, h, w) -> (1, 3, 4h, 4w), both float32."""
        x = features.to(self.conv_up1.weight.dtype)
        x = leaky_relu(self.conv_up1(interpolate(x, scale_factor=2, mode="nearest")), _SLOPE, inplace=True)
        x = leaky_relu(self.conv_up2(interpolate(x, scale_factor=2, mode="nearest")), _SLOPE, inplace=True)
        x = leaky_relu(self.conv_hr(x.to(self.conv_hr.weight.dtype)), _SLOPE, inplace=True)
        output: Tensor = self.conv_last(x.to(self.conv_last.weight.dtype))
        return output

    def forward(self, image: Tensor) -> Tensor:
        """(1, 3, h, w) -> (1, 3, 4h, 4w), float32."""
        return self.tail(self.trunk(image))

    def lower(self, dtype: torch.dtype) -> None:
        """Cast the trunk's blocks and the tail's inner layers; the first layer, the last and all sums stay float32."""
        for module in (self.body, self.conv_body, self.conv_up1, self.conv_up2, self.conv_hr):
            module.to(dtype)


def rrdbnet(state: Mapping[str, Tensor]) -> Network | None:
    """Return the network that the state dict belongs to; None where it is of another architecture."""
    first, dense = state.get("conv_first.weight"), state.get("body.0.rdb1.conv1.weight")
    if first is None or dense is None or tuple(first.shape[1:]) != (3, 3, 3) or first.shape[0] != dense.shape[1]:
        return None
    blocks = len({key.split(".")[1] for key in state if key.startswith("body.")})
    module = RRDBNet(blocks, features=first.shape[0], growth=dense.shape[0])
    if {key: value.shape for key, value in module.state_dict().items()} != {k: v.shape for k, v in state.items()}:
        return None
    module.load_state_dict(state)
    return as_network(module)


def as_network(module: RRDBNet) -> Network:
    """Return `module` as the engine sees it."""
    trunk_layers = 15 * len(module.body) + 2
    trunk = Stage(module.trunk, TRUNK_HALO, 1, trunk_layers, share=1 - _TAIL_SHARE)
    tail = Stage(module.tail, TAIL_HALO, SCALE, 4, share=_TAIL_SHARE, tile=_TAIL_TILE)
    return Network(module, (trunk, tail), module.lower, HALF_TOO, _BYTES_PER_PIXEL)
