"""The Engine protocol: what operations may ask of whatever renders."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from foveate_server.engines.values import Face, Image, Pinned, Rendering, Strip
from foveate_server.models.catalog import LookUp
from foveate_shared.wire.protocol import JsonObject

if TYPE_CHECKING:
    from foveate_server.engines.diffusion_request import DiffusionFacts, DiffusionRequest, Pictures, ShowPreview


@dataclass(frozen=True)
class EngineSpec:
    """How to get an engine in another process: engines live in the worker, the server only names them."""

    factory: str  # "package.module:function", called in the worker with the options
    catalog: LookUp  # its models; called in the server, so it must not import torch
    options: JsonObject = field(default_factory=dict)


class Ticker(Protocol):
    """What an engine needs to know of the running item: see operations.contract.Context."""

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
