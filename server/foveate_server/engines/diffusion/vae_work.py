"""What an autoencoder's layers compute, so that progress follows their work: most is done at the image's own size.

Multiply-adds are a layer's parameters times the places at which it is applied.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from torch import Tensor, nn

from foveate_server.engines.layer_hooks import hooked, layers

_TILED = 3.3  # times the work of one pass: see vae.py, whose tiles are run up to each norm in turn


def decoding_work(vae: Any, latents: Tensor, *, tiled: bool) -> float:
    """Return the multiply-adds that decoding `latents` (b, c, h, w) takes."""
    decoder, places = vae.decoder, latents.shape[0] * latents.shape[2] * latents.shape[3]
    work = float(places * _parameters(decoder.conv_in, decoder.mid_block))
    for block in decoder.up_blocks:
        work += places * _parameters(block.resnets)
        if block.upsamplers:
            places *= 4
            work += places * _parameters(block.upsamplers)
    work += places * _parameters(decoder.conv_norm_out, decoder.conv_out)
    return work * (_TILED if tiled else 1.0)


def encoding_work(vae: Any, image: Tensor, *, tiled: bool) -> float:
    """Return the multiply-adds that encoding `image` (b, 3, h, w) takes."""
    encoder, places = vae.encoder, image.shape[0] * image.shape[2] * image.shape[3]
    work = float(places * _parameters(encoder.conv_in))
    for block in encoder.down_blocks:
        work += places * _parameters(block.resnets)
        if block.downsamplers:
            places //= 4
            work += places * _parameters(block.downsamplers)
    work += places * _parameters(encoder.mid_block, encoder.conv_norm_out, encoder.conv_out)
    return work * (_TILED if tiled else 1.0)


@contextmanager
def metered(module: nn.Module, tick: Callable[[float], None], *, every: int) -> Iterator[None]:
    """Call `tick` before layers of `module` run, one in `every`, with the multiply-adds that begin."""
    begun, calls = 0.0, 0

    def hook(layer: nn.Module, inputs: tuple[Any, ...]) -> None:
        nonlocal begun, calls
        begun, calls = begun + _work_of(layer, inputs), calls + 1
        if calls % every == 0:
            tick(begun)
            begun = 0.0

    with hooked(layers(module), hook):
        yield


def _work_of(layer: nn.Module, inputs: tuple[Any, ...]) -> float:
    parameters = _parameters(layer)
    if not parameters or not isinstance(inputs[0], Tensor):
        return 0.0
    x, stride = inputs[0], getattr(layer, "stride", (1, 1))
    channels = x.shape[-1] if isinstance(layer, nn.Linear) else x.shape[1]
    return float(parameters * (x.numel() // channels // (stride[0] * stride[1])))


def _parameters(*modules: nn.Module) -> int:
    return sum(weight.numel() for module in modules for weight in module.parameters())
