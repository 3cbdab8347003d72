"""The registry: which models there are, and the files of each, fetched when they are needed. Knows nothing of torch."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from pathlib import Path

from foveate_server.config import ServerConfig
from foveate_server.models.cache import Cache, is_intact, sha256_of, storage_errors
from foveate_server.models.entry import ModelEntry, ModelFile, SourceSpec, check_name
from foveate_server.models.inspection import Inspection, inspect_checkpoint
from foveate_server.models.manifest import embedded_entries, license_text
from foveate_server.models.progress import Progress, silent
from foveate_server.models.sources.base import Source
from foveate_server.models.sources.file import FileSource
from foveate_server.models.sources.hub import HubSource
from foveate_server.models.sources.package import PackageSource
from foveate_server.models.sources.url import UrlSource
from foveate_shared.errors import ErrorCode, InputError, ResourceError
from foveate_shared.protocol import ModelInfo


def default_sources() -> dict[str, Source]:
    """Return every kind of source, by the name that entries use."""
    return {"package": PackageSource(), "hub": HubSource(), "url": UrlSource(), "file": FileSource()}


class Registry:
    """The models of the manifest and those that the user added to the cache folder."""

    def __init__(
        self,
        cache_dir: Path,
        *,
        offline: bool = False,
        entries: Sequence[ModelEntry] | None = None,
        sources: Mapping[str, Source] | None = None,
    ) -> None:
        """`offline` forbids the network. `entries` replaces the embedded manifest, `sources` the usual sources."""
        self._cache = Cache(cache_dir)
        self._offline = offline
        self._embedded = {entry.name: entry for entry in (embedded_entries() if entries is None else entries)}
        self._sources = default_sources() if sources is None else sources

    def entries(self) -> list[ModelEntry]:
        """Return all entries: the embedded ones first."""
        return [*self._embedded.values(), *(e for e in self._cache.added() if e.name not in self._embedded)]

    def models(self) -> list[ModelInfo]:
        """Return what clients see of the models. Fast: looks at names and sizes of files only."""
        return [
            ModelInfo(e.name, e.title, e.operations, e.scale, self.is_available(e), e.license) for e in self.entries()
        ]

    def is_available(self, entry: ModelEntry) -> bool:
        """Tell whether the files of `entry` are at hand, without reading them."""
        return self._cache.has(entry) or self._source(entry).installed(entry) is not None

    def default(self, kind: str = "restore") -> ModelEntry:
        """Return the model to take where none is asked for: the first of its kind. Raises InputError without any."""
        for entry in self.entries():
            if entry.kind == kind:
                return entry
        raise InputError(f"There is no model that can {kind}.", code=ErrorCode.UNKNOWN_MODEL)

    def entry(self, name: str) -> ModelEntry:
        """Return the entry called `name`. Raises InputError, with the nearest name, where there is none."""
        entries = {entry.name: entry for entry in self.entries()}
        if name in entries:
            return entries[name]
        close = difflib.get_close_matches(name, entries, n=1)
        raise InputError(
            f"There is no model called {name!r}.",
            code=ErrorCode.UNKNOWN_MODEL,
            remedy=f"Did you mean {close[0]}?" if close else f"Known models: {', '.join(entries)}.",
        )

    def path(self, name: str, progress: Progress = silent) -> Path:
        """Return the first file of the model, verified; its other files lie beside it. Fetches it where needed.

        Raises InputError for an unknown name, and ResourceError: OFFLINE, MODEL_UNAVAILABLE or STORAGE_FULL.
        """
        entry = self.entry(name)
        folder = self._at_hand(entry)
        if folder is None:
            self._fetch(entry, progress)
            folder = self._cache.folder(name)
        return folder / entry.files[0].name

    def pull(self, name: str, progress: Progress = silent) -> Path:
        """Fetch the model unless it is at hand; return its first file. Raises as :meth:`path` does."""
        return self.path(name, progress)

    def add_file(self, path: Path, name: str | None = None, progress: Progress = silent) -> ModelEntry:
        """Add the user's own checkpoint under `name` (made from the file's name where None) and return its entry.

        What it is is found out in a process of its own, from its weights alone. Raises InputError where it is no
        checkpoint that we can run, or the name is that of an embedded model, ResourceError where spandrel is needed.
        """
        path = path.expanduser().resolve()
        name = check_name(_name_from(path) if name is None else name)
        if name in self._embedded:
            raise InputError(
                f"{name!r} is the name of a model that comes with Foveate.",
                code=ErrorCode.CONFLICT,
                remedy="Choose another one with --name.",
            )
        entry = _entry_of(path, name, inspect_checkpoint(path))
        with self._cache.locked(entry, progress):
            self._install(entry, progress, describe=True)
        return entry

    def remove(self, name: str) -> bool:
        """Delete the model's files from the cache; an added model is then unknown. Return whether there were any."""
        return self._cache.remove(self.entry(name).name)

    def _source(self, entry: ModelEntry) -> Source:
        return self._sources[entry.source.kind]

    def _at_hand(self, entry: ModelEntry) -> Path | None:
        """Return the folder that holds the verified files of `entry`, if any does."""
        candidates = (self._cache.folder(entry.name), self._source(entry).installed(entry))
        return next((folder for folder in candidates if folder is not None and is_intact(folder, entry)), None)

    def _fetch(self, entry: ModelEntry, progress: Progress) -> None:
        if self._offline and self._source(entry).remote:
            raise ResourceError(
                f"The model {entry.name} is not on this machine, and Foveate is set to stay offline.",
                code=ErrorCode.OFFLINE,
                remedy=f"Fetch it once while online: foveate models pull {entry.name}",
            )
        with self._cache.locked(entry, progress):
            if self._at_hand(entry) is None:  # else another process has just brought it
                self._install(entry, progress, describe=entry.name not in self._embedded)

    def _install(self, entry: ModelEntry, progress: Progress, *, describe: bool) -> None:
        """Fetch into the staging folder, verify, publish. The caller holds the lock."""
        folder = self._cache.staging(entry)
        with storage_errors(folder):
            self._source(entry).fetch(entry, folder, progress)
            if not is_intact(folder, entry):
                self._cache.discard_staging(entry)
                raise ResourceError(
                    f"The files of the model {entry.name} are not the expected ones: their SHA-256 differs.",
                    code=ErrorCode.MODEL_UNAVAILABLE,
                    remedy="Nothing was kept. Try again; if it happens twice, do not trust the source.",
                )
            if entry.license_file:
                (folder / "NOTICE.txt").write_text(license_text(entry.license_file), encoding="utf-8")
        self._cache.publish(entry, folder, describe=describe)


def _entry_of(path: Path, name: str, found: Inspection) -> ModelEntry:
    """Return the entry for the user's checkpoint at `path`."""
    operations = ("refocus", "faces", "upscale") if found.scale > 1 else ("refocus", "faces")
    return ModelEntry(
        name=name,
        title=f"{path.name} ({found.title})",
        kind="restore",
        architecture=found.architecture,
        scale=found.scale,
        halo=found.halo,
        operations=operations,
        license="",
        license_file=None,
        source=SourceSpec("file", {}),
        files=(ModelFile(str(path), sha256_of(path), path.stat().st_size),),
    )


def _name_from(path: Path) -> str:
    """Return a model's name for a file: its stem, with what cannot be in a name made dashes."""
    letters = "".join(c if (c.isascii() and c.isalnum()) or c in "._-" else "-" for c in path.stem.lower())
    return letters.strip("._-")[:64] or "model"


def open_registry(config: ServerConfig) -> Registry:
    """Return the registry of the server that `config` describes."""
    return Registry(config.cache_dir, offline=config.offline)
