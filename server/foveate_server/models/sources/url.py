"""Files by HTTPS, each from its own address."""

from __future__ import annotations

from pathlib import Path

import requests

from foveate_server.models.download_progress import DownloadProgress, Shifted, begin_file
from foveate_server.models.entry import ModelEntry
from foveate_server.models.sources.download import Download, fetch


class UrlSource:
    """Fetches each file from its own URL (the file's `path`)."""

    remote = True

    def installed(self, entry: ModelEntry) -> Path | None:
        """Return None: nothing from a URL is installed."""
        return None

    def resolved(self, entry: ModelEntry, folder: Path, progress: DownloadProgress) -> ModelEntry:
        """Return `entry` as it is: its files are known."""
        return entry

    def fetch(self, entry: ModelEntry, folder: Path, progress: DownloadProgress) -> None:
        """Download every file; a partial one, `*.part`, is kept for the next attempt."""
        done = 0
        with requests.Session() as session:
            for number, file in enumerate(entry.files, 1):
                begin_file(progress, number, len(entry.files))
                target = folder / file.name
                if not target.exists():
                    target.parent.mkdir(parents=True, exist_ok=True)
                    fetch(session, Download(file.path, file.size), target, Shifted(progress, done, entry.size))
                done += file.size
