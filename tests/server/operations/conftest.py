"""A real photo in every layout of pixels, and the engine that is exact."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage
from skimage import data

from fakes.documents import MemoryDocument
from foveate_server.engines.deterministic.engine import FACE_COLOR, DeterministicEngine, Options
from foveate_server.imaging import samples
from foveate_shared.geometry import Bounds, Extent
from foveate_shared.pixels import AlphaMode, Channels, PixelFormat, RowOrder, SampleType
from foveate_shared.wire.protocol import Selection

FORMATS = (
    PixelFormat(SampleType.U8, Channels.RGB),
    PixelFormat(SampleType.U8, Channels.BGRA),
    PixelFormat(SampleType.U8, Channels.RGBA, AlphaMode.PREMULTIPLIED),
    PixelFormat(SampleType.U16, Channels.RGBA, rows=RowOrder.BOTTOM_UP),
    PixelFormat(SampleType.U8, Channels.YA),
    PixelFormat(SampleType.F32, Channels.RGBA, AlphaMode.PREMULTIPLIED, RowOrder.BOTTOM_UP),
    PixelFormat(SampleType.F16, Channels.Y),
    PixelFormat(SampleType.F32, Channels.ARGB),
)


def name_of(pixel_format: PixelFormat) -> str:
    return "-".join(
        value.value for value in (pixel_format.dtype, pixel_format.channels, pixel_format.alpha, pixel_format.rows)
    )


@pytest.fixture(params=FORMATS, ids=name_of)
def pixel_format(request) -> PixelFormat:
    return request.param


@pytest.fixture
def engine() -> DeterministicEngine:
    return DeterministicEngine(Options())


class UnsafeEngine(DeterministicEngine):
    """Its safety classifier objects to every picture."""

    def diffuse(self, request, *, ticker, preview=None):
        made = super().diffuse(request, ticker=ticker, preview=preview)
        return replace(made, flags=(0.97,) * len(made.images))


@pytest.fixture
def unsafe_engine() -> DeterministicEngine:
    return UnsafeEngine(Options())


@pytest.fixture(scope="session")
def soft() -> np.ndarray:
    """A real photo, (171, 203, 3) in 0..1, blurred by 1.5 pixels: odd on both sides."""
    photo = data.astronaut()[20:191, 120:323].astype(np.float32) / 255
    return np.ascontiguousarray(ndimage.gaussian_filter(photo, (1.5, 1.5, 0)))


def alpha_for(height: int, width: int) -> np.ndarray:
    """A soft hole in the middle, invisible at its core."""
    y, x = np.indices((height, width), np.float32)
    distance = np.hypot(x - width / 2, y - height / 2)
    return np.clip((distance - min(width, height) / 10) / 20, 0, 1).astype(np.float32)


MakeDocument = Callable[..., MemoryDocument]


@pytest.fixture(scope="session")
def make_document() -> MakeDocument:
    return _make_document


def _make_document(image: np.ndarray, pixel_format: PixelFormat = FORMATS[0], bounds=None, **options) -> MemoryDocument:
    height, width = image.shape[:2]
    alpha = alpha_for(height, width) if pixel_format.channels.has_alpha else None
    color = image.mean(axis=2, keepdims=True) if pixel_format.channels.is_gray else image
    packed = samples.encode(color.astype(np.float32), alpha, pixel_format)
    space = "gray-srgb" if pixel_format.channels.is_gray else "srgb"
    selection = None if bounds is None else Selection(Bounds(*bounds), "coverage" in options)
    settings = {"space": space, "selection": selection, **options}
    view = samples.view(packed, pixel_format, Extent(width, height))
    return MemoryDocument(view.copy(), pixel_format, **settings)


def with_discs(image: np.ndarray, discs) -> np.ndarray:
    """Return `image` with magenta discs at (center x, center y, diameter): the faces of the deterministic engine."""
    result = image.copy()
    y, x = np.indices(image.shape[:2], np.float32) + 0.5
    for center_x, center_y, diameter in discs:
        disc = (np.hypot(x - center_x, y - center_y) < diameter / 2).astype(np.float32)
        soft = ndimage.gaussian_filter(disc, min(0.9, diameter / 60))[..., np.newaxis]  # nothing is done in focus
        result += soft * (np.array(FACE_COLOR, np.float32) - result)
    return result


@pytest.fixture(scope="session")
def paint_discs():
    return with_discs
