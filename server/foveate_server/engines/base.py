"""The Engine protocol: what operations may ask of whatever renders."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from foveate_server.models.entry import ModelEntry
from foveate_shared.geometry import Bounds
from foveate_shared.protocol import JsonObject, ModelInfo

if TYPE_CHECKING:
    from foveate_server.engines.diffusing import DiffusionFacts, DiffusionRequest, Pictures, ShowPreview

Image = NDArray[np.float32]  # (height, width, 3), sRGB-encoded, nominal range 0 to 1
UNCUT = 65536  # input pixels: the tile of what is not cut at all


@dataclass(frozen=True)
class EngineSpec:
    """How to get an engine in another process: engines live in the worker, the server only names them."""

    factory: str  # "package.module:function", called in the worker with the options
    models: Callable[[], Sequence[ModelInfo]]  # called in the server; must not import torch
    options: JsonObject = field(default_factory=dict)
    entries: Callable[[], Sequence[ModelEntry]] = tuple  # likewise: what more is known of those that have files


@dataclass(frozen=True)
class Pinned:
    """Values that a recipe fixes so that a replay gives the same bytes; None leaves the choice to the engine."""

    dtype: str | None = None  # "float32", "bfloat16" or "float16"
    tile: int | None = None  # longest side of a tile's core, input pixels; UNCUT where the result is as of one tile
    threads: int | None = None  # of the CPU
    pictures: int | None = None  # made at once, where there were several


@dataclass(frozen=True)
class Strip:
    """What is wanted of an image, where that is a part of a picture which comes in strips, from top to bottom.

    An engine may go on where the strip above ended, if the image still shows all that this was made of; else it begins
    anew, which takes longer. The result is the same.
    """

    wanted: Bounds  # pixels of the image; around them it shows what the result depends on, as far as the picture goes
    top: int = 0  # the row of the picture that is the image's first
    again: int | None = None  # so many of the wanted rows, the last ones, the next strip wants too; None: none follows

    @classmethod
    def whole(cls, image: Image) -> Strip:
        """Return that all of a picture is wanted."""
        return cls(Bounds(0, 0, image.shape[1], image.shape[0]))


@dataclass(frozen=True)
class Rendering:
    """An image that an engine made, and the facts that its recipe needs."""

    image: Image  # (height * scale, width * scale, 3), of what was wanted
    scale: int
    model: JsonObject  # {"name": ..., "sha256": ...}
    device: str  # such as "cpu: AMD EPYC" or "cuda: NVIDIA H200"
    pinned: Pinned  # the values that were in fact used


@dataclass(frozen=True)
class Face:
    """A face: its box and five landmarks (eyes, nose, mouth corners; left to right as seen), in pixels of the image."""

    box: tuple[float, float, float, float]  # x, y, width, height
    landmarks: tuple[tuple[float, float], ...]
    score: float

    def scaled(self, factor: float) -> Face:
        """Return it as it lies in the image enlarged by `factor`."""
        x, y, width, height = (factor * length for length in self.box)
        return Face((x, y, width, height), tuple((factor * px, factor * py) for px, py in self.landmarks), self.score)


class Ticker(Protocol):
    """What an engine needs to know of the running item: see operations.base.Context."""

    def check(self) -> None:
        """Give a sign of life; raise CancelledJobError where the job was cancelled."""

    def progress(self, stage: str, fraction: float, step: int = 0, steps: int = 0) -> None:
        """Report how far the call is (0 to 1)."""

    def note(self, text: str) -> None:
        """Tell the owner a sentence."""


class Engine(Protocol):
    """What renders. One instance per worker process and device; calls come one at a time."""

    def upscale(
        self,
        image: Image,
        model: str | None,
        *,
        exact: bool,
        pinned: Pinned,
        ticker: Ticker,
        face: Face | None = None,
        strip: Strip | None = None,
    ) -> Rendering:
        """Return `image`, or what is wanted of it, restored and enlarged by the model's own scale.

        `model` None is the default one. `exact` asks for full float32 (for documents above 8 bit). `face` is what the
        image shows, in its pixels: a network that knows faces alone sees it as it was trained to. Raises InputError for
        an unknown model, ResourceError for weights or memory that are not to be had.
        """

    def model_scale(self, model: str | None) -> int:
        """Return the scale that :meth:`upscale` will have. Raises InputError for an unknown model."""

    def detect_faces(self, image: Image, *, min_score: float, ticker: Ticker) -> list[Face]:
        """Return the faces in `image`, best first, without duplicates."""

    def diffusion_facts(self, model: str | None) -> DiffusionFacts:
        """Return what there is to know of a checkpoint. Raises InputError where there is none of that name."""

    def diffuse(self, request: DiffusionRequest, *, ticker: Ticker, preview: ShowPreview | None = None) -> Pictures:
        """Return pictures made from `request.image` with a prompt, one per seed; pixels are not clipped by the mask.

        Where the mask is 0 the result is close to the image, not equal to it: the operation composites. Strength 0
        returns the very image. Raises InputError for what does not fit the checkpoint (another family's LoRA, a wrong
        extent), ResourceError for weights or memory that are not to be had.
        """

    def release(self) -> None:
        """Give the device's memory back; the next call loads again."""
