"""A plugin as one zip file that brings all it needs. The same sources give the same bytes, on any machine."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from foveate_server.plugins import bundle_sources
from foveate_shared.errors import ErrorCode, ResourceError

RECORD = "bundle.json"  # in the plugin's package: what it was made from
EARLIEST = (1980, 1, 1, 0, 0, 0)  # the only time of files in a package
PACKAGES = {"krita": "foveate/", "gimp": "foveate/", "blender": ""}  # where the plugin's Python package lies in its zip
NAMES = {"krita": "foveate-krita-{}.zip", "gimp": "foveate-gimp-{}.zip", "blender": "foveate-{}.zip"}
EXECUTABLES = ("foveate/foveate.py",)  # GIMP starts its plug-ins as programs


@dataclass(frozen=True)
class Bundle:
    """A plugin's package."""

    host: str
    version: str
    files: Mapping[str, bytes]  # by path in the zip

    @property
    def name(self) -> str:
        """Return the zip file's name."""
        return NAMES[self.host].format(self.version)

    @property
    def package(self) -> str:
        """Return where the plugin's Python package lies in the zip: "foveate/", or "" for the zip itself."""
        return PACKAGES[self.host]

    def to_zip(self) -> bytes:
        """Return the zip file. It is not compressed, for how well that goes depends on the machine's zlib."""
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
            for name in sorted({*self.files, *self._folders()}):
                archive.writestr(_information(name, self.is_executable(name)), self.files.get(name, b""))
        return buffer.getvalue()

    def is_executable(self, name: str) -> bool:
        """Tell whether a file is a program."""
        return self.host == "gimp" and name in EXECUTABLES

    def _folders(self) -> set[str]:
        """Return the folders: Krita's importer of plugins finds no package without an entry for it."""
        parents = {parent for name in self.files for parent in PurePosixPath(name).parents}
        return {f"{parent}/" for parent in parents if parent.parts}


def make_bundle(host: str) -> Bundle:
    """Return the package of a plugin. Raises InputError where its parts are missing or were changed."""
    package = PACKAGES[host]
    release = bundle_sources.vendored_release()
    files = {**bundle_sources.plugin_files(host), f"{package}LICENSE": bundle_sources.licence()}
    files |= {f"{package}{name}": data for name, data in _copied(release).items()}
    record = _record(host, release, {name: data for name, data in files.items() if name.startswith(package)})
    return Bundle(host, bundle_sources.version(), {**files, f"{package}{RECORD}": record})


def write_bundle(host: str, folder: Path) -> Path:
    """Write a plugin's zip file into `folder` and return its path. Raises InputError, ResourceError."""
    bundle = make_bundle(host)
    path = folder / bundle.name
    unfinished = path.with_suffix(".unfinished")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        unfinished.write_bytes(bundle.to_zip())
        unfinished.replace(path)
    except OSError as error:
        raise ResourceError(
            f"{path} cannot be written: {error.strerror or error}.",
            code=ErrorCode.STORAGE_FULL,
            remedy="Choose another folder with --to.",
        ) from error
    return path


def _copied(release: bundle_sources.Release) -> dict[str, bytes]:
    """Return what a plugin's package brings beside its own sources: foveate_shared, and the library that it needs.

    Both lie in the package itself: a GIMP that takes over an older one's configuration copies few folders deep.
    """
    shared = {f"foveate_shared/{name}": data for name, data in bundle_sources.shared_files().items()}
    return {**shared, **release.files, f"{release.name}.LICENSE": release.licence}


def _record(host: str, release: bundle_sources.Release, files: Mapping[str, bytes]) -> bytes:
    """Return the record: versions, and the SHA-256 of each file of the plugin's package, by its path there."""
    start = len(PACKAGES[host])
    digests = {name[start:]: hashlib.sha256(data).hexdigest() for name, data in sorted(files.items())}
    fields = {
        "plugin": f"foveate-{host}",
        "version": bundle_sources.version(),
        "vendored": {release.name: release.version},
        "files": digests,
    }
    return (json.dumps(fields, indent=2) + "\n").encode()


def _information(name: str, is_executable: bool) -> zipfile.ZipInfo:
    """Return an entry's header, without anything of this machine."""
    information = zipfile.ZipInfo(name, EARLIEST)
    information.create_system = 3  # Unix: permissions are kept
    is_folder = name.endswith("/")
    permissions = 0o40755 if is_folder else 0o100755 if is_executable else 0o100644
    information.external_attr = permissions << 16 | (0x10 if is_folder else 0)
    return information
