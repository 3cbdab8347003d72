"""The parameters that operations share, and what functions below an operation ask of its parameters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal, Protocol, TypeVar

from foveate_server.engines.values import Pinned
from foveate_server.operations.parameters import roles
from foveate_server.operations.parameters.declaration import limits, parameter
from foveate_shared.pixels import PixelFormat, SampleType
from foveate_shared.wire.protocol import DIFFUSION, Json
from foveate_shared.wire.schema_words import ADVANCED, BASIC, REPLAY

ModelName = Annotated[str, limits(minLength=1, maxLength=128)]
Share = Annotated[float, limits(minimum=0, maximum=1)]
Score = Annotated[float, limits(minimum=0.2, maximum=1)]
Sha256 = Annotated[str, limits(pattern="^[0-9a-f]{64}$")]
_STRENGTH_ALONE = "How much of the effect is applied: 0 leaves every pixel as it is, 1 is the full effect."
STRENGTH = f"{_STRENGTH_ALONE} With a checkpoint: how far the result may depart from what is there."


def strength(*, diffusion: Json) -> float:
    """Return the parameter `strength`, whose default is `diffusion` where a checkpoint does it."""
    value: float = parameter("Strength", STRENGTH, default=1, level=BASIC, default_by_kind={DIFFUSION: diffusion})
    return value


def changed_strength() -> float | None:
    """Return the `strength` of a variant: None where it is the job's."""
    value: float | None = parameter("Strength", _STRENGTH_ALONE, default=1, absent=None, level=BASIC)
    return value


def min_score() -> float:
    """Return the parameter `min_score`."""
    value: float = parameter(
        "Certainty",
        "How certain the detector must be of a face. A lower value finds more, also what is none.",
        default=0.5,
        level=ADVANCED,
    )
    return value


@dataclass(frozen=True)
class PinnedNetwork:
    """What makes a network's result exact."""

    dtype: Literal["float32", "bfloat16", "float16"] | None = parameter("Precision")
    tile: int | None = parameter("Tile, in pixels", minimum=16, maximum=65536)
    threads: int | None = parameter("CPU threads", minimum=1, maximum=1024)

    @property
    def engine_values(self) -> Pinned:
        """Return them as engines take them."""
        return Pinned(self.dtype, self.tile, self.threads)


@dataclass(frozen=True)
class PinnedValues(PinnedNetwork):
    """The values that a recipe fixes."""

    pictures: int | None = parameter("Variations at once", minimum=1, maximum=64)
    models: dict[str, Sha256] | None = parameter("SHA-256 by model")

    @property
    def engine_values(self) -> Pinned:
        """Return them as engines take them."""
        return Pinned(self.dtype, self.tile, self.threads, self.pictures)


MODEL = (
    "The model, by its name. Without one, the default model for photos is used; with a prompt, the first checkpoint."
)
PINNED = "Values from a recipe that make its replay exact. Leave them out for new work."


def model() -> str | None:
    """Return the parameter `model`."""
    name: str | None = parameter("Model", MODEL, role=roles.MODEL, level=BASIC)
    return name


Pins = TypeVar("Pins", bound=PinnedValues)


def pinned(none: Pins) -> Pins:
    """Return the parameter `pinned`, which is `none` where a job has none."""
    values: Pins = parameter("Pinned values", PINNED, absent=none, role=roles.PINNED, level=REPLAY)
    return values


@dataclass(frozen=True)
class RenderingParameters:
    """By which model, and how exactly."""

    model: ModelName | None = model()
    exact: bool = parameter(
        "Exact",
        "Compute in 32 bits for a document of 8 bits too: half as fast on a processor, without the rounding of 16 bits."
        " Deeper documents are always computed so.",
        default=False,
        level=ADVANCED,
    )
    pinned: PinnedValues = pinned(PinnedValues())

    def needs_exact(self, document: PixelFormat) -> bool:
        """Tell whether a network must not round in between: the document is deeper than 8 bits, or its owner asks."""
        return document.dtype is not SampleType.U8 or self.exact


class Restored(Protocol):
    """What restorers ask of an operation's parameters."""

    @property
    def strength(self) -> float:
        """Return the wanted share of the effect, 0 to 1."""

    @property
    def rendering(self) -> RenderingParameters:
        """Return by which model, and how exactly."""
