"""The detectors of a worker: each is made when it is first asked, and let go when memory is wanted."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from foveate_server.engines.contract import Detector, Find, Found, ModelFiles, Ticker
from foveate_server.engines.show_downloads import Fetching
from foveate_server.engines.values import Image
from foveate_server.models.registry import Registry
from foveate_shared.wire.protocol import DETECT


class RegistryFiles:
    """Implements engines.contract.ModelFiles over the registry; downloads show in the job that waits for them."""

    def __init__(self, registry: Registry, threads: int, ticker: Ticker) -> None:
        self.threads = threads
        self._registry = registry
        self._ticker = ticker

    def path(self, model: str) -> Path:
        """See ModelFiles."""
        return self._registry.path(model, Fetching(self._ticker, model))

    def default_path(self, architecture: str) -> Path:
        """See ModelFiles."""
        return self.path(self._registry.default(DETECT, architecture).name)


class Detectors:
    """Runs detectors by their names."""

    def __init__(
        self, files: Callable[[Ticker], ModelFiles], instead: Mapping[str, Find[Any]] = MappingProxyType({})
    ) -> None:
        """`files` is what a detector that is made gets, for the job that waits for it.

        `instead` does, by name, what some of the detectors would do.
        """
        self._files = files
        self._instead = instead
        self._made: dict[str, Find[Any]] = {}  # by name of detector; only this object touches it

    @classmethod
    def of(cls, registry: Registry, threads: int = 0) -> Detectors:
        """Return those whose weights `registry` has; `threads` 0 means all cores."""
        return cls(lambda ticker: RegistryFiles(registry, threads, ticker))

    def detect(self, detector: Detector[Found], image: Image, *, min_score: float, ticker: Ticker) -> list[Found]:
        """See engines.contract.Engine."""
        find: Find[Found] | None = self._instead.get(detector.name) or self._made.get(detector.name)
        if find is None:
            find = self._made[detector.name] = detector.create(self._files(ticker))
        return find(image, min_score, ticker)

    def release(self) -> None:
        """Give their memory back; the next call makes them again."""
        self._made.clear()
