"""The restoration engine: Real-ESRGAN and whatever else spandrel can load."""

from __future__ import annotations

import gc
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from foveate_server.engines import device_precision
from foveate_server.engines.contract import Ticker
from foveate_server.engines.kept_memory import KeptMemory
from foveate_server.engines.layer_hooks import Meter
from foveate_server.engines.restoration import face_alignment, square_input
from foveate_server.engines.restoration.halo_tiles import HaloTiles, TileExecutor
from foveate_server.engines.restoration.load_network import load
from foveate_server.engines.restoration.network import Network
from foveate_server.engines.restoration.strip_continuation import RowStreams
from foveate_server.engines.show_downloads import Fetching
from foveate_server.engines.values import UNCUT, Face, Image, Pinned, Rendering, Strip
from foveate_server.imaging.resize import resize
from foveate_server.models.entry import ModelEntry
from foveate_server.models.registry import Registry
from foveate_shared.errors import ErrorCode, InputError, ResourceError
from foveate_shared.geometry import Extent
from foveate_shared.i18n.sentence import Sentence
from foveate_shared.wire.protocol import JsonObject

_STAGE = "Restoring"
_MAX_TILE = 2304  # input px: no strip that an operation cuts is wider
_MIN_TILE = 64
_MEMORY_SHARE = 3  # a tile may take one part in so many of the free memory: other programs live here too
_ROWS_SHARE = 2  # likewise, a result and what layers hold of its rows: with less, all takes several times as long
_HALF_SHARE = 0.6  # of float32's memory that a pass in 16 bits takes: its sums stay in float32
_MAX_NETWORKS = 2  # in memory at once: documents of 8 and of 16 bit want the same one in two precisions


def create(options: JsonObject, kept: KeptMemory | None = None) -> RestorationEngine:
    """Return the engine. Raises ResourceError where the device is not there."""
    registry = Registry(Path(str(options["models_dir"])), offline=bool(options.get("offline", False)))
    device = device_precision.choose_device(str(options.get("device", "auto")))
    return RestorationEngine(registry, device, threads=int(str(options.get("threads", 0))), kept=kept)


