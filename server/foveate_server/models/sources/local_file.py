"""The user's own files: linked or copied into the cache when they are added, so that they stay what they were."""

from __future__ import annotations

from pathlib import Path

from foveate_server.models.download_progress import DownloadProgress, Shifted
from foveate_server.models.entry import ModelEntry
from foveate_server.models.sources.contract import unavailable
from foveate_shared.i18n.sentence import Sentence


class FileSource:
    """Brings files of this machine (each file's `path`)."""

    remote = False

    def installed(self, entry: ModelEntry) -> Path | None:
        """Return None: the cache's copy is the only one that counts."""
        return None

    def resolved(self, entry: ModelEntry, folder: Path, progress: DownloadProgress) -> ModelEntry:
        """Return `entry` as it is: its files are known."""
        return entry

    def fetch(self, entry: ModelEntry, folder: Path, progress: DownloadProgress) -> None:
        """Link the files where the disk allows it, else copy them, as long as they are still where they were."""
        try:
            done = 0
            for file in entry.files:
                (folder / file.name).parent.mkdir(parents=True, exist_ok=True)
                bring(Path(file.path), folder / file.name, Shifted(progress, done, entry.size))
                done += file.size
        except FileNotFoundError as error:
            remedy = f"Put it back there, or add it again: foveate models add PATH --name {entry.name}"
            raise unavailable(
                Sentence("The model {name}", name=entry.name), Sentence("{file} is gone", file=error.filename), remedy
            ) from error


def bring(source: Path, target: Path, progress: DownloadProgress) -> None:
    """Make `target` a second name of `source`, which costs no space; where that cannot be, copy it.

    A checkpoint that is changed in place afterwards is seen by its hash and refused, as a damaged download is.
    """
    target.unlink(missing_ok=True)
    try:
        target.hardlink_to(source.resolve())
        progress(source.stat().st_size, source.stat().st_size)
    except FileNotFoundError:
        raise
    except OSError:  # another disk, another owner, or a file system without links
        copy(source, target, progress)


def copy(source: Path, target: Path, progress: DownloadProgress) -> None:
    """Copy `source` to `target` in chunks, telling `progress`."""
    total, done = source.stat().st_size, 0
    with source.open("rb") as reader, target.open("wb") as writer:
        while chunk := reader.read(1 << 22):
            writer.write(chunk)
            done += len(chunk)
            progress(done, total)
