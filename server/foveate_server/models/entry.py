"""What the registry knows of a model: value types, and how they are read from a manifest."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from foveate_shared.errors import ErrorCode, InputError

KINDS = ("restore", "detect")
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class ModelFile:
    """One file of a model."""

    path: str  # where the source has it: a member of a wheel, a file of a hub repository, a URL
    sha256: str
    size: int  # bytes

    @property
    def name(self) -> str:
        """Return the name that it has in the cache."""
        return PurePath(self.path).name


@dataclass(frozen=True)
class SourceSpec:
    """Where a model's files come from: a kind, and what that kind of source needs to know."""

    kind: str  # "package", "hub", "url" or "file"
    options: Mapping[str, str]


@dataclass(frozen=True)
class ModelEntry:
    """A model that the registry can provide."""

    name: str
    title: str
    kind: str  # "restore" or "detect"
    architecture: str  # "rrdbnet", "srvgg", "centerface", or spandrel's name of it
    scale: int  # output pixels per input pixel, along one axis
    halo: int  # input pixels that a tile must see around itself
    operations: tuple[str, ...]
    license: str  # SPDX identifier, or empty where unknown
    license_file: str | None  # beside the manifest, in `licenses`
    source: SourceSpec
    files: tuple[ModelFile, ...]

    @property
    def sha256(self) -> str:
        """Return the hash that stands for the model in recipes: that of its first file."""
        return self.files[0].sha256

    @property
    def size(self) -> int:
        """Return the bytes of all its files."""
        return sum(file.size for file in self.files)


def check_name(name: str) -> str:
    """Return `name` where it can name a model (and a folder); raises InputError."""
    if not _NAME.fullmatch(name):
        raise InputError(
            f"{name!r} cannot be the name of a model.",
            code=ErrorCode.INVALID_PARAMETER,
            remedy="Use up to 64 lower-case letters, digits, dots, dashes and underscores, a letter or digit first.",
        )
    return name


def entry_from_mapping(data: Mapping[str, Any]) -> ModelEntry:
    """Return the entry that `data` describes; raises InputError where it is not one."""
    try:
        source = dict(data["source"])
        entry = ModelEntry(
            name=check_name(data["name"]),
            title=str(data["title"]),
            kind=str(data["kind"]),
            architecture=str(data["architecture"]),
            scale=int(data["scale"]),
            halo=int(data["halo"]),
            operations=tuple(str(operation) for operation in data["operations"]),
            license=str(data.get("license", "")),
            license_file=data.get("license_file"),
            source=SourceSpec(str(source.pop("kind")), {key: str(value) for key, value in source.items()}),
            files=tuple(ModelFile(str(f["path"]), str(f["sha256"]), int(f["size"])) for f in data["files"]),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise _malformed(str(data.get("name", "?")), f"{type(error).__name__} {error}") from error
    _check(entry)
    return entry


def entry_to_mapping(entry: ModelEntry) -> dict[str, Any]:
    """Return what :func:`entry_from_mapping` reads."""
    return {
        "name": entry.name,
        "title": entry.title,
        "kind": entry.kind,
        "architecture": entry.architecture,
        "scale": entry.scale,
        "halo": entry.halo,
        "operations": list(entry.operations),
        "license": entry.license,
        "license_file": entry.license_file,
        "source": {"kind": entry.source.kind, **entry.source.options},
        "files": [{"path": file.path, "sha256": file.sha256, "size": file.size} for file in entry.files],
    }


def _check(entry: ModelEntry) -> None:
    """Raise InputError where the values of `entry` make no sense together."""
    names = [file.name for file in entry.files]
    if entry.kind not in KINDS:
        raise _malformed(entry.name, f"the kind {entry.kind!r} is unknown")
    if not names or len(set(names)) != len(names) or not all(names):
        raise _malformed(entry.name, "it needs at least one file, and no two of one name")
    if not all(_SHA256.fullmatch(file.sha256) and file.size > 0 for file in entry.files):
        raise _malformed(entry.name, "a file has no proper SHA-256 or size")
    if not (1 <= entry.scale <= 16 and 0 <= entry.halo <= 4096):
        raise _malformed(entry.name, "its scale or halo is out of range")


def _malformed(name: str, reason: str) -> InputError:
    return InputError(
        f"The description of the model {name!r} is malformed: {reason}.",
        code=ErrorCode.INVALID_FILE,
        remedy="Remove the model and add it again.",
    )
