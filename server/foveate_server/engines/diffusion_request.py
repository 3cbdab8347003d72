"""What operations may ask of diffusion: one value with all that a picture depends on, one with the pictures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from foveate_server.engines.values import Image, Pinned
from foveate_shared.wire.protocol import JsonObject

Mask = NDArray[np.float32]  # (height, width), 0 to 1
ShowPreview = Callable[[NDArray[np.uint8]], None]  # (height, width, 3), sRGB-encoded; any size, the whole image


@dataclass(frozen=True)
class Weighted:
    """An addition to a checkpoint, such as a LoRA, by its name in the registry."""

    name: str
    weight: float = 1.0


@dataclass(frozen=True)
class Prompt:
    """What the picture shall show, with weights as compel writes them: "a (smiling)1.2 face"."""

    positive: str = ""
    negative: str = ""


@dataclass(frozen=True)
class Sampling:
    """How noise becomes a picture; None leaves the choice to the checkpoint's own defaults."""

    num_inference_steps: int | None = None  # of a run at full strength; at strength s about s times as many are run
    guidance_scale: float | None = None
    scheduler: str | None = None  # a name of DiffusionFacts.schedulers


@dataclass(frozen=True)
class Tiling:
    """How an image beyond the checkpoint's pixel budget is seen: one latent canvas, its tiles' predictions fused."""

    tile: int | None = None  # image pixels, longest side; None is the family's native side
    overlap: int | None = None  # image pixels; None follows from the strength
    anchor: float = 0.0  # how much of the low frequencies stays those of the start image, 0 to 1
    prompts: tuple[tuple[tuple[int, int, int, int], Prompt], ...] = ()  # (x, y, w, h) of the image -> its own prompt


@dataclass(frozen=True)
class DiffusionRequest:
    """All that the pictures depend on. Sides of the image are multiples of DiffusionFacts.multiple."""

    image: Image  # (height, width, 3): what is re-rendered, at the extent at which the model shall see it
    mask: Mask | None  # (height, width): where it may change and how much (differential diffusion); None: everywhere
    model: str | None  # a checkpoint's name in the registry; None is the default one
    prompt: Prompt = Prompt()
    strength: float = 0.5  # 0 returns the image, 1 starts from pure noise
    seeds: tuple[int, ...] = (0,)  # one picture each
    sampling: Sampling = Sampling()
    tiling: Tiling | None = None  # None: the network sees the image as a whole
    loras: tuple[Weighted, ...] = ()
    embeddings: tuple[str, ...] = ()  # textual inversions whose words the prompt uses
    vae: str | None = None  # in place of the checkpoint's own
    exact: bool = False  # the document is deeper than 8 bits: no step of 16-bit floats may show
    pinned: Pinned = field(default_factory=Pinned)
    siblings: tuple[int, ...] = ()  # seeds of requests that are equal otherwise, now or soon; may hold this one's


@dataclass(frozen=True)
class DiffusionFacts:
    """What operations must know of a checkpoint before they ask it for anything. Found without loading its weights."""

    model: str
    sha256: str
    family: str  # "sd1", "sd2", "sdxl", "sd3" or "flux1"
    title: str  # of the family, for a person: "SDXL"
    multiple: int  # sides of images are multiples of it
    pixels: int  # the pixel budget: the area that the family was trained at
    native_side: int  # image pixels: of the square of that area
    schedulers: tuple[str, ...]
    defaults: JsonObject = field(default_factory=dict)  # num_inference_steps, guidance_scale, scheduler, strength
    is_on_card: bool = False  # a graphics card runs it: many times as fast as a processor, which still finds the faces


@dataclass(frozen=True)
class Pictures:
    """What came of a request."""

    images: tuple[Image, ...]  # one per seed, each of the request's extent
    facts: DiffusionFacts
    sampling: Sampling  # the values that were in fact used
    device: str  # such as "cuda: NVIDIA H200"
    pinned: Pinned
    additions: JsonObject = field(default_factory=dict)  # hashes of LoRAs, embeddings and the VAE, for the recipe
    flags: tuple[float, ...] = ()  # per picture, what the safety classifier thinks of it, 0 to 1; empty where it is off
