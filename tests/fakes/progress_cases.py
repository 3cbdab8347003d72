"""Jobs whose progress is recorded and looked at: real photos, small, one per operation and way of running it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from PIL import Image, ImageFilter
from skimage import data

from fakes.documents import MemoryDocument
from foveate_shared.geometry import Bounds
from foveate_shared.wire.protocol import Selection


@dataclass(frozen=True)
class ProgressCase:
    """A job on a document."""

    document: Callable[[], MemoryDocument]
    operation: str
    parameters: Mapping[str, Any] = field(default_factory=dict)


def _photo(part: tuple[slice, slice] = (slice(0, 300), slice(100, 420)), blur: float = 1.5) -> np.ndarray:
    """Return a real portrait, out of focus; the part is what `../shared/cases/progress-80-percent` holds."""
    return np.asarray(Image.fromarray(data.astronaut()[part]).filter(ImageFilter.GaussianBlur(blur)))


def _twice() -> MemoryDocument:
    """Return two faces, the first of them in focus: nothing is done with it."""
    portrait = (slice(0, 200), slice(130, 330))
    return MemoryDocument(np.hstack([_photo(portrait, 0), _photo(portrait, 1.5)]))


def _selected(x: int, y: int, width: int, height: int) -> Callable[[], MemoryDocument]:
    return lambda: MemoryDocument(_photo(), selection=Selection(Bounds(x, y, width, height)))


CASES: dict[str, ProgressCase] = {
    "faces": ProgressCase(lambda: MemoryDocument(_photo()), "faces"),
    "faces-two": ProgressCase(_twice, "faces"),
    "detect": ProgressCase(lambda: MemoryDocument(_photo()), "detect"),
    "refocus": ProgressCase(_selected(180, 150, 72, 72), "refocus"),
    "refocus-face": ProgressCase(_selected(80, 60, 80, 100), "refocus"),
    "upscale": ProgressCase(_selected(20, 20, 64, 48), "upscale", {"scale": 2}),
    "upscale-in-place": ProgressCase(_selected(200, 200, 64, 64), "upscale", {"target": "document"}),
}
