"""Small autoencoders for previews (TAESD and those built like it), by keys and shapes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from foveate_server.models.recognition.recognized import Recognized, precision_of, refusal, title_of
from foveate_server.models.tensor_headers import Header
from foveate_shared.wire.protocol import JsonObject

_PREFIX = "decoder.layers."  # diffusers'
_LEVELS = 4  # of a decoder that makes 8 x 8 image pixels of each latent, as all of our families need
_CHANNELS = (4, 16)  # of latents of our families
_BLOCK = re.compile(r"(\d+)\.conv\.0\.weight")
Shapes = Mapping[str, tuple[int, ...]]  # key -> shape


@dataclass(frozen=True)
class TinyDecoder:
    """The build of a small decoder: convolutions of 3 x 3 of one width, with residual blocks between them."""

    latent_channels: int
    width: int  # channels of its features
    blocks: tuple[int, ...]  # residual blocks per level, from the latents to the picture
    renamed: Mapping[str, str]  # key in the file -> key below diffusers' `decoder.`


def tiny_decoder_of(shapes: Shapes) -> TinyDecoder | None:
    """Return the small decoder among the tensors of a file, in diffusers' keys or in its authors'; None: there is none.

    The authors' have the limit of the latents as a layer of its own in front, so that their numbers are one higher.
    """
    layers = {key.removeprefix(_PREFIX): shape for key, shape in shapes.items() if key.startswith(_PREFIX)}
    first = 0
    if not layers and "0.weight" not in shapes:
        layers, first = dict(shapes), 1
    entrance = layers.get(f"{first}.weight", ())
    if len(entrance) != 4:
        return None
    width, channels = entrance[:2]
    blocks = _blocks(layers, first)
    if len(blocks) != _LEVELS or layers != _expected(channels, width, blocks, first):
        return None
    renamed = {f"{_PREFIX if not first else ''}{key}": f"layers.{_counted_down(key, first)}" for key in layers}
    return TinyDecoder(channels, width, blocks, renamed)


def preview_of(header: Header) -> Recognized | None:
    """Return what the small autoencoder with these keys is, or None. Raises InputError for one that is not for us."""
    decoder = tiny_decoder_of({key: tensor.shape for key, tensor in header.tensors.items()})
    if decoder is None:
        if header.shape("0.weight")[1:] == (3, 3, 3) and header.has("1.conv.0.weight") and not header.has("decoder."):
            raise refusal("the encoder of a small VAE, which makes no pictures", "Add its decoder.")
        return None
    channels = decoder.latent_channels
    if channels not in _CHANNELS:
        raise refusal(f"a small VAE for latents of {channels} channels, which none of our checkpoints has")
    facts: JsonObject = {
        "layout": "single",
        "latent_channels": channels,
        "precision": precision_of(header),
        "parameters": header.parameters,
    }
    return Recognized("preview", "", title_of("small VAE for previews", f"{channels} channels"), facts)


def _blocks(layers: Shapes, first: int) -> tuple[int, ...]:
    """Return how many residual blocks follow each other between the convolutions."""
    numbers = {int(match[1]) for key in layers if (match := _BLOCK.fullmatch(key))}
    counts, number = [], first + 2  # after the first convolution and its ReLU
    while number in numbers:
        count = 0
        while number in numbers:
            count, number = count + 1, number + 1
        counts.append(count)
        number += 2  # a level ends with an enlargement, which has no weights, and a convolution
    return tuple(counts)


def _expected(channels: int, width: int, blocks: tuple[int, ...], first: int) -> dict[str, tuple[int, ...]]:
    """Return all tensors of a decoder that is built so."""
    square = (width, width, 3, 3)
    found: dict[str, tuple[int, ...]] = {f"{first}.weight": (width, channels, 3, 3), f"{first}.bias": (width,)}
    number = first + 2
    for level, count in enumerate(blocks):
        for _ in range(count):
            for place in (0, 2, 4):
                found |= {f"{number}.conv.{place}.weight": square, f"{number}.conv.{place}.bias": (width,)}
            number += 1
        if level < len(blocks) - 1:
            found[f"{number + 1}.weight"] = square
            number += 2
    return found | {f"{number}.weight": (3, width, 3, 3), f"{number}.bias": (3,)}


def _counted_down(key: str, by: int) -> str:
    number, _, rest = key.partition(".")
    return f"{int(number) - by}.{rest}"
