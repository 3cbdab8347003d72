"""Diffusers' AutoencoderKL taken apart: levels of one resolution each, and their steps between group norms.

A level is what can be run tile by tile: it sees only as far as its few convolutions reach, if its norms are told the
statistics of the whole. The middle, whose attention sees everything, is no level.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

ATTENTION_TOKENS = 1 << 14  # up to so many, attention is the module's own: 128 x 128 latents
ATTENTION_SCORES = 1 << 26  # else so many at a time, for devices whose kernels hold them all


@dataclass
class Activation:
    """What runs through a level: the activation, and what the residual block under way will add to it."""

    x: Tensor  # (1, channels, h, w)
    residual: Tensor | None = None


@dataclass(frozen=True)
class Norm:
    """A step whose result depends on all of the image: a barrier between passes."""

    module: nn.GroupNorm


@dataclass(frozen=True)
class Local:
    """A step that sees no further than `radius` pixels of the level."""

    run: Callable[[Activation], Activation]
    radius: int = 0


@dataclass(frozen=True)
class Level:
    """Steps of one resolution. Tiles are cut in its pixels."""

    steps: tuple[Norm | Local, ...]
    width: int  # channels of its widest activation
    enlarges: bool = False  # its first step doubles the resolution; what comes in has half of the level's
    reduces: bool = False  # its last step halves it: output pixel i is made of the level's 2 i to 2 i + 2

    @property
    def radius(self) -> int:
        """Return how far the level's result depends on its surroundings, in its pixels."""
        return sum(step.radius for step in self.steps if isinstance(step, Local))

    @property
    def norms(self) -> tuple[int, ...]:
        """Return where in the steps the norms are."""
        return tuple(index for index, step in enumerate(self.steps) if isinstance(step, Norm))


def is_known(vae: Any) -> bool:
    """Tell whether `vae` is built as those of SD1, SD2, SDXL, SD3 and FLUX.1 are, so that its levels are known here."""
    from diffusers import AutoencoderKL  # noqa: PLC0415 - takes its time
    from diffusers.models.resnet import ResnetBlock2D  # noqa: PLC0415
    from diffusers.models.unets.unet_2d_blocks import DownEncoderBlock2D, UpDecoderBlock2D  # noqa: PLC0415

    known: tuple[Any, ...] = (AutoencoderKL,)
    if type(vae) not in known:
        return False
    blocks = [*vae.encoder.down_blocks, *vae.decoder.up_blocks]
    resnets = [resnet for block in (*blocks, vae.encoder.mid_block, vae.decoder.mid_block) for resnet in block.resnets]
    return (
        all(isinstance(block, (DownEncoderBlock2D, UpDecoderBlock2D)) for block in blocks)
        and all(isinstance(one, ResnetBlock2D) and one.upsample is None and one.downsample is None for one in resnets)
        and all(one.time_emb_proj is None and isinstance(one.norm1, nn.GroupNorm) for one in resnets)
        and isinstance(vae.decoder.conv_norm_out, nn.GroupNorm)
    )


def decoder_levels(vae: Any) -> list[Level]:
    """Return what follows the middle of the decoder, from latents' resolution up to the image's."""
    decoder, levels = vae.decoder, []
    upsampler: nn.Module | None = None
    for block in decoder.up_blocks:
        steps: list[Norm | Local] = [] if upsampler is None else [_module(upsampler, radius=1)]
        steps += [step for resnet in block.resnets for step in _residual(resnet)]
        width = max(_channels(block.resnets))
        levels.append(Level(tuple(steps), width, enlarges=upsampler is not None))
        upsampler = block.upsamplers[0] if block.upsamplers else None
    last = levels[-1]
    head = (Norm(decoder.conv_norm_out), _module(decoder.conv_act), _module(decoder.conv_out, radius=1))
    levels[-1] = Level((*last.steps, *head), last.width, last.enlarges)
    return levels


