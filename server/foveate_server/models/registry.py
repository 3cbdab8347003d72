"""The registry: which models there are, and the files of each, fetched when they are needed. Knows nothing of torch."""

from __future__ import annotations

import difflib
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from foveate_server.config.server_config import ServerConfig
from foveate_server.models.cache import Cache, is_intact, storage_errors
from foveate_server.models.catalog import Catalog
from foveate_server.models.client_listing import tell
from foveate_server.models.default_models import DefaultModels
from foveate_server.models.download_progress import DownloadProgress, silent
from foveate_server.models.entry import ModelEntry, check_name
from foveate_server.models.family_configurations import beside, of_packages, with_parts
from foveate_server.models.manifest import license_text
from foveate_server.models.package_models import listed_entries
from foveate_server.models.sources.contract import Source
from foveate_server.models.sources.imported_later import ImportedLater
from foveate_server.models.sources.local_file import FileSource
from foveate_server.models.sources.package import PackageSource
from foveate_shared.errors import ErrorCode, InputError, ResourceError
from foveate_shared.i18n.sentence import Sentence
from foveate_shared.wire.protocol import DETECT, DIFFUSION, RESTORE
from foveate_shared.wire.rules import is_device_name

CONFIG = "config"  # in the folder of a single file's model: the configuration that came with it


def default_sources() -> dict[str, Source]:
    """Return every kind of source, by the name that entries use."""
    return {
        "package": PackageSource(),
        "hub": ImportedLater("foveate_server.models.sources.hub:HubSource"),
        "url": ImportedLater("foveate_server.models.sources.url:UrlSource"),
        "file": FileSource(),
    }


