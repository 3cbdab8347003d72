"""Shows downloads that a job waits for."""

from __future__ import annotations

import time
from collections.abc import Callable

from foveate_server.engines.contract import Ticker
from foveate_shared.i18n.sentence import Sentence

_TOLD_EVERY = 1.0  # seconds, how long it will take


class Fetching:
    """Shows a download: the time that it takes counts; the item's own work, whose fraction stays where it is, waits."""

    def __init__(self, ticker: Ticker, model: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._ticker = ticker
        self._clock = clock
        self._stage = Sentence("Fetching the model {model}", model=model)
        self._began: float | None = None  # by the clock
        self._told = 0.0  # likewise, when it was last told how long it will take

    def __call__(self, done: int, total: int) -> None:
        """See models.download_progress.DownloadProgress; raises CancelledJobError where the job was cancelled."""
        now = self._clock()
        if self._began is None:
            self._began = self._told = now
        if done and now - self._told >= _TOLD_EVERY:
            self._told = now
            self._ticker.get_ready(self._stage, (now - self._began) * (total - done) / done)
        else:
            self._ticker.progress(self._stage, 0.0)