def encoder_levels(vae: Any) -> list[Level]:
    """Return what precedes the middle of the encoder, from the image's resolution down to the latents'."""
    levels = []
    for index, block in enumerate(vae.encoder.down_blocks):
        steps: list[Norm | Local] = [_module(vae.encoder.conv_in, radius=1)] if index == 0 else []
        steps += [step for resnet in block.resnets for step in _residual(resnet)]
        if block.downsamplers:
            steps.append(_module(block.downsamplers[0]))
        levels.append(Level(tuple(steps), max(_channels(block.resnets)), reduces=bool(block.downsamplers)))
    return levels


def decoder_middle(vae: Any, latents: Tensor, tick: Callable[[], None]) -> Tensor:
    """Return what the decoder makes of `latents` (1, c, h, w) before its first level."""
    x = latents if vae.post_quant_conv is None else vae.post_quant_conv(latents)
    return _middle(vae.decoder.mid_block, vae.decoder.conv_in(x), tick)


def encoder_middle(vae: Any, x: Tensor, tick: Callable[[], None]) -> Tensor:
    """Return the moments (1, 2 c, h, w) of what came out of the encoder's last level."""
    encoder = vae.encoder
    x = _middle(encoder.mid_block, x, tick)
    x = encoder.conv_out(encoder.conv_act(encoder.conv_norm_out(x)))
    moments: Tensor = x if vae.quant_conv is None else vae.quant_conv(x)
    return moments


def _middle(block: Any, x: Tensor, tick: Callable[[], None]) -> Tensor:
    tick()
    x = block.resnets[0](x, None)
    for attention, resnet in zip(block.attentions, block.resnets[1:], strict=True):
        tick()
        if attention is not None:
            x = _attended(attention, x, tick)
        tick()
        x = resnet(x, None)
    return x


def _attended(attention: Any, x: Tensor, tick: Callable[[], None]) -> Tensor:
    """Return what the module `attention` makes of `x`; where that is large, for some of the places at a time."""
    batch, channels, height, width = x.shape
    count = height * width
    if count <= ATTENTION_TOKENS:
        whole: Tensor = attention(x)
        return whole
    tokens = attention.group_norm(x.reshape(batch, channels, count)).transpose(1, 2)
    heads = (batch, count, attention.heads, -1)
    query, key, value = (
        project(tokens).view(heads).transpose(1, 2) for project in (attention.to_q, attention.to_k, attention.to_v)
    )
    del tokens
    result = torch.empty_like(x)
    flat = result.view(batch, channels, count)
    size = max(1, ATTENTION_SCORES // count)
    for start in range(0, count, size):
        tick()
        seen = functional.scaled_dot_product_attention(query[:, :, start : start + size], key, value)
        part = attention.to_out[0](seen.transpose(1, 2).reshape(batch, -1, channels))
        flat[:, :, start : start + size] = part.transpose(1, 2)
    if attention.residual_connection:
        result += x
    return result.div_(attention.rescale_output_factor)


def _residual(resnet: Any) -> list[Norm | Local]:
    """Return the steps of diffusers' ResnetBlock2D, as its forward takes them without a time embedding."""

    def begin(state: Activation) -> Activation:
        return Activation(state.x, state.x)

    def end(state: Activation) -> Activation:
        residual = state.residual
        assert residual is not None  # noqa: S101 - the block began
        if resnet.conv_shortcut is not None:
            residual = resnet.conv_shortcut(residual)
        return Activation((residual + state.x) / resnet.output_scale_factor)

    return [
        Local(begin),
        Norm(resnet.norm1),
        _module(resnet.nonlinearity),
        _module(resnet.conv1, radius=1),
        Norm(resnet.norm2),
        _module(resnet.nonlinearity),
        _module(resnet.conv2, radius=1),
        Local(end),
    ]


def _module(module: Any, radius: int = 0) -> Local:
    def run(state: Activation) -> Activation:
        return Activation(module(state.x), state.residual)

    return Local(run, radius)


def _channels(resnets: Sequence[Any]) -> list[int]:
    return [channels for resnet in resnets for channels in (resnet.in_channels, resnet.out_channels)]
