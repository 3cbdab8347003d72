"""Reads weights from the files of ncnn (https://github.com/Tencent/ncnn): `.param`, a text, and `.bin` beside it.

Only what sequential restoration networks consist of: convolutions and PReLUs, in the order of the file. Layout of
`.bin`, per convolution: a tag as u32, the weights (fp16, padded to 4 bytes, or fp32, by the tag), the bias in fp32;
per PReLU its slopes in fp32; all little-endian.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from foveate_server.engines.restoration.network import Network
from foveate_server.engines.restoration.rrdbnet import RRDBNet
from foveate_server.engines.restoration.rrdbnet import as_network as rrdbnet_network
from foveate_server.engines.restoration.srvgg import SRVGGNetCompact
from foveate_server.engines.restoration.srvgg import as_network as srvgg_network
from foveate_shared.errors import ErrorCode, InputError
from foveate_shared.i18n.sentence import Sentence

_MAGIC = "7767517"
_TAG_FLOAT16, _TAG_FLOAT32 = 0x01306B47, 0
_OUTPUTS, _KERNEL, _HAS_BIAS, _WEIGHTS = "0", "1", "5", "6"  # ncnn's parameter numbers of a convolution
_MAX_PARAM_BYTES = 8 << 20
_CONVOLUTIONS_PER_BLOCK, _CONVOLUTIONS_OUTSIDE = 15, 6  # of RRDBNet


@dataclass(frozen=True)
class NcnnLayer:
    """A layer with weights."""

    name: str
    weight: NDArray[np.float32]  # (outputs, inputs, k, k) of a convolution, (channels,) of a PReLU
    bias: NDArray[np.float32] | None  # (outputs,)


def read_layers(binary: Path) -> list[NcnnLayer]:
    """Return the layers with weights of `binary` and the `.param` file beside it, in their order.

    Raises InputError where the files are malformed, or do not belong together.
    """
    try:
        return list(_layers(_read_param(binary.with_suffix(".param")), _Cursor(binary)))
    except OSError as error:
        raise _malformed(binary, f"{error.filename} cannot be read") from error
    except (ValueError, KeyError, IndexError) as error:
        raise _malformed(binary, str(error)) from error


def load(binary: Path) -> Network:
    """Return the network in `binary`: an RRDBNet, or an SRVGGNetCompact. Raises InputError where it is neither."""
    layers = read_layers(binary)
    module = _module_for(layers, binary)
    targets = [m for m in module.modules() if isinstance(m, (nn.Conv2d, nn.PReLU))]  # in the order of the file
    if len(targets) != len(layers):
        raise _malformed(binary, f"{len(layers)} layers where {len(targets)} are expected")
    for target, layer in zip(targets, layers, strict=True):
        _assign(target, layer, binary)
    return rrdbnet_network(module) if isinstance(module, RRDBNet) else srvgg_network(module)


def _module_for(layers: list[NcnnLayer], binary: Path) -> RRDBNet | SRVGGNetCompact:
    """Return the network, without its weights yet, that the number and shapes of `layers` tell."""
    convolutions = [layer for layer in layers if layer.weight.ndim == 4]
    if len(convolutions) < 3 or convolutions[0].weight.shape[1] != 3:
        raise _malformed(binary, "it holds no network for RGB images")
    features = convolutions[0].weight.shape[0]
    if len(convolutions) < len(layers):
        squared = convolutions[-1].weight.shape[0] // 3
        return SRVGGNetCompact(len(convolutions) - 2, features, max(1, round(squared**0.5)))
    blocks, rest = divmod(len(convolutions) - _CONVOLUTIONS_OUTSIDE, _CONVOLUTIONS_PER_BLOCK)
    if rest or blocks < 1:
        raise _malformed(binary, "its architecture is unknown")
    return RRDBNet(blocks, features, convolutions[1].weight.shape[0])


def _assign(target: nn.Conv2d | nn.PReLU, layer: NcnnLayer, binary: Path) -> None:
    if tuple(target.weight.shape) != layer.weight.shape:
        raise _malformed(binary, f"the layer {layer.name} has the shape {layer.weight.shape}")
    target.weight = _parameter(layer.weight)
    if isinstance(target, nn.Conv2d):
        if layer.bias is None:
            raise _malformed(binary, f"the layer {layer.name} has no bias")
        target.bias = _parameter(layer.bias)


def _parameter(values: NDArray[np.float32]) -> nn.Parameter:
    tensor: Tensor = torch.from_numpy(values)
    return nn.Parameter(tensor, requires_grad=False)


def _read_param(path: Path) -> Iterator[tuple[str, str, dict[str, str]]]:
    """Yield (operator, name, parameters) of every layer of a `.param` file."""
    if path.stat().st_size > _MAX_PARAM_BYTES:
        raise ValueError(f"{path.name} is too large")
    lines = path.read_text(encoding="ascii", errors="strict").splitlines()
    if not lines or lines[0].strip() != _MAGIC:
        raise ValueError(f"{path.name} does not begin as ncnn's files do")
    for line in lines[2:]:
        words = line.split()
        if words:
            first = 4 + int(words[2]) + int(words[3])  # after the names of inputs and outputs
            yield words[0], words[1], dict(_pair(word) for word in words[first:])


def _pair(word: str) -> tuple[str, str]:
    key, equals, value = word.partition("=")
    if not equals:
        raise ValueError(f"{word!r} is no parameter")
    return key, value


class _Cursor:
    """Takes arrays out of a `.bin` file, one after the other."""

    def __init__(self, path: Path) -> None:
        self._data = path.read_bytes()
        self._position = 0

    def take(self, count: int, dtype: str) -> NDArray[np.float32]:
        """Return the next `count` values of `dtype` as float32, and step over them and their padding."""
        size = count * np.dtype(dtype).itemsize
        if count < 1 or self._position + size > len(self._data):
            raise ValueError("it ends too early")
        values = np.frombuffer(self._data, dtype, count, self._position).astype(np.float32)
        if not np.isfinite(values).all():
            raise ValueError("it holds weights that are no numbers")
        self._position += -(-size // 4) * 4
        return values

    def tag(self) -> int:
        """Return the next u32."""
        end = self._position + 4
        if end > len(self._data):
            raise ValueError("it ends too early")
        value = int.from_bytes(self._data[self._position : end], "little")
        self._position = end
        return value

    @property
    def left(self) -> int:
        """Return the bytes that were not taken."""
        return len(self._data) - self._position


def _layers(param: Iterator[tuple[str, str, dict[str, str]]], cursor: _Cursor) -> Iterator[NcnnLayer]:
    for operator, name, parameters in param:
        if operator == "Convolution":
            yield _convolution(name, parameters, cursor)
        elif operator == "PReLU":
            yield NcnnLayer(name, cursor.take(int(parameters["0"]), "<f4"), None)
    if cursor.left:
        raise ValueError(f"{cursor.left} bytes are left over")


def _convolution(name: str, parameters: dict[str, str], cursor: _Cursor) -> NcnnLayer:
    outputs, kernel, count = (int(parameters[key]) for key in (_OUTPUTS, _KERNEL, _WEIGHTS))
    if outputs < 1 or kernel < 1 or count % (outputs * kernel * kernel):
        raise ValueError(f"the sizes of the layer {name} do not fit together")
    tag = cursor.tag()
    if tag not in (_TAG_FLOAT16, _TAG_FLOAT32):
        raise ValueError(f"the layer {name} has weights of an unsupported kind ({tag:#x})")
    weight = cursor.take(count, "<f2" if tag == _TAG_FLOAT16 else "<f4").reshape(outputs, -1, kernel, kernel)
    bias = cursor.take(outputs, "<f4") if parameters.get(_HAS_BIAS, "0") == "1" else None
    return NcnnLayer(name, weight, bias)


def _malformed(binary: Path, reason: str) -> InputError:
    return InputError(
        "The model file {name} cannot be used: {reason}.",
        code=ErrorCode.INVALID_FILE,
        remedy="Remove the model and fetch it again.",
        name=binary.name,
        reason=Sentence(reason.rstrip(".")),
    )
