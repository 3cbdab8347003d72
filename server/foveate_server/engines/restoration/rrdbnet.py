"""RRDBNet, the network of ESRGAN (Wang et al., 2018, arXiv:1809.00219) and Real-ESRGAN (2021, arXiv:2107.10833), x4.

Its trunk of residual dense blocks works at the input's size and looks far; its tail enlarges and looks about one pixel
around. Attribute names are those of Real-ESRGAN's checkpoints, so that their state dicts load as they are.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate, leaky_relu

from foveate_server.engines.restoration.network import HALF_TOO, Network, Stage, Streaming
from foveate_server.engines.restoration.row_layers import Convolution, Delay, Flow, RowLayer, enlarged, in_bands

SCALE = 4
TRUNK_HALO = 96  # input px at most; x4plus sees 347, but influence fades tenfold every 16 px, if late: see the tests
TAIL_HALO = 2  # input px; exact: one 3x3 convolution at x2 and three at x4
_TAIL_TILE = 192  # input px: the tail holds 64 channels of 16 times as many pixels
_MOST_AREA = 1 << 15  # input pixels that the trunk's blocks see at once where they come in rows
TAIL_AREA = 1 << 13  # likewise, of the tail
_TAIL_SHARE = 0.15  # of the time
_BYTES_PER_PIXEL = 2600  # of the trunk: two stacks of 192 channels, and four of 64
_SLOPE = 0.2
_RESIDUAL = 0.2
# The names that ESRGAN's own first checkpoints have for the same layers, and then its second and BSRGAN's.
_OTHER_NAMES = (
    (r"model\.1\.sub\.(\d+)\.RDB(\d)\.conv(\d)\.0\.", r"body.\1.rdb\2.conv\3."),
    (r"model\.1\.sub\.\d+\.(?=weight|bias)", "conv_body."),
    (r"model\.0\.", "conv_first."),
    (r"model\.3\.", "conv_up1."),
    (r"model\.6\.", "conv_up2."),
    (r"model\.8\.", "conv_hr."),
    (r"model\.10\.", "conv_last."),
    (r"RRDB_trunk\.(\d+)\.RDB(\d)\.conv(\d)\.", r"body.\1.rdb\2.conv\3."),
    (r"trunk_conv\.", "conv_body."),
    (r"upconv(\d)\.", r"conv_up\1."),
    (r"HRconv\.", "conv_hr."),
)


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
        self.features, self.growth = features, growth
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


class RRDBNetRows:
    """The same layers in bands of rows, see Rows: (1, 3, n, width) -> (1, 3, 4m, 4 * width), both float32."""

    def __init__(self, module: RRDBNet) -> None:
        blocks: list[Any] = list(module.body)
        self._first = Convolution(module.conv_first)
        self._body = [_ResidualInResidual(block) for block in blocks]
        self._last = Convolution(module.conv_body)
        self._shortcut = Delay()
        self._tail = _Tail(module)

    def push(self, rows: Tensor, flow: Flow) -> Tensor:
        """See row_layers.Rows."""
        first = self._first.push(rows, flow)
        self._shortcut.put(first)
        return self._through(first, flow, 0)

    def _through(self, deep: Tensor, flow: Flow, done: int) -> Tensor:
        """Return what the blocks after the first `done` make of `deep`, and all that follows them.

        Each brings 15 rows more once no others follow: at the end of a picture the band grows, and is cut again.
        """
        for number in range(done, len(self._body)):
            if deep.shape[2] * deep.shape[3] > _MOST_AREA:
                return in_bands(deep, flow, _MOST_AREA // 2, lambda band, end: self._through(band, end, number))  # noqa: B023
            deep = self._body[number].push(deep, flow)
        deep = self._last.push(deep, flow)
        return in_bands(torch.add(self._shortcut.take(deep.shape[2]), deep), flow, TAIL_AREA, self._tail.push)


class _ResidualDenseBlock:
    def __init__(self, block: ResidualDenseBlock) -> None:
        self._inner = [Convolution(conv) for conv in (block.conv1, block.conv2, block.conv3, block.conv4)]
        self._last = Convolution(block.conv5)
        self._shortcut = Delay()

    def push(self, rows: Tensor, flow: Flow) -> Tensor:
        """See row_layers.Rows."""
        parts: tuple[Tensor, ...] = (rows,)
        for conv in self._inner:
            seen, result = conv.push_beside(parts, flow)
            parts = seen, leaky_relu(result, _SLOPE, inplace=True)
        _, result = self._last.push_beside(parts, flow)
        return torch.add(self._shortcut.push(rows, result.shape[2]), result, alpha=_RESIDUAL)


class _ResidualInResidual:
    def __init__(self, block: ResidualInResidual) -> None:
        self._blocks = [_ResidualDenseBlock(part) for part in (block.rdb1, block.rdb2, block.rdb3)]
        self._shortcut = Delay()

    def push(self, rows: Tensor, flow: Flow) -> Tensor:
        """See row_layers.Rows."""
        deep = rows
        for block in self._blocks:
            deep = block.push(deep, flow)
        return torch.add(self._shortcut.push(rows, deep.shape[2]), deep, alpha=_RESIDUAL)


class _Tail:
    """What enlarges. It sees a few rows at a time, since each becomes four, of four times the width."""

    def __init__(self, module: RRDBNet) -> None:
        self._dtype = module.conv_up1.weight.dtype
        self._up1, self._up2 = Convolution(module.conv_up1), Convolution(module.conv_up2)
        self._high, self._last = Convolution(module.conv_hr), Convolution(module.conv_last)

    def push(self, rows: Tensor, flow: Flow) -> Tensor:
        """See row_layers.Rows."""
        x = leaky_relu(self._up1.push(enlarged(rows.to(self._dtype), 2), flow), _SLOPE, inplace=True)
        x = leaky_relu(self._up2.push(enlarged(x, 2), flow), _SLOPE, inplace=True)
        x = leaky_relu(self._high.push(x, flow), _SLOPE, inplace=True)
        return self._last.push(x, flow)


def rrdbnet(state: Mapping[str, Tensor]) -> Network | None:
    """Return the network that the state dict belongs to; None where it is of another architecture."""
    state = {_name(key): value for key, value in state.items()}
    first, dense = state.get("conv_first.weight"), state.get("body.0.rdb1.conv1.weight")
    if first is None or dense is None or dense.ndim != 4:
        return None
    if tuple(first.shape[1:]) != (3, 3, 3) or first.shape[0] != dense.shape[1]:
        return None
    blocks = len({key.split(".")[1] for key in state if key.startswith("body.")})
    module = RRDBNet(blocks, features=first.shape[0], growth=dense.shape[0])
    if {key: value.shape for key, value in module.state_dict().items()} != {k: v.shape for k, v in state.items()}:
        return None
    module.load_state_dict(state)
    return as_network(module)


def _name(key: str) -> str:
    """Return how Real-ESRGAN calls what a checkpoint calls `key`."""
    for pattern, name in _OTHER_NAMES:
        renamed, count = re.subn(f"^{pattern}", name, key)
        if count:
            return renamed
    return key


def as_network(module: RRDBNet) -> Network:
    """Return `module` as the engine sees it."""
    trunk_layers = 15 * len(module.body) + 2  # each looks one pixel further
    trunk = Stage(module.trunk, min(trunk_layers, TRUNK_HALO), 1, trunk_layers, share=1 - _TAIL_SHARE)
    tail = Stage(module.tail, TAIL_HALO, SCALE, 4, share=_TAIL_SHARE, tile=_TAIL_TILE)
    radius = trunk_layers + TAIL_HALO
    streaming = Streaming(
        lambda: RRDBNetRows(module),
        _row_layers(module),
        radius,
        lambda itemsize: _column_bytes(module, itemsize),
    )
    return Network(module, (trunk, tail), module.lower, HALF_TOO, _BYTES_PER_PIXEL, streaming=streaming)


def _row_layers(module: RRDBNet) -> tuple[RowLayer, ...]:
    """Return what the convolutions take, in the order in which rows pass them; a row of the tail is a part of one."""
    trunk = [layer for part in (module.conv_first, module.body, module.conv_body) for layer in _convolutions(part)]
    tail = ((module.conv_up1, 2), (module.conv_up2, 4), (module.conv_hr, 4), (module.conv_last, 4))
    layers = [RowLayer(number, layer.weight.numel()) for number, layer in enumerate(trunk, 1)]
    for layer, scale in tail:
        layers.append(RowLayer(layers[-1].lag + 1 / scale, layer.weight.numel() * scale**2))
    return tuple(layers)


def _convolutions(module: nn.Module) -> list[nn.Conv2d]:
    return [layer for layer in module.modules() if isinstance(layer, nn.Conv2d)]


def _column_bytes(module: RRDBNet, itemsize: int) -> int:
    """Return the bytes that are held between two bands per column of the input; `itemsize` is the inner layers'."""
    features, growth, blocks = module.features, module.growth, len(module.body)
    exact = 4  # bytes: sums are kept in float32
    dense = 2 * (5 * features + 10 * growth) * itemsize + 5 * features * exact
    trunk = blocks * (3 * dense + 15 * features * exact) + (15 * blocks + 2) * features * exact
    return trunk + 2 * features * ((2 + 4 + 4) * itemsize + 4 * exact)
