"""The values that pass between operations and engines: images, faces, strips, and what was made."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from foveate_shared.geometry import Bounds
from foveate_shared.wire.protocol import JsonObject

Image = NDArray[np.float32]  # (height, width, 3), sRGB-encoded, nominal range 0 to 1
UNCUT = 65536  # input pixels: the tile of what is not cut at all


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


Placed = TypeVar("Placed", bound="Finding")


@dataclass(frozen=True)
class Finding:
    """What a detector found: its box, its landmarks (which ones, its kind says), and how certain that is.

    Kinds of findings derive from it; further fields of theirs may be whatever json_records writes.
    """

    box: tuple[float, float, float, float]  # x, y, width, height, in pixels of the image
    landmarks: tuple[tuple[float, float], ...]  # x, y, likewise
    score: float  # 0 to 1

    def placed(self: Placed, x: float, y: float, scale_x: float, scale_y: float) -> Placed:
        """Return it as it lies in the picture of which the image is a part, scaled: `x`, `y` are the part's corner."""
        left, top, width, height = self.box
        box = (x + left * scale_x, y + top * scale_y, width * scale_x, height * scale_y)
        landmarks = tuple((x + px * scale_x, y + py * scale_y) for px, py in self.landmarks)
        return replace(self, box=box, landmarks=landmarks)

    def scaled(self: Placed, factor: float) -> Placed:
        """Return it as it lies in the image enlarged by `factor`."""
        return self.placed(0.0, 0.0, factor, factor)


@dataclass(frozen=True)
class Face(Finding):
    """A face, with five landmarks: eyes, nose, mouth corners; left to right as seen."""
