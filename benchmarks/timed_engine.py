"""The engines, telling how long they work: what a job takes beyond that is what the server adds.

A server is told to use them by FOVEATE_ENGINE=benchmarks.timed_engine:timed_spec. Each call's
seconds become a line of the file that FOVEATE_BENCHMARK_TIMES names.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from foveate_server.config.server_config import ServerConfig
from foveate_server.engines.contract import Detector, Engine, EngineSpec, Found, Ticker
from foveate_server.engines.diffusion_request import DiffusionFacts, DiffusionRequest, Pictures, ShowPreview
from foveate_server.engines.engine_specs import suite_spec
from foveate_server.engines.values import Face, Image, Pinned, Rendering, Strip
from foveate_shared.wire.protocol import JsonObject

TIMES_VARIABLE = "FOVEATE_BENCHMARK_TIMES"


def timed_spec(config: ServerConfig) -> EngineSpec:
    """Return how a worker gets it."""
    return replace(suite_spec(config), factory=f"{__name__}:create")


def create(options: JsonObject) -> Engine:
    """Return the engine."""
    from foveate_server.engines import combined

    return TimedEngine(combined.create(options), Path(os.environ[TIMES_VARIABLE]))


@dataclass
class TimedEngine:
    """Passes every call on."""

    engine: Engine
    times: Path

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
        """See engines.contract.Engine."""
        with self._timed():
            return self.engine.upscale(image, model, exact=exact, pinned=pinned, ticker=ticker, face=face, strip=strip)

    def model_scale(self, model: str | None) -> int:
        """See engines.contract.Engine."""
        return self.engine.model_scale(model)

    def detect(self, detector: Detector[Found], image: Image, *, min_score: float, ticker: Ticker) -> list[Found]:
        """See engines.contract.Engine."""
        with self._timed():
            return self.engine.detect(detector, image, min_score=min_score, ticker=ticker)

    def diffusion_facts(self, model: str | None) -> DiffusionFacts:
        """See engines.contract.Engine."""
        return self.engine.diffusion_facts(model)

    def diffuse(self, request: DiffusionRequest, *, ticker: Ticker, preview: ShowPreview | None = None) -> Pictures:
        """See engines.contract.Engine."""
        with self._timed():
            return self.engine.diffuse(request, ticker=ticker, preview=preview)

    def release(self) -> None:
        """See engines.contract.Engine."""
        self.engine.release()

    @contextmanager
    def _timed(self) -> Iterator[None]:
        start = time.perf_counter()
        yield
        with self.times.open("a", encoding="ascii") as file:
            file.write(f"{time.perf_counter() - start}\n")


def take_seconds(times: Path) -> float:
    """Return the seconds of all calls since the last time."""
    seconds = sum(map(float, times.read_text(encoding="ascii").split())) if times.exists() else 0.0
    times.unlink(missing_ok=True)
    return seconds