class Registry:
    """The models of the manifest and of packages, and those that the user added to the cache folder."""

    def __init__(
        self,
        cache_dir: Path,
        *,
        offline: bool = False,
        entries: Sequence[ModelEntry] | None = None,
        sources: Mapping[str, Source] | None = None,
    ) -> None:
        """`offline` forbids the network. `entries` replaces what is listed by itself, `sources` the usual sources."""
        self._cache = Cache(cache_dir)
        self._defaults = DefaultModels(cache_dir)
        self._offline = offline
        listed = [*listed_entries(), *of_packages()] if entries is None else entries
        self._embedded = {entry.name: entry for each in listed for entry in with_parts(each)}
        self._sources = default_sources() if sources is None else sources

    @property
    def cache_dir(self) -> Path:
        """Return the folder of the models."""
        return self._cache.root

    @property
    def offline(self) -> bool:
        """Tell whether the network is forbidden."""
        return self._offline

    def entries(self) -> list[ModelEntry]:
        """Return all entries: the embedded ones first. A configuration that was fetched knows its files by then."""
        added = {entry.name: entry for entry in self._cache.added()}
        embedded = (added.get(name, e) if e.kind == "config" else e for name, e in self._embedded.items())
        return [*embedded, *(entry for name, entry in added.items() if name not in self._embedded)]

    def catalog(self) -> Catalog:
        """Return all models as they are now. Fast: looks at names and sizes of files only."""
        chosen = self._defaults.all()
        return tell(self.entries(), self.is_available, lambda entry: entry.name == chosen.get(entry.kind))

    def is_available(self, entry: ModelEntry) -> bool:
        """Tell whether the files of `entry` are at hand, without reading them."""
        return self._cache.has(entry) or self._source(entry).installed(entry) is not None

    def default(self, kind: str = RESTORE, architecture: str = "") -> ModelEntry:
        """Return the model to take where none is asked for: the user's choice, else the first of its kind.

        With `architecture` it is one of that alone. Raises InputError where there is none.
        """
        entries = [e for e in self.entries() if e.kind == kind and architecture in ("", e.architecture)]
        chosen = self._defaults.of(kind)
        for entry in entries:
            if entry.name == chosen:
                return entry
        if entries:
            return entries[0]
        raise InputError(
            "There is no checkpoint to render with yet."
            if kind == DIFFUSION
            else Sentence("There is no model that can {purpose}.", purpose=kind),
            code=ErrorCode.UNKNOWN_MODEL,
            remedy="Bring one: foveate models add FILE, FOLDER or a name of the model hub."
            if kind == DIFFUSION
            else "",
        )

    def set_default(self, name: str) -> ModelEntry:
        """Make the model `name` the one to take of its kind, and return its entry. Raises InputError."""
        entry = self.entry(name)
        if entry.kind not in (RESTORE, DETECT, DIFFUSION):
            raise InputError(
                "{name} is no model that a job could take by itself.",
                code=ErrorCode.INVALID_PARAMETER,
                remedy="Choose a checkpoint, a restorer or a detector.",
                name=name,
            )
        self._defaults.set(entry.kind, name)
        return entry

    def find(self, sha256: str, kind: str | None = None) -> ModelEntry | None:
        """Return the entry whose hash is `sha256` (see ModelEntry.sha256), whatever it is called here, if any is."""
        return next((e for e in self.entries() if e.sha256 == sha256 and kind in (None, e.kind)), None)

    def entry(self, name: str, *, wanted: str = "") -> ModelEntry:
        """Return the entry called `name`. Raises InputError where there is none.

        It names the nearest one, or all: of the kind that is `wanted`, where it is given.
        """
        entries = {entry.name: entry for entry in self.entries()}
        if name in entries:
            return entries[name]
        known = [
            each for each, entry in entries.items() if entry.kind == wanted or (not wanted and entry.kind != "config")
        ]
        close = difflib.get_close_matches(name, known, n=1)
        raise InputError(
            "There is no model called {name!r}.",
            code=ErrorCode.UNKNOWN_MODEL,
            remedy=Sentence("Did you mean {name}?", name=close[0])
            if close
            else Sentence("Known models: {names}.", names=", ".join(known) or "none"),
            name=name,
        )

    def path(self, name: str, progress: DownloadProgress = silent) -> Path:
        """Return the first file of the model, verified; its other files lie beside it. Fetches it where needed.

        Raises InputError for an unknown name, and ResourceError: OFFLINE, MODEL_UNAVAILABLE or STORAGE_FULL.
        """
        return self.folder(name, progress) / self.entry(name).files[0].name

    def folder(self, name: str, progress: DownloadProgress = silent) -> Path:
        """Return the folder with the model's files, verified, each under its ModelFile.name. Fetches them where needed.

        Raises as :meth:`path` does.
        """
        entry = self.entry(name)
        folder = self._at_hand(entry, progress)
        if folder is None:
            self._fetch(entry, progress)
            folder = self._cache.folder(name)
        return folder

    def config_folder(self, name: str, progress: DownloadProgress = silent) -> Path | None:
        """Return the folder laid out as diffusers does it that configures the checkpoint `name`, if it has one.

        That is its own folder, `config` in it, or the folder of the model that its entry refers to. Fetches it where
        needed; raises as :meth:`path` does.
        """
        entry = self.entry(name)
        if entry.is_folder:
            return self.folder(name, progress)
        if any(file.name.startswith(f"{CONFIG}/") for file in entry.files):
            return self.folder(name, progress) / CONFIG
        return self.folder(entry.reference, progress) if entry.reference else None

    def needs(self, name: str) -> list[str]:
        """Return what the model `name` needs beside its own files: its configuration, and the parts that it lacks.

        Raises InputError for an unknown name.
        """
        entry = self.entry(name)
        return [*([entry.reference] if entry.reference else []), *self._parts(entry).values()]

    def part_folders(self, name: str, progress: DownloadProgress = silent) -> dict[str, Path]:
        """Return, by component, the folders with what the single file `name` lacks and its configuration has not.

        Each is laid out as diffusers does it. Fetches them where needed; raises as :meth:`path` does.
        """
        return {part: self.folder(other, progress) for part, other in self._parts(self.entry(name)).items()}

    def _parts(self, entry: ModelEntry) -> dict[str, str]:
        return beside(entry, self.entry(entry.reference) if entry.reference else None)

    def pull(self, name: str, progress: DownloadProgress = silent) -> Path:
        """Fetch the model, and what it needs beside itself, unless it is at hand; return its first file.

        Raises as :meth:`path` does.
        """
        for other in self.needs(name):
            self.folder(other, progress)
        return self.path(name, progress)

    def check_new(self, name: str) -> str:
        """Return `name` where a model may be added under it; raises InputError."""
        if is_device_name(check_name(name)) or name.endswith("."):
            raise InputError(
                "{name!r} cannot be the name of a model: Windows can have no folder of that name.",
                code=ErrorCode.INVALID_PARAMETER,
                remedy="Choose another one with --name.",
                name=name,
            )
        if name in self._embedded:
            raise InputError(
                "{name!r} is the name of a model that comes with Foveate.",
                code=ErrorCode.CONFLICT,
                remedy="Choose another one with --name.",
                name=name,
            )
        return name

    def add(self, entry: ModelEntry, progress: DownloadProgress = silent, *, later: bool = False) -> ModelEntry:
        """Make `entry` known, and fetch its files unless it shall be `later`. Raises as :meth:`path` does."""
        self.check_new(entry.name)
        self._check_same(entry)
        with self._cache.locked(entry, progress):
            if later:
                self._cache.record(entry)
            else:
                self._install(entry, progress, describe=True)
        return entry

    def _check_same(self, entry: ModelEntry) -> None:
        """Raise InputError where `entry` would take the place of a model that came from elsewhere."""
        known = {known.name: known for known in self._cache.added()}.get(entry.name)
        if known is not None and known.sha256 != entry.sha256 and known.origin != entry.origin:
            raise InputError(
                "There is already another model called {name}: {title}.",
                code=ErrorCode.CONFLICT,
                remedy="Choose another name with --name, or remove that one: foveate models remove {name}",
                name=entry.name,
                title=known.title,
            )

    def unfinished(self, name: str) -> Path:
        """Return the folder where what was downloaded of the model `name` lies until it is whole."""
        return self._cache.unfinished(check_name(name))

    def forget_unfinished(self, name: str) -> None:
        """Delete what :meth:`unfinished` holds of the model `name`."""
        shutil.rmtree(self._cache.unfinished(check_name(name)), ignore_errors=True)

    @contextmanager
    def workplace(self, name: str) -> Iterator[Path]:
        """Lend a folder on the cache's disk for what is made while the model `name` is added; it is gone afterwards."""
        folder = self._cache.unfinished(f"{name}.tmp")
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def remove(self, name: str) -> bool:
        """Delete the model's files from the cache; an added model is then unknown. Return whether there were any."""
        return self._cache.remove(self.entry(name).name)

    def _source(self, entry: ModelEntry) -> Source:
        return self._sources[entry.source.kind]

    def _at_hand(self, entry: ModelEntry, progress: DownloadProgress) -> Path | None:
        """Return the folder that holds the verified files of `entry`, if any does."""
        if self._cache.intact(entry, progress):
            return self._cache.folder(entry.name)
        installed = self._source(entry).installed(entry)
        return installed if installed is not None and is_intact(installed, entry, progress) else None

    def _fetch(self, entry: ModelEntry, progress: DownloadProgress) -> None:
        if self._offline and self._source(entry).remote:
            raise ResourceError(
                "The model {name} is not on this machine, and Foveate is set to stay offline.",
                code=ErrorCode.OFFLINE,
                remedy="Fetch it once while online: foveate models pull {name}",
                name=entry.name,
            )
        with self._cache.locked(entry, progress):
            entry = self.entry(entry.name)  # another process may just have looked up what it consists of
            if self._at_hand(entry, progress) is None:  # else it has just brought it
                looked_up = entry.kind == "config"
                self._install(entry, progress, describe=looked_up or entry.name not in self._embedded)

    def _install(self, entry: ModelEntry, progress: DownloadProgress, *, describe: bool) -> None:
        """Fetch into the staging folder, verify, publish. The caller holds the lock."""
        folder = self._cache.staging(entry)
        with storage_errors(folder):
            entry = self._source(entry).resolved(entry, folder, progress)
            self._source(entry).fetch(entry, folder, progress)
            if not is_intact(folder, entry, progress):
                self._cache.discard_staging(entry)
                raise ResourceError(
                    "The files of the model {name} are not the expected ones: their SHA-256 differs.",
                    code=ErrorCode.MODEL_UNAVAILABLE,
                    remedy="Nothing was kept. Try again; if it happens twice, do not trust the source.",
                    name=entry.name,
                )
            if entry.license_file:
                (folder / "NOTICE.txt").write_text(license_text(entry.license_file), encoding="utf-8")
        self._cache.publish(entry, folder, describe=describe)


def open_registry(config: ServerConfig) -> Registry:
    """Return the registry of the server that `config` describes."""
    return Registry(config.cache_dir, offline=config.offline)
