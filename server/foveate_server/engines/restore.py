"""The restoration engine: Real-ESRGAN and whatever else spandrel can load, behind the Engine protocol."""

from __future__ import annotations

import gc
from collections import OrderedDict
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch

from foveate_server.engines import alignment, fitting, precision
from foveate_server.engines.base import Face, Image, Pinned, Rendering, Ticker
from foveate_server.engines.checkpoint import load
from foveate_server.engines.fetching import Fetching
from foveate_server.engines.network import Network
from foveate_server.engines.tiling import HaloTiles, TileExecutor
from foveate_server.engines.watch import Meter
from foveate_server.imaging.resize import resize
from foveate_server.models.entry import ModelEntry
from foveate_server.models.registry import Registry
from foveate_shared.errors import ErrorCode, InputError, ResourceError
from foveate_shared.geometry import Extent
from foveate_shared.protocol import JsonObject

if TYPE_CHECKING:
    from foveate_server.detect.centerface import CenterFace

_STAGE = "Restoring"
_MAX_TILE = 1024  # input px: above, the halo costs next to nothing, and memory only grows
_MIN_TILE = 64
_MEMORY_SHARE = 3  # a tile may take one part in so many of the free memory: other programs live here too
_HALF_SHARE = 0.6  # of float32's memory that a pass in 16 bits takes: its sums stay in float32
_MAX_NETWORKS = 2  # in memory at once: documents of 8 and of 16 bit want the same one in two precisions


def create(options: JsonObject) -> RestorationEngine:
    """Return the engine that `catalog.restoration_spec` names. Raises ResourceError where the device is not there."""
    registry = Registry(Path(str(options["models_dir"])), offline=bool(options.get("offline", False)))
    device = precision.choose_device(str(options.get("device", "auto")))
    return RestorationEngine(registry, device, threads=int(str(options.get("threads", 0))))


