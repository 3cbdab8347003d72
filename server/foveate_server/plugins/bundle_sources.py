"""What a plugin's package is made from: its sources, foveate_shared, and websockets as it was released."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path, PurePosixPath

import foveate_shared
from foveate_shared.errors import ErrorCode, InputError

FOLDERS = {"krita": "krita", "gimp": "gimp", "blender": "blender/foveate"}  # whose contents go into the zip file
HOSTS = tuple(FOLDERS)
VENDORED = "websockets"


@dataclass(frozen=True)
class Release:
    """The pure Python part of a released library, with its licence."""

    name: str
    version: str
    files: Mapping[str, bytes]  # by path, from the package's parent folder on
    licence: bytes


def version() -> str:
    """Return the version of Foveate, which all plugins share."""
    return metadata.version("foveate")


def plugin_files(host: str) -> dict[str, bytes]:
    """Return the sources of a plugin by their paths. Raises InputError where they are not here."""
    files = dict(_read_tree(_sources() / FOLDERS[host]))
    if not files:
        raise InputError(
            f"The sources of the plugin for {host} are missing.",
            code=ErrorCode.INVALID_FILE,
            remedy="Install Foveate again: pip install --force-reinstall foveate",
        )
    return files


def shared_files() -> dict[str, bytes]:
    """Return the files of the package foveate_shared by their paths within it."""
    return dict(_read_tree(Path(str(foveate_shared.__file__)).parent))


def licence() -> bytes:
    """Return the text of Foveate's licence."""
    folder = _sources()
    return (folder / "LICENSE" if _in_wheel() else folder.parent / "LICENSE").read_bytes()


def vendored_release() -> Release:
    """Return the installed release of websockets. Raises InputError where it is not as it was released."""
    distribution = metadata.distribution(VENDORED)
    listed = {str(path): path for path in distribution.files or ()}
    pure = {name: path for name, path in listed.items() if _is_pure(name)}
    licences = [path for name, path in listed.items() if ".dist-info/" in name and name.endswith("/LICENSE")]
    if not pure or not licences:
        raise _unlike_release()
    files = {name: _read_recorded(path) for name, path in sorted(pure.items())}
    return Release(VENDORED, distribution.version, files, _read_recorded(licences[0]))


def _is_pure(name: str) -> bool:
    path = PurePosixPath(name)
    return path.parts[0] == VENDORED and (path.suffix == ".py" or path.name == "py.typed")


def _read_recorded(path: metadata.PackagePath) -> bytes:
    """Return a file's bytes, which must be those whose hash was recorded at the release."""
    try:
        data = Path(str(path.locate())).read_bytes()
    except OSError as error:
        raise _unlike_release() from error
    digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
    if path.hash is None or path.hash.mode != "sha256" or path.hash.value != digest:
        raise _unlike_release()
    return data


def _unlike_release() -> InputError:
    return InputError(
        f"The installed {VENDORED} is not as it was released, so it does not go into a plugin.",
        code=ErrorCode.INVALID_FILE,
        remedy=f"Install it again: pip install --force-reinstall {VENDORED}",
    )


def _sources() -> Path:
    """Return the folder with a folder per plugin: in the wheel beside this file, else the checkout's."""
    return _beside() if _in_wheel() else Path(__file__).parents[3] / "plugins"


def _in_wheel() -> bool:
    return _beside().is_dir()


def _beside() -> Path:
    return Path(__file__).with_name("packaged")


def _read_tree(folder: Path) -> Iterator[tuple[str, bytes]]:
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder)
        if path.is_file() and not any(part.startswith(".") or part == "__pycache__" for part in name.parts):
            yield name.as_posix(), path.read_bytes()
