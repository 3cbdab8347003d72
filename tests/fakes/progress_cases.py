"""Jobs whose progress is recorded and looked at: real photos, small, one per operation and way of running it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from PIL import Image, ImageFilter
from skimage import data

from fakes.documents import MemoryDocument
from foveate_shared.geometry import Bounds
from foveate_shared.wire.protocol import ModelInfo, Selection

SD15 = "sd15"  # of fakes.full_size
SIDES = {SD15: 256}  # image pixels that it says it was trained at: half of the published one's
_FEW_STEPS: dict[str, Any] = {"num_inference_steps": 6, "strength": 0.5, "guidance_scale": 1.0}  # three are run


@dataclass(frozen=True)
class ProgressCase:
    """A job on a document."""

    document: Callable[[], MemoryDocument]
    operation: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    batches: bool = False  # the checkpoint makes variations at once, as on a graphics card

    @property
    def checkpoint(self) -> str | None:
        """Return the checkpoint that does it."""
        return self.parameters.get("model")


def _checkpoint(name: str) -> ModelInfo:
    defaults = {"num_inference_steps": 25, "guidance_scale": 7.0, "strength": 0.5, "pixels": SIDES[name] ** 2}
    operations = ("refocus", "faces", "fill", "upscale", "compare")
    return ModelInfo(name, name, operations, 1, True, kind="diffusion", family="sd1", defaults=defaults)


_MODELS = tuple(_checkpoint(name) for name in SIDES)


def _photo(part: tuple[slice, slice] = (slice(0, 300), slice(100, 420)), blur: float = 1.5) -> np.ndarray:
    """Return a real portrait, out of focus unless `blur` is 0; the part is that of the issue's progress-80-percent."""
    softer = ImageFilter.GaussianBlur(blur) if blur else ImageFilter.SHARPEN
    return np.asarray(Image.fromarray(data.astronaut()[part]).filter(softer))


def _document(image: np.ndarray, selection: Selection | None = None) -> MemoryDocument:
    return MemoryDocument(image, selection=selection, models=_MODELS)


def _faces(*blurs: float) -> Callable[[], MemoryDocument]:
    """Return as many faces, side by side; where the blur is 0, nothing is done with one."""
    portrait = (slice(0, 200), slice(130, 330))
    return lambda: _document(np.hstack([_photo(portrait, blur) for blur in blurs]))


def _whole() -> MemoryDocument:
    return _document(_photo())


def _selected(x: int, y: int, width: int, height: int) -> Callable[[], MemoryDocument]:
    return lambda: _document(_photo(), Selection(Bounds(x, y, width, height)))


def _two_parts() -> MemoryDocument:
    """Return a document in which a face and a place far from it are selected."""
    image = _photo()
    coverage = np.zeros(image.shape[:2], np.uint8)
    for x, y, width, height in (_FACE, _PLACE):
        coverage[y : y + height, x : x + width] = 255
    found = Bounds(0, 0, image.shape[1], image.shape[0])
    return replace(_document(image, Selection(found, has_coverage=True)), coverage=coverage)


_TWO_SEEDS: dict[str, Any] = {"seed": 1, "siblings": [1, 2]}
_FACE, _PLACE = (80, 60, 80, 100), (180, 150, 72, 72)

_RESTORED = {
    "faces": ProgressCase(_whole, "faces"),
    "faces-two": ProgressCase(_faces(0, 1.5), "faces"),
    "faces-sharp-last": ProgressCase(_faces(1.5, 1.5, 0, 0, 0), "faces"),
    "faces-sharp-first": ProgressCase(_faces(0, 0, 0, 1.5, 1.5), "faces"),
    "faces-sharp-between": ProgressCase(_faces(0, 1.5, 0, 1.5, 0), "faces"),
    "detect": ProgressCase(_whole, "detect"),
    "refocus": ProgressCase(_selected(*_PLACE), "refocus"),
    "refocus-face": ProgressCase(_selected(*_FACE), "refocus"),
    "refocus-split": ProgressCase(_two_parts, "refocus", {"split": True}),
    "upscale": ProgressCase(_selected(20, 20, 64, 48), "upscale", {"scale": 2}),
    "upscale-in-place": ProgressCase(_selected(200, 200, 64, 64), "upscale", {"target": "document"}),
}
_PAINTED = {
    "refocus": ProgressCase(_selected(*_FACE), "refocus", {"guidance_scale": 7.0}),
    "split": ProgressCase(_two_parts, "refocus", {"split": True}),
    "variations": ProgressCase(_selected(*_PLACE), "refocus", {"prompt": "a window", **_TWO_SEEDS}, batches=True),
    "faces": ProgressCase(_faces(1.5, 1.5), "faces"),
    "fill": ProgressCase(_selected(*_PLACE), "fill", {"strength": 1.0, "num_inference_steps": 3}),
    "extend": ProgressCase(_faces(1.5), "fill", {"strength": 1.0, "num_inference_steps": 3, "extend": {"left": 56}}),
    "upscale": ProgressCase(_selected(100, 100, 96, 64), "upscale", {"strength": 0.3, "scale": 2}),
    "upscale-in-place": ProgressCase(_selected(200, 200, 64, 64), "upscale", {"target": "document"}),
    "compare": ProgressCase(_selected(*_FACE), "compare", {"variants": [{"strength": 0.35}, {"seed": 2}]}),
}


def _painted(case: ProgressCase) -> ProgressCase:
    return replace(case, parameters={**_FEW_STEPS, **case.parameters, "model": SD15})


CASES: dict[str, ProgressCase] = {
    **_RESTORED,
    **{f"{SD15}-{name}": _painted(case) for name, case in _PAINTED.items()},
}