class RestorationEngine:
    """Implements engines.base.Engine on one device."""

    def __init__(
        self, registry: Registry, device: torch.device, *, threads: int = 0, executor: TileExecutor | None = None
    ) -> None:
        """`threads` 0 means all cores; `executor` is how large images are run, in tiles with a halo unless given."""
        self._registry = registry
        self._device = device
        self._threads = threads
        self._executor = HaloTiles() if executor is None else executor
        # Loaded networks by (model's hash, dtype), the most recently used one last; only this object touches it.
        self._networks: OrderedDict[tuple[str, torch.dtype], Network] = OrderedDict()
        self._detector: CenterFace | None = None

    def upscale(
        self,
        image: Image,
        model: str | None,
        *,
        exact: bool,
        pinned: Pinned,
        ticker: Ticker,
        face: Face | None = None,
    ) -> Rendering:
        """See engines.base.Engine. Runs on the CPU in bfloat16 or on a GPU in float16 unless `exact`."""
        entry = self._entry(model)
        _check_image(image)
        with precision.reproducible(pinned.threads or self._threads) as threads:
            network, dtype = self._network(entry, exact=exact, pinned=pinned.dtype, ticker=ticker)
            tile = pinned.tile or self._tile_for(network, dtype)
            result, tile = self._run(network, image, tile, ticker, face)
            if dtype is not torch.float32 and not np.isfinite(result).all():
                ticker.note(f"The model overflowed in {precision.dtype_name(dtype)}; it is run again in float32.")
                network, dtype = self._network(entry, exact=True, pinned=None, ticker=ticker)
                result, tile = self._run(network, image, tile, ticker, face)
        np.clip(result, 0.0, 1.0, out=result)  # the network rings where its input is at a limit
        facts = Pinned(precision.dtype_name(dtype), tile, threads)
        model_facts: JsonObject = {"name": entry.name, "sha256": entry.sha256}
        return Rendering(result, network.scale, model_facts, precision.describe_device(self._device), facts)

    def model_scale(self, model: str | None) -> int:
        """See engines.base.Engine. Needs no weights."""
        return self._entry(model).scale

    def detect_faces(self, image: Image, *, min_score: float, ticker: Ticker) -> list[Face]:
        """See engines.base.Engine. Raises ResourceError where the detector's weights are not to be had."""
        from foveate_server.detect.centerface import CenterFace  # noqa: PLC0415 - onnxruntime only where it is needed

        if self._detector is None:
            name = self._registry.default("detect").name
            self._detector = CenterFace(self._registry.path(name, Fetching(ticker, name)), self._threads)
        return self._detector.detect(image, min_score, ticker)

    def release(self) -> None:
        """See engines.base.Engine."""
        self._networks.clear()
        self._detector = None
        gc.collect()  # hooks and modules refer to each other
        precision.empty_cache(self._device)

    def _entry(self, model: str | None) -> ModelEntry:
        entry = self._registry.default() if model is None else self._registry.entry(model)
        if entry.kind != "restore":
            raise InputError(
                f"The model {entry.name} does not restore images.",
                code=ErrorCode.UNKNOWN_MODEL,
                remedy=f"Choose another one, such as {self._registry.default().name}.",
            )
        return entry

    def _network(
        self, entry: ModelEntry, *, exact: bool, pinned: str | None, ticker: Ticker
    ) -> tuple[Network, torch.dtype]:
        """Return the network of `entry` on the device, and the dtype that it computes in; loads it where needed."""
        for (sha256, dtype), network in reversed(self._networks.items()):
            if sha256 == entry.sha256 and dtype is self._dtype(network, exact=exact, pinned=pinned):
                self._networks.move_to_end((sha256, dtype))
                return network, dtype
        network = load(self._registry.path(entry.name, Fetching(ticker, entry.name))).network
        dtype = self._dtype(network, exact=exact, pinned=pinned)
        while len(self._networks) >= _MAX_NETWORKS:
            self._networks.popitem(last=False)
        network.lower(dtype)
        network.module.eval().requires_grad_(requires_grad=False)
        network.module.to(self._device)
        network.module.to(memory_format=network.layout)  # type: ignore[call-overload]  # missing in torch's types
        self._networks[entry.sha256, dtype] = network
        return network, dtype

    def _dtype(self, network: Network, *, exact: bool, pinned: str | None) -> torch.dtype:
        return precision.choose_dtype(network, self._device, exact=exact, pinned=pinned)

    def _tile_for(self, network: Network, dtype: torch.dtype) -> int:
        """Return the side of the largest tile, in input pixels, that memory allows; a multiple of 64 px."""
        bytes_per_pixel = network.bytes_per_pixel * (1.0 if dtype is torch.float32 else _HALF_SHARE)
        area = precision.free_memory(self._device) / _MEMORY_SHARE / bytes_per_pixel
        side = int(area**0.5) - 2 * network.halo
        return min(_MAX_TILE, max(_MIN_TILE, side // 64 * 64))

    def _run(self, network: Network, image: Image, tile: int, ticker: Ticker, face: Face | None) -> tuple[Image, int]:
        """Return the result and the tile that it was made with in the end, which shrinks where memory runs out."""
        longest = max(image.shape[:2])
        meter = Meter(ticker, _STAGE)
        while True:
            try:
                return self._run_fitted(network, image, tile, meter, face), tile
            except RuntimeError as error:
                if not precision.is_out_of_memory(error):
                    raise
                smaller = max(_MIN_TILE, min(tile, longest) // 2)
                if network.fit.needs_all or smaller >= min(tile, longest):
                    raise _out_of_memory(self._device) from error
                tile = smaller
            # Outside of the handler, whose traceback keeps the failed pass's tensors alive.
            gc.collect()
            precision.empty_cache(self._device)
            ticker.note(f"Memory ran out; going on with tiles of {tile} pixels.")

    def _run_fitted(self, network: Network, image: Image, tile: int, meter: Meter, face: Face | None) -> Image:
        """Run the network on `image` brought to the size that it knows, if it knows but one; faces aligned."""
        if network.fit.needs_all:
            tile = max(tile, *image.shape[:2])
        if network.fit.square is None:
            return self._executor.run(network, image, device=self._device, tile=tile, meter=meter)
        side, extent = network.fit.square, Extent(image.shape[1], image.shape[0]).scaled(network.scale)
        similarity = None if face is None else alignment.aligning(face, side)
        if similarity is None:
            fitted = fitting.to_square(image, side)
            result = self._executor.run(network, fitted, device=self._device, tile=side, meter=meter)
            return fitting.from_square(result, extent)
        square = alignment.aligned(image, similarity, side)
        result = self._executor.run(network, square, device=self._device, tile=side, meter=meter)
        return alignment.put_back(result, resize(image, extent), similarity.scaled(network.scale))


def _check_image(image: Image) -> None:
    if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.float32 or not image.size:
        raise ValueError(f"an engine takes (height, width, 3) in float32, not {image.shape} in {image.dtype}")


def _out_of_memory(device: torch.device) -> ResourceError:
    return ResourceError(
        f"The memory of the device ({device.type}) is not enough, even for the smallest tile.",
        code=ErrorCode.OUT_OF_MEMORY,
        remedy="Close other programs that use it, choose a smaller model, or set the device to cpu.",
    )
