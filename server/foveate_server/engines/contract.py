"""The Engine protocol: what operations may ask of whatever renders."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from foveate_server.engines.values import Face, Finding, Image, Pinned, Rendering, Strip
from foveate_server.models.catalog import LookUp
from foveate_shared.wire.protocol import JsonObject

if TYPE_CHECKING:
    from foveate_server.engines.diffusion_request import DiffusionFacts, DiffusionRequest, Pictures, ShowPreview

Found = TypeVar("Found", bound=Finding)


@dataclass(frozen=True)
class EngineSpec:
    """How to get an engine in another process: engines live in the worker, the server only names them."""

    factory: str  # "package.module:function", called in the worker with the options
    catalog: LookUp  # its models; called in the server, so it must not import torch
    options: JsonObject = field(default_factory=dict)
    start_seconds: float = 0.0  # that the factory takes about: to import what it needs


class Ticker(Protocol):
    """What an engine needs to know of the running item: see operations.contract.Context."""

    def check(self) -> None:
        """Give a sign of life; raise CancelledJobError where the job was cancelled."""

    def give_way(self) -> bool:
        """Let shorter work of others run now, to its end; return whether there was any. Implies :meth:`check`.

        That work uses the same engine, down to its layers. So while it runs, hooks of who gave way must do nothing,
        and nothing that it changes may be taken for granted afterwards.
        """

    def progress(self, stage: str, fraction: float, step: int = 0, steps: int = 0) -> None:
        """Report how far the call is (0 to 1)."""

    def get_ready(self, stage: str, seconds: float) -> None:
        """Report that nothing is computed for about `seconds` from now, such as while weights are loaded.

        Reports of unchanged progress may follow until work begins.
        """

    def note(self, text: str) -> None:
        """Tell the owner a sentence."""


class ModelFiles(Protocol):
    """Where a detector gets its weights, and how it shall run."""

    @property
    def threads(self) -> int:
        """Return how many threads of the processor it may take; 0 means all cores."""

    def path(self, model: str) -> Path:
        """Return the file of a model of the registry, fetched where needed. Raises InputError or ResourceError."""

    def default_path(self, architecture: str) -> Path:
        """Return the file of the detector's model of this architecture that the user chose, else of the first.

        Raises as :meth:`path`.
        """


# (image: (height, width, 3), sRGB-encoded in 0..1; the least score; ticker) -> findings, best first.
Find = Callable[[Image, float, Ticker], list[Found]]


@dataclass(frozen=True)
class Detector(Generic[Found]):
    """What finds one kind of thing. Named where jobs are planned, made in the worker when it is first needed."""

    name: str  # what jobs call it, and outcomes what it found: "faces"
    title: str  # for a person, as are the sentences below: "Faces"
    summary: str  # of a job: "Find the faces."
    looking: str  # while it does: "Looking for faces"
    looking_part: str  # in a large document: "Looking for faces, {index} of {count}"
    found: str  # "{count} faces were found."
    found_one: str  # "1 face was found."
    none: str  # "No face was found. A lower certainty may find more."
    finding: type[Found]  # what it gives
    create: Callable[[ModelFiles], Find[Found]]  # imports and loads what it needs; may take seconds


class Engine(Protocol):
    """What renders, and asks the detectors. One instance per worker process and device, called on one thread.

    Calls come one at a time, but where one gives way (:meth:`Ticker.give_way`), others come in the midst of it.
    """

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

    def detect(self, detector: Detector[Found], image: Image, *, min_score: float, ticker: Ticker) -> list[Found]:
        """Return what `detector` finds in `image`, best first, without duplicates.

        Raises ResourceError where the detector's weights are not to be had.
        """

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
