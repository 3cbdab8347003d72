"""What the registry knows of a model: value types, and how they are read from a manifest."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePath, PurePosixPath
from typing import Any

from foveate_server.families.registry import families
from foveate_shared.errors import ErrorCode, InputError
from foveate_shared.i18n.sentence import Sentence
from foveate_shared.wire.protocol import JsonObject

KINDS = ("restore", "detect", "diffusion", "lora", "embedding", "vae", "preview", "safety", "config")
ADDITIONS = ("lora", "embedding", "vae", "preview")  # kinds of what goes with checkpoints of some families
ENTRY_FILE = "entry.json"  # in a model's folder: its description
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class ModelFile:
    """One file of a model."""

    path: str  # where the source has it: a member of a wheel, a file of a hub repository, a URL
    sha256: str
    size: int  # bytes
    target: str = ""  # where it lies in the model's folder, with slashes; empty: there, under its own name

    @property
    def name(self) -> str:
        """Return its path within the model's folder in the cache, with slashes."""
        return self.target or PurePath(self.path).name


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
    kind: str  # one of KINDS
    architecture: str  # "rrdbnet", "srvgg", "centerface", spandrel's name of it, or the family
    scale: int  # output pixels per input pixel, along one axis
    license: str  # SPDX identifier, or empty where unknown
    license_file: str | None  # beside the manifest, in `licenses`
    source: SourceSpec
    files: tuple[ModelFile, ...]  # empty only for a config whose files are looked up when it is fetched
    family: str = ""  # the name of one, or empty where it has none or fits several
    facts: JsonObject = field(default_factory=dict)  # what inspection found: see recognition.recognized
    reference: str = ""  # the model with the configuration, and what else a single file lacks; empty: it has its own

    @property
    def sha256(self) -> str:
        """Return the hash that stands for the model in recipes: of its first file, or of a folder's whole list.

        The hash of a folder is that of the lines that `sha256sum` would print for its files in the order of paths.
        """
        if not self.is_folder:
            return self.files[0].sha256 if self.files else ""
        lines = (f"{file.sha256}  {file.name}\n" for file in sorted(self.files, key=lambda file: file.name))
        return hashlib.sha256("".join(lines).encode()).hexdigest()

    @property
    def is_folder(self) -> bool:
        """Tell whether the model is a folder of components, not a file with others beside it."""
        return self.facts.get("layout") == "folder"

    @property
    def origin(self) -> str:
        """Return where it came from: what stays the same when it is added again in a newer form."""
        options = self.source.options
        named = options.get("repository") or options.get("original")
        return f"{self.source.kind}:{named or (self.files[0].path if self.files else '')}"

    @property
    def size(self) -> int:
        """Return the bytes of all its files."""
        return sum(file.size for file in self.files)


def check_name(name: str) -> str:
    """Return `name` where it can name a model (and a folder); raises InputError."""
    if not _NAME.fullmatch(name):
        raise InputError(
            "{name!r} cannot be the name of a model.",
            code=ErrorCode.INVALID_PARAMETER,
            remedy="Use up to 64 lower-case letters, digits, dots, dashes and underscores, a letter or digit first.",
            name=name,
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
            license=str(data.get("license", "")),
            license_file=data.get("license_file"),
            source=SourceSpec(str(source.pop("kind")), {key: str(value) for key, value in source.items()}),
            files=tuple(
                ModelFile(str(f["path"]), str(f["sha256"]), int(f["size"]), str(f.get("target", "")))
                for f in data.get("files", ())
            ),
            family=str(data.get("family", "")),
            facts=dict(data.get("facts", {})),
            reference=str(data.get("reference", "")),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise _malformed(str(data.get("name", "?")), f"{type(error).__name__} {error}") from error
    _check(entry)
    return entry


def entry_to_mapping(entry: ModelEntry) -> dict[str, Any]:
    """Return what :func:`entry_from_mapping` reads."""
    files = [{"path": file.path, "sha256": file.sha256, "size": file.size} for file in entry.files]
    for mapping, file in zip(files, entry.files, strict=True):
        mapping.update({"target": file.target} if file.target else {})
    return {
        "name": entry.name,
        "title": entry.title,
        "kind": entry.kind,
        "architecture": entry.architecture,
        "scale": entry.scale,
        "license": entry.license,
        "license_file": entry.license_file,
        "source": {"kind": entry.source.kind, **entry.source.options},
        "files": files,
        "family": entry.family,
        "facts": dict(entry.facts),
        "reference": entry.reference,
    }


def _check(entry: ModelEntry) -> None:
    """Raise InputError where the values of `entry` make no sense together."""
    names = [file.name for file in entry.files]
    if entry.kind not in KINDS:
        raise _malformed(entry.name, f"the kind {entry.kind!r} is unknown")
    if entry.family and entry.family not in families():
        raise _malformed(entry.name, f"the family {entry.family!r} is unknown")
    if (not names and entry.kind != "config") or len(set(names)) != len(names):
        raise _malformed(entry.name, "it needs at least one file, and no two of one name")
    if not all(_stays_inside(name) for name in names):
        raise _malformed(entry.name, "a file lies outside of the model's folder")
    if entry.reference:
        check_name(entry.reference)
    if not all(_SHA256.fullmatch(file.sha256) and file.size > 0 for file in entry.files):
        raise _malformed(entry.name, "a file has no proper SHA-256 or size")
    if not 1 <= entry.scale <= 16:
        raise _malformed(entry.name, "its scale is out of range")


def _stays_inside(name: str) -> bool:
    """Tell whether `name` is a path within a folder, on every system, and not that of the description."""
    parts = PurePosixPath(name).parts
    return (
        bool(parts)
        and not name.startswith("/")
        and not any(part in ("..", ".") or "\\" in part or ":" in part for part in parts)
        and name != ENTRY_FILE
    )


def _malformed(name: str, reason: str) -> InputError:
    return InputError(
        "The description of the model {name!r} is malformed: {reason}.",
        code=ErrorCode.INVALID_FILE,
        remedy="Remove the model and add it again.",
        name=name,
        reason=Sentence(reason),
    )
