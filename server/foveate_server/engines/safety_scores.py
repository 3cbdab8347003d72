"""Scores what checkpoints made for decency, where the owner of the server wants it; loaded at first use."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from foveate_server.engines.contract import Ticker
from foveate_server.engines.show_downloads import Fetching
from foveate_server.engines.values import Image
from foveate_server.models.registry import Registry

if TYPE_CHECKING:
    from foveate_server.engines.detection.safety_classifier import SafetyClassifier

CONCEALING = ("blur", "refuse")  # settings with which nobody shall see the picture before it was judged
_STAGE = "Looking at the result"


class Judge:
    """Tells how indecent pictures are."""

    def __init__(self, registry: Registry, setting: str, threads: int = 0) -> None:
        """`setting` is the owner's, see ServerConfig.safety; `threads` 0 means all cores."""
        self._registry = registry
        self._setting = setting
        self._threads = threads
        self._classifier: SafetyClassifier | None = None  # from when it is first needed

    @property
    def allows_previews(self) -> bool:
        """Tell whether unfinished pictures may be shown."""
        return self._setting not in CONCEALING

    def scores(self, images: Sequence[Image], ticker: Ticker) -> tuple[float, ...]:
        """Return a score from 0 to 1 per image; none where the owner wants none.

        Raises ResourceError where the classifier's weights are not to be had.
        """
        if self._setting == "off":
            return ()
        classifier = self._loaded(ticker)
        scores = []
        for number, image in enumerate(images):
            ticker.progress(_STAGE, number / len(images))
            scores.append(classifier.score(image))
        return tuple(scores)

    def release(self) -> None:
        """Give the classifier's memory back."""
        self._classifier = None

    def _loaded(self, ticker: Ticker) -> SafetyClassifier:
        from foveate_server.engines.detection.safety_classifier import SafetyClassifier  # noqa: PLC0415 - onnxruntime only where it is needed

        if self._classifier is None:
            name = self._registry.default("safety").name
            self._classifier = SafetyClassifier(self._registry.path(name, Fetching(ticker, name)), self._threads)
        return self._classifier
