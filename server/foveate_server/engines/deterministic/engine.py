"""An engine without a network: exact, fast, the same on every machine. For tests, and to measure the server alone.

It bends the tones of an image into bands, which leaves detail on every gradient that survives a reduction to the old
size, enlarges by repeating pixels, and sharpens with a small kernel. Every pixel depends on its neighbours alone:
whole or in tiles, the result is the same to the bit. Its faces are magenta discs. It can be slow,
and it can fail in all the ways in which a real engine fails, see :class:`Options`.
"""

from __future__ import annotations

import hashlib
import os
import signal
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from threading import Event
from typing import Any

import numpy as np
import scipy
from numpy.typing import NDArray

from foveate_server.config.server_config import ServerConfig
from foveate_server.engines.contract import Detector, Engine, EngineSpec, Found, Ticker
from foveate_server.engines.detection.detectors import Detectors
from foveate_server.engines.detection.faces import FACES
from foveate_server.engines.deterministic import tints
from foveate_server.engines.diffusion_request import DiffusionFacts, DiffusionRequest, Pictures, ShowPreview
from foveate_server.engines.values import Face, Image, Pinned, Rendering, Strip
from foveate_server.json_records import from_json, to_json
from foveate_server.models.catalog import Catalog, CatalogModel
from foveate_shared.errors import CancelledJobError, ErrorCode, InputError, ResourceError
from foveate_shared.geometry import Bounds, Extent, tiles
from foveate_shared.wire.protocol import JsonObject, ModelInfo

SHARPENING = 0.5  # share of the difference from the local mean that is added
BANDS = 8  # of tones between 0 and 1; what lies on their borders is not changed
BENDING = 0.6  # of the tones within a band: 15 of 255 levels at most
SCALES = {"deterministic-x4": 4, "deterministic-x2": 2}  # by the model's name; the first one is the default
FACE_COLOR = (1.0, 0.0, 1.0)  # of the discs that count as faces
LANDMARKS = ((0.3, 0.4), (0.7, 0.4), (0.5, 0.6), (0.35, 0.75), (0.65, 0.75))  # in the frame of a face's box
HALO = 1  # input pixels that a result depends on beyond its own

_LOOKING = "Looking for faces"
_TICK_SECONDS = 0.02  # between two signs of life while waiting
_SMALLEST_TILE = 16  # input pixels
_SMALLEST_FACE = 4  # pixels across
_DISC_FILL = np.pi / 4  # share of its box that a disc takes
_FOREVER = 3600.0  # seconds


class Failure(str, Enum):
    """What can be made to go wrong in the first block of a rendering."""

    KILL = "kill"  # as by `kill -9`, or by a system without memory
    EXIT = "exit"
    HANG = "hang"  # no sign of life, no end
    DEAF = "deaf"  # signs of life, but no ear for a cancel
    MEMORY = "memory"  # a MemoryError that nobody handles
    BUG = "bug"  # an exception that nobody foresaw


@dataclass(frozen=True)
class Options:
    """What the engine's factory understands; whatever else is given is left alone."""

    block_seconds: float = 0.0  # that each tile takes
    tile: int = 128  # longest side of a tile, input pixels, unless pinned
    memory_tile: int | None = None  # larger tiles do not fit: they are halved, with a note
    noise: str = ""  # printed to stdout with every tile, as careless libraries do
    failure: Failure | None = None
    marker: Path | None = None  # the failure happens only where this file is, and takes it away: once, that is


def create(options: JsonObject) -> Engine:
    """Return the engine: the factory that :func:`deterministic_spec` names."""
    known = {name: value for name, value in options.items() if name in Options.__dataclass_fields__}
    return DeterministicEngine(from_json(Options, known))


def deterministic_spec(**options: Any) -> EngineSpec:
    """Return how to get this engine in a worker; the parameters are those of :class:`Options`."""
    return EngineSpec(factory=f"{__name__}:create", catalog=list_catalog, options=to_json(Options(**options)))


def configured_spec(config: ServerConfig) -> EngineSpec:
    """Return this engine for a server: FOVEATE_ENGINE=foveate_server.engines.deterministic.engine:configured_spec."""
    return deterministic_spec()


