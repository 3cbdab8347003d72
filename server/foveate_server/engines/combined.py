"""The worker's engine: restoration, diffusion and detectors side by side, each loaded when it is first needed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from foveate_server.engines.contract import Detector, Found, Ticker
from foveate_server.engines.detection.detectors import Detectors
from foveate_server.engines.diffusion_request import DiffusionFacts, DiffusionRequest, Pictures, ShowPreview
from foveate_server.engines.kept_memory import KeptMemory
from foveate_server.engines.restoration.engine import RestorationEngine
from foveate_server.engines.restoration.engine import create as create_restoration
from foveate_server.engines.safety_scores import Judge
from foveate_server.engines.values import Face, Image, Pinned, Rendering, Strip
from foveate_server.models.registry import Registry
from foveate_shared.wire.protocol import JsonObject

if TYPE_CHECKING:
    from foveate_server.engines.diffusion.engine import DiffusionEngine


def create(options: JsonObject) -> SuiteEngine:
    """Return the engine that `engine_specs.suite_spec` names. Raises ResourceError where the device is not there."""
    kept = KeptMemory()

    def create_diffusion() -> DiffusionEngine:
        from foveate_server.engines.diffusion.engine import create  # noqa: PLC0415 - seconds to import

        return create(options, kept)

    registry = Registry(Path(str(options["models_dir"])), offline=bool(options.get("offline", False)))
    threads = int(str(options.get("threads", 0)))
    judge = Judge(registry, str(options.get("safety", "off")), threads)
    return SuiteEngine(create_restoration(options, kept), create_diffusion, Detectors.of(registry, threads), judge)


class SuiteEngine:
    """Implements engines.contract.Engine: who only restores never loads what diffusion needs."""

    def __init__(
        self,
        restoration: RestorationEngine,
        create_diffusion: Callable[[], DiffusionEngine],
        detectors: Detectors,
        judge: Judge,
    ) -> None:
        self._restoration = restoration
        self._detectors = detectors
        self._create_diffusion = create_diffusion
        self._judge = judge
        self._diffusion: DiffusionEngine | None = None  # from when it is first asked for

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
        return self._restoration.upscale(
            image, model, exact=exact, pinned=pinned, ticker=ticker, face=face, strip=strip
        )

    def model_scale(self, model: str | None) -> int:
        """See engines.contract.Engine."""
        return self._restoration.model_scale(model)

    def detect(self, detector: Detector[Found], image: Image, *, min_score: float, ticker: Ticker) -> list[Found]:
        """See engines.contract.Engine."""
        return self._detectors.detect(detector, image, min_score=min_score, ticker=ticker)

    def diffusion_facts(self, model: str | None) -> DiffusionFacts:
        """See engines.contract.Engine."""
        return self._with_diffusion().facts(model)

    def diffuse(self, request: DiffusionRequest, *, ticker: Ticker, preview: ShowPreview | None = None) -> Pictures:
        """See engines.contract.Engine."""
        shown = preview if self._judge.allows_previews else None
        made = self._with_diffusion().diffuse(request, ticker=ticker, preview=shown)
        return replace(made, flags=self._judge.scores(made.images, ticker))

    def release(self) -> None:
        """See engines.contract.Engine."""
        self._restoration.release()
        self._detectors.release()
        self._judge.release()
        if self._diffusion is not None:
            self._diffusion.release()

    def _with_diffusion(self) -> DiffusionEngine:
        if self._diffusion is None:
            self._diffusion = self._create_diffusion()
        return self._diffusion
