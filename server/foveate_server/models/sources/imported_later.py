"""A source whose module is imported once something is fetched: most processes fetch nothing, and HTTP takes long."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from pkgutil import resolve_name

from foveate_server.models.download_progress import DownloadProgress
from foveate_server.models.entry import ModelEntry
from foveate_server.models.sources.contract import Source


@dataclass
class ImportedLater:
    """A source over the network, of which nothing is installed."""

    name: str  # "module:class"
    remote: bool = True

    def installed(self, entry: ModelEntry) -> Path | None:
        """Return None: what comes over the network lies in the cache alone."""
        return None

    def resolved(self, entry: ModelEntry, folder: Path, progress: DownloadProgress) -> ModelEntry:
        """See Source."""
        return self._source.resolved(entry, folder, progress)

    def fetch(self, entry: ModelEntry, folder: Path, progress: DownloadProgress) -> None:
        """See Source."""
        self._source.fetch(entry, folder, progress)

    @cached_property
    def _source(self) -> Source:
        source: Source = resolve_name(self.name)()
        return source