def list_catalog() -> Catalog:
    """Return the engine's models in a catalog."""
    restorers = (
        ModelInfo(name, f"Deterministic, {scale} times", (), scale, available=True) for name, scale in SCALES.items()
    )
    return Catalog((*map(CatalogModel, restorers), *tints.list_models()))


class DeterministicEngine:
    """See engines.contract.Engine."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._detectors = Detectors(_NoFiles, {FACES.name: find_discs})

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
        """Return `image`, or what is wanted of it, enlarged and sharpened; `exact` and `face` change nothing."""
        del exact, face
        scale = self.model_scale(model)
        wanted = (strip or Strip.whole(image)).wanted
        tile = self._fitting_tile(pinned.tile or self._options.tile, wanted.extent, ticker)
        result = np.empty((wanted.height * scale, wanted.width * scale, 3), np.float32)
        blocks = tiles(wanted, Extent(tile, tile))
        for number, block in enumerate(blocks):
            ticker.give_way()
            ticker.progress("Restoring", number / len(blocks), number + 1, len(blocks))
            self._before_block(ticker)
            target = block.relative_to(wanted).scaled(scale)
            result[target.y : target.bottom, target.x : target.right] = _render_block(image, block, scale)
        ticker.progress("Restoring", 1.0, len(blocks), len(blocks))
        name = model or next(iter(SCALES))
        facts: JsonObject = {"name": name, "sha256": hashlib.sha256(name.encode()).hexdigest()}
        return Rendering(result, scale, facts, "cpu: deterministic", Pinned("float32", tile, 1))

    def model_scale(self, model: str | None) -> int:
        """Return the scale of `model`. Raises InputError for an unknown one."""
        scale = SCALES.get(model or next(iter(SCALES)))
        if scale is None:
            raise InputError(
                f'There is no model "{model}".',
                code=ErrorCode.UNKNOWN_MODEL,
                remedy=f"Choose one of {', '.join(SCALES)}.",
            )
        return scale

    def detect(self, detector: Detector[Found], image: Image, *, min_score: float, ticker: Ticker) -> list[Found]:
        """Return what `detector` finds; faces are discs, see :func:`find_discs`."""
        return self._detectors.detect(detector, image, min_score=min_score, ticker=ticker)

    def diffusion_facts(self, model: str | None) -> DiffusionFacts:
        """Return what there is to know of the deterministic checkpoint. Raises InputError for any other."""
        return tints.facts(model)

    def diffuse(self, request: DiffusionRequest, *, ticker: Ticker, preview: ShowPreview | None = None) -> Pictures:
        """Return the image with tints; as slow, and failing as any rendering: each step is a block."""
        return tints.diffuse(request, self._before_block, ticker, preview)

    def release(self) -> None:
        """Do nothing: it holds no memory."""

    def _fitting_tile(self, tile: int, extent: Extent, ticker: Ticker) -> int:
        """Return the tile that memory allows for an image of `extent`, halving as an engine on a GPU would."""
        limit = self._options.memory_tile
        while limit is not None and min(tile, max(extent.width, extent.height)) > limit:
            tile //= 2
            if tile < _SMALLEST_TILE:
                raise ResourceError(
                    "There is not enough memory even for the smallest tile.",
                    code=ErrorCode.OUT_OF_MEMORY,
                    remedy="Close other programs, then try again.",
                )
            ticker.note(f"Memory is short: tiles of {tile} pixels are used.")
        return tile

    def _before_block(self, ticker: Ticker) -> None:
        options = self._options
        if options.noise:
            print(options.noise)  # noqa: T201  # on purpose: see Options.noise
        if options.failure is not None and _take_away(options.marker):
            _FAILURES[options.failure](ticker)
        _wait(options.block_seconds, ticker.check)


def find_discs(image: Image, min_score: float, ticker: Ticker) -> list[Face]:
    """Return the magenta discs in `image`, best first; the score tells how round they are."""
    ticker.progress(_LOOKING, 0.0)
    red, green, blue = (image[..., channel] for channel in range(3))
    labels, _ = scipy.ndimage.label((red > 0.6) & (green < 0.4) & (blue > 0.6))
    discs = scipy.ndimage.find_objects(labels)
    faces = []
    for number, (rows, columns) in enumerate(discs, 1):
        face = _face(rows, columns, labels[rows, columns])
        faces += [face] if face is not None and face.score >= min_score else []
        ticker.progress(_LOOKING, number / len(discs))
    return sorted(faces, key=lambda face: (-face.score, face.box))


class _NoFiles:
    """Implements engines.contract.ModelFiles: this engine has none."""

    threads = 1

    def __init__(self, ticker: Ticker) -> None:
        """Take the ticker as others do; nothing is fetched."""

    def path(self, model: str) -> Path:
        """Raise ResourceError."""
        raise ResourceError(f"The deterministic engine has no weights of {model}.", code=ErrorCode.MODEL_UNAVAILABLE)

    default_path = path


def _render_block(image: Image, block: Bounds, scale: int) -> Image:
    """Return the enlarged `block` of `image`, (height * scale, width * scale, 3)."""
    height, width = image.shape[:2]
    around = block.pad(HALO)
    rows = np.clip(np.arange(around.y, around.bottom), 0, height - 1)
    columns = np.clip(np.arange(around.x, around.right), 0, width - 1)
    large = _bend(image[np.ix_(rows, columns)]).repeat(scale, axis=0).repeat(scale, axis=1)
    inner = slice(HALO * scale, -HALO * scale)
    sharpened = large + np.float32(SHARPENING) * (large - _local_mean(large))
    return sharpened[inner, inner]


def _bend(image: Image) -> Image:
    """Return `image` with darker tones in the upper half of each band, and lighter ones in the lower half."""
    position = image * np.float32(BANDS) - np.floor(image * np.float32(BANDS))
    curve: Image = position * (1 - position) * (1 - 2 * position)
    return image + np.float32(BENDING) * curve


def _local_mean(image: Image) -> Image:
    """Return the mean of 3 x 3 pixels, summed in the same order everywhere; the outermost pixels wrap around."""
    rows = image + np.roll(image, 1, axis=0) + np.roll(image, -1, axis=0)
    total: Image = rows + np.roll(rows, 1, axis=1) + np.roll(rows, -1, axis=1)
    return total / np.float32(9)


def _face(rows: slice, columns: slice, labels: NDArray[np.int32]) -> Face | None:
    height, width = labels.shape
    if min(height, width) < _SMALLEST_FACE or not 0.6 < width / height < 1.7:
        return None
    fill = float(np.count_nonzero(labels)) / labels.size
    score = 1 - abs(fill - _DISC_FILL)
    x, y = float(columns.start), float(rows.start)
    landmarks = tuple((x + u * width, y + v * height) for u, v in LANDMARKS)
    return Face((x, y, float(width), float(height)), landmarks, score)


def _wait(seconds: float, tick: Callable[[], None]) -> None:
    """Let `seconds` pass, calling `tick` again and again."""
    never = Event()
    tick()
    for _ in range(round(seconds / _TICK_SECONDS)):
        never.wait(_TICK_SECONDS)
        tick()


def _take_away(marker: Path | None) -> bool:
    """Tell whether the failure is due: always without a marker, else where it could be removed."""
    if marker is None:
        return True
    try:
        marker.unlink()
    except FileNotFoundError:
        return False
    return True


def _kill(_: Ticker) -> None:
    os.kill(os.getpid(), getattr(signal, "SIGKILL", signal.SIGTERM))


def _exit(_: Ticker) -> None:
    os._exit(3)


def _hang(_: Ticker) -> None:
    Event().wait(_FOREVER)


def _be_deaf(ticker: Ticker) -> None:
    def tick() -> None:
        try:
            ticker.check()
        except CancelledJobError:
            return

    _wait(_FOREVER, tick)


def _run_out_of_memory(_: Ticker) -> None:
    raise MemoryError("as asked for")


def _stumble(_: Ticker) -> None:
    raise RuntimeError("as asked for")


_FAILURES: dict[Failure, Callable[[Ticker], None]] = {
    Failure.KILL: _kill,
    Failure.EXIT: _exit,
    Failure.HANG: _hang,
    Failure.DEAF: _be_deaf,
    Failure.MEMORY: _run_out_of_memory,
    Failure.BUG: _stumble,
}
