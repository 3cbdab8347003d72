"""The user's own file: copied into the cache when it is added, so that it stays what it was."""

from __future__ import annotations

from pathlib import Path

from foveate_server.models.entry import ModelEntry
from foveate_server.models.progress import Progress
from foveate_server.models.sources.base import unavailable


class FileSource:
    """Copies a file of this machine (the file's `path`)."""

    remote = False

    def installed(self, entry: ModelEntry) -> Path | None:
        """Return None: the cache's copy is the only one that counts."""
        return None

    def fetch(self, entry: ModelEntry, folder: Path, progress: Progress) -> None:
        """Copy the files, as long as they are still where they were."""
        try:
            for file in entry.files:
                copy(Path(file.path), folder / file.name, progress)
        except FileNotFoundError as error:
            remedy = f"Put it back there, or add it again: foveate models add FILE --name {entry.name}"
            raise unavailable(f"The model {entry.name}", f"{error.filename} is gone", remedy) from error


def copy(source: Path, target: Path, progress: Progress) -> None:
    """Copy `source` to `target` in chunks, telling `progress`."""
    total, done = source.stat().st_size, 0
    with source.open("rb") as reader, target.open("wb") as writer:
        while chunk := reader.read(1 << 22):
            writer.write(chunk)
            done += len(chunk)
            progress(done, total)