class RestorationEngine:
    """Implements what engines.contract.Engine says of restoring, on one device."""

    def __init__(
        self,
        registry: Registry,
        device: torch.device,
        *,
        threads: int = 0,
        executor: TileExecutor | None = None,
        kept: KeptMemory | None = None,
    ) -> None:
        """`threads` 0 means all cores; `executor` is how images are run; unless given, in rows or in tiles.

        `kept` is shared with whatever else loads weights into the device's memory.
        """
        self._registry = registry
        self._device = device
        self._threads = threads
        self._tiles = HaloTiles() if executor is None else executor
        self._rows = RowStreams()
        # A card is not filled by a few rows at a time, and has memory for large tiles.
        self._allows_rows = executor is None and device.type == "cpu"
        # Loaded networks by (model's hash, dtype), the most recently used one last; only this object touches it.
        self._networks: OrderedDict[tuple[str, torch.dtype], Network] = OrderedDict()
        self._kept = kept or KeptMemory()
        # In the midst of a pass that gave way, where it must not be entered again: another copy is loaded.
        self._entered: list[Network] = []

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
        """See engines.contract.Engine. Runs on the CPU in bfloat16 or on a GPU in float16 unless `exact`.

        Where a CPU has no memory for rows and must cut the image into tiles, it runs in float32 too.
        """
        entry = self._entry(model)
        _check_image(image)
        given = _Input(image, strip or Strip.whole(image), face)
        with device_precision.reproducible(pinned.threads or self._threads) as threads:
            made = self._run(entry, given, exact=exact, pinned=pinned, ticker=ticker)
            if made.dtype is not torch.float32 and not np.isfinite((made.image.min(), made.image.max())).all():
                ticker.note(
                    Sentence(
                        "The model overflowed in {precision}; it is run again in float32.",
                        precision=device_precision.dtype_name(made.dtype),
                    )
                )
                made = self._run(entry, given, exact=True, pinned=Pinned(tile=made.tile), ticker=ticker)
        np.clip(made.image, 0.0, 1.0, out=made.image)  # the network rings where its input is at a limit
        facts = Pinned(device_precision.dtype_name(made.dtype), made.tile, threads)
        model_facts: JsonObject = {"name": entry.name, "sha256": entry.sha256}
        return Rendering(
            made.image, made.network.scale, model_facts, device_precision.describe_device(self._device), facts
        )

    def model_scale(self, model: str | None) -> int:
        """See engines.contract.Engine. Needs no weights."""
        return self._entry(model).scale

    def release(self) -> None:
        """See engines.contract.Engine."""
        self._networks.clear()
        self._rows.release()
        self._free()  # hooks and modules refer to each other

    def _entry(self, model: str | None) -> ModelEntry:
        entry = self._registry.default() if model is None else self._registry.entry(model, wanted="restore")
        if entry.kind != "restore":
            raise InputError(
                "The model {name} does not restore images.",
                code=ErrorCode.UNKNOWN_MODEL,
                remedy="Choose another one, such as {other}.",
                name=entry.name,
                other=self._registry.default().name,
            )
        return entry

    def _network(
        self, entry: ModelEntry, *, exact: bool, pinned: str | None, ticker: Ticker
    ) -> tuple[Network, torch.dtype]:
        """Return the network of `entry` on the device, and the dtype that it computes in; loads it where needed."""
        for (sha256, dtype), network in reversed(self._networks.items()):
            if network in self._entered:
                continue
            if sha256 == entry.sha256 and dtype is self._dtype(network, exact=exact, pinned=pinned):
                self._networks.move_to_end((sha256, dtype))
                return network, dtype
        network = load(self._registry.path(entry.name, Fetching(ticker, entry.name))).network
        dtype = self._dtype(network, exact=exact, pinned=pinned)
        while len(self._networks) >= _MAX_NETWORKS:
            self._networks.popitem(last=False)
            self._rows.release()  # what waits may be of that one
        network.lower(dtype)
        network.module.eval().requires_grad_(requires_grad=False)
        network.module.to(self._device)
        network.module.to(memory_format=network.layout)  # type: ignore[call-overload]  # missing in torch's types
        self._networks[entry.sha256, dtype] = network
        return network, dtype

    def _dtype(self, network: Network, *, exact: bool, pinned: str | None) -> torch.dtype:
        return device_precision.choose_dtype(network.dtypes, self._device, exact=exact, pinned=pinned)

    def _run(self, entry: ModelEntry, given: _Input, *, exact: bool, pinned: Pinned, ticker: Ticker) -> _Made:
        """Return what the model makes of `given`: in rows where it can, else in tiles. `pinned` is a recipe's."""
        meter = Meter(ticker, _STAGE)
        network, dtype = self._network(entry, exact=exact, pinned=pinned.dtype, ticker=ticker)
        tile, ran_out = pinned.tile, False
        column = self._column_for(network, given, tile)
        if column:
            try:
                with self._kept.keep(_bytes_in_rows(network, given.strip, column)):
                    image = self._run_fitted(self._rows, network, given, column, meter)
                return _Made(image, network, dtype, tile or UNCUT)
            except RuntimeError as error:
                if not device_precision.is_out_of_memory(error):
                    raise
            self._rows.release()
            self._free()
            tile, ran_out = None, True
        if dtype is torch.bfloat16 and pinned.dtype is None:  # too coarse to be cut: see the tests of tiles
            network, dtype = self._network(entry, exact=True, pinned=None, ticker=ticker)
        tile = tile or self._tile_for(network, given.strip)
        if ran_out:
            ticker.note(_smaller(tile))
        image, tile = self._run_tiles(network, given, tile, meter, ticker)
        return _Made(image, network, dtype, tile)

    def _column_for(self, network: Network, given: _Input, tile: int | None) -> int:
        """Return how wide columns may be that run in rows, input px; 0 where none can, or a recipe's were tiles."""
        if not self._allows_rows or network.streaming is None:
            return 0
        if tile is not None and tile < max(given.image.shape[:2]):
            return 0
        result = _result_bytes(network, given.strip)

        def widest() -> int:
            memory = max(0, device_precision.free_memory(self._device) // _ROWS_SHARE - result)
            return self._rows.widest(network, given.image, given.strip, _itemsize(network), memory)

        column = widest()
        if column < given.strip.wanted.width:
            self._rows.release()  # what waits for others' strips
            column = widest()
        return column or tile or 0

    def _tile_for(self, network: Network, strip: Strip) -> int:
        """Return the longest side of a tile, in input pixels, that memory allows; a multiple of 64 px."""
        area = device_precision.free_memory(self._device) / _MEMORY_SHARE / _bytes_per_pixel(network)
        shorter = min(strip.wanted.width, strip.wanted.height) + 2 * network.halo
        side = int(max(area**0.5, area / shorter)) - 2 * network.halo  # as wide as a strip is flat
        return min(_MAX_TILE, max(_MIN_TILE, side // 64 * 64))

    def _run_tiles(self, network: Network, given: _Input, tile: int, meter: Meter, ticker: Ticker) -> tuple[Image, int]:
        """Return the result and the tile that it was made with in the end, which shrinks where memory runs out."""
        longest = max(given.strip.wanted.width, given.strip.wanted.height)
        while True:
            try:
                with self._kept.keep(_bytes_in_tiles(network, given.strip, tile)), self._entering(network):
                    return self._run_fitted(self._tiles, network, given, tile, meter), tile
            except RuntimeError as error:
                if not device_precision.is_out_of_memory(error):
                    raise
                smaller = max(_MIN_TILE, min(tile, longest) // 2)
                if network.fit.needs_all or smaller >= min(tile, longest):
                    raise _out_of_memory(self._device) from error
                tile = smaller
            # Outside of the handler, whose traceback keeps the failed pass's tensors alive.
            self._free()
            ticker.note(_smaller(tile))

    def _run_fitted(self, executor: TileExecutor, network: Network, given: _Input, tile: int, meter: Meter) -> Image:
        """Run the network as it wants: on strips, or on all at once of an image of the size that it knows."""
        if not network.fit.needs_all:
            return executor.run(network, given.image, given.strip, device=self._device, tile=tile, meter=meter)

        def run_whole(image: Image) -> Image:
            longest = max(image.shape[:2])
            return executor.run(network, image, Strip.whole(image), device=self._device, tile=longest, meter=meter)

        wanted = given.strip.wanted
        seen = wanted.pad(network.halo).intersect(Strip.whole(given.image).wanted)
        result = _fitted(network, given.image[seen.y : seen.bottom, seen.x : seen.right], given.face, run_whole)
        inside = wanted.relative_to(seen).scaled(network.scale)
        return result[inside.y : inside.bottom, inside.x : inside.right]

    @contextmanager
    def _entering(self, network: Network) -> Iterator[None]:
        self._entered.append(network)
        try:
            yield
        finally:
            self._entered.pop()

    def _free(self) -> None:
        gc.collect()
        device_precision.empty_cache(self._device)


@dataclass(frozen=True)
class _Made:
    """A result, and what it was made with."""

    image: Image
    network: Network
    dtype: torch.dtype
    tile: int  # in the end, smaller where memory ran out; UNCUT where the result is as of one


@dataclass(frozen=True)
class _Input:
    """What a network is run on."""

    image: Image
    strip: Strip
    face: Face | None


def _fitted(network: Network, image: Image, face: Face | None, run: Callable[[Image], Image]) -> Image:
    """Return what `run` makes of the image: of all of it at once, as the network wants it."""
    side, extent = network.fit.square, Extent(image.shape[1], image.shape[0]).scaled(network.scale)
    if side is None:
        return run(image)
    similarity = None if face is None else face_alignment.aligning(face, side)
    if similarity is None:
        return square_input.from_square(run(square_input.to_square(image, side)), extent)
    square = run(face_alignment.aligned(image, similarity, side))
    return face_alignment.put_back(square, resize(image, extent), similarity.scaled(network.scale))


def _itemsize(network: Network) -> int:
    """Return the bytes of a value of the inner layers."""
    return 4 if network.is_exact else 2


def _bytes_per_pixel(network: Network) -> float:
    return network.bytes_per_pixel * (1.0 if network.is_exact else _HALF_SHARE)


def _result_bytes(network: Network, strip: Strip) -> int:
    return strip.wanted.scaled(network.scale).area * 3 * 4


def _bytes_in_rows(network: Network, strip: Strip, column: int) -> int:
    """Return what a run in rows of such columns holds at most."""
    assert network.streaming is not None  # noqa: S101 - without it there are no rows
    seen = min(column, strip.wanted.width) + 2 * network.streaming.radius
    return network.streaming.column_bytes(_itemsize(network)) * seen + _result_bytes(network, strip)


def _bytes_in_tiles(network: Network, strip: Strip, tile: int) -> int:
    """Return what a run in tiles of at most `tile` takes at most."""
    width, height = (min(tile, side) + 2 * network.halo for side in (strip.wanted.width, strip.wanted.height))
    return int(width * height * _bytes_per_pixel(network)) + _result_bytes(network, strip)


def _check_image(image: Image) -> None:
    if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.float32 or not image.size:
        raise ValueError(f"an engine takes (height, width, 3) in float32, not {image.shape} in {image.dtype}")


def _smaller(tile: int) -> str:
    return Sentence("Memory ran out; going on with tiles of {tile} pixels.", tile=tile)


def _out_of_memory(device: torch.device) -> ResourceError:
    return ResourceError(
        "The memory of the device ({device}) is not enough, even for the smallest tile.",
        code=ErrorCode.OUT_OF_MEMORY,
        remedy="Close other programs that use it, choose a smaller model, or set the device to cpu.",
        device=device.type,
    )
