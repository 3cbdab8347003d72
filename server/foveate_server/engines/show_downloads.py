"""Shows downloads that a job waits for."""

from __future__ import annotations

from foveate_server.engines.contract import Ticker
from foveate_shared.i18n.sentence import Sentence

_MEGABYTE = 1_000_000


class Fetching:
    """Shows a download by its megabytes: it is no part of the item's own work, whose fraction stays where it is."""

    def __init__(self, ticker: Ticker, model: str) -> None:
        self._ticker = ticker
        self._stage = Sentence("Fetching the model {model} (MB)", model=model)

    def __call__(self, done: int, total: int) -> None:
        """See models.download_progress.Progress; raises CancelledJobError where the job was cancelled."""
        self._ticker.progress(self._stage, 0.0, done // _MEGABYTE, total // _MEGABYTE)
