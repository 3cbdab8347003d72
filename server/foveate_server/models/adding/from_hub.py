"""Adding from the model hub: looked into before anything large is downloaded."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from foveate_server.models.adding.make_entry import (
    PLAIN,
    AddOptions,
    adapted,
    check_whole,
    entry_of,
    name_from,
    reference_name,
)
from foveate_server.models.download_progress import DownloadProgress, silent
from foveate_server.models.entry import ModelEntry, ModelFile, SourceSpec
from foveate_server.models.hub_file_selection import INDEX, PICKLES, FileSelection, select
from foveate_server.models.inspect_model import (
    ADAPTER,
    AUTOENCODER,
    is_autoencoder,
    recognize,
    telling_name,
    with_adapter,
)
from foveate_server.models.recognition.folders import folder_of
from foveate_server.models.recognition.recognized import Recognized, refusal
from foveate_server.models.registry import CONFIG, Registry
from foveate_server.models.sources.hub_client import HubClient, Repository
from foveate_server.models.sources.repository import RepositoryFolder
from foveate_shared.errors import ErrorCode, InputError, ResourceError
from foveate_shared.wire.protocol import JsonObject

_NAME = re.compile(
    r"(?P<repository>[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*)(@(?P<revision>[\w./-]+?))?(:(?P<path>[^:]+\.\w+))?"
)
_SHOWN = 6  # files that a message lists


@dataclass(frozen=True)
class HubName:
    """What `org/name@revision:file.safetensors` says; all but the repository may be left out."""

    repository: str
    revision: str | None = None  # a branch, a tag or a commit
    path: str | None = None  # of one file


def parse_hub_name(text: str) -> HubName | None:
    """Return `text` in its parts, or None where it is no name on the hub."""
    match = _NAME.fullmatch(text.strip())
    return HubName(match["repository"], match["revision"], match["path"]) if match else None


def add_from_hub(
    registry: Registry,
    wanted: HubName,
    options: AddOptions = PLAIN,
    progress: DownloadProgress = silent,
    client: HubClient | None = None,
) -> ModelEntry:
    """Add a repository or one file of it, pinned to the commit that its revision means now, and return the entry.

    Takes the pipeline in half precision where there is one. Raises InputError where it is nothing for us, before its
    weights are downloaded; ResourceError where the hub, or its owner, does not give it.
    """
    if registry.offline:
        raise ResourceError(
            "Foveate is set to stay offline, and the model hub is not.",
            code=ErrorCode.OFFLINE,
            remedy="Set offline to false for a moment, or add a file or folder of this machine.",
        )
    client = HubClient() if client is None else client
    repository = client.look_up(wanted.repository, wanted.revision)
    folder = RepositoryFolder(client, repository)
    index = folder.json(INDEX)
    path = wanted.path or _single_file(repository, folder, index)
    default = name_from(Path(wanted.path or f"{folder.name}.x"))
    name = registry.check_new(options.name or default)
    if path is None:
        selection = _select(folder, index)
        found, reference = adapted(folder_of(folder, selection), options), ""
        files = folder.bring(selection.paths, registry.unfinished(name), progress)
    else:
        found = adapted(_inspect(folder, path), options)
        files, reference = _single(registry, folder, path, found, options, name=name, progress=progress)
    source = SourceSpec("hub", {"repository": repository.id, "revision": repository.commit})
    title = f"{repository.id}{f': {path}' if wanted.path else ''}"
    entry = entry_of(name, found, source, files, title=title, license_=repository.license, reference=reference)
    return registry.add(entry, progress, later=options.later)


def _single_file(repository: Repository, folder: RepositoryFolder, index: JsonObject) -> str | None:
    """Return the one file that a repository is about, None where it is a pipeline. Raises InputError."""
    paths = [file.path for file in repository.files]
    if index and any(path.endswith(".safetensors") and "/" in path for path in paths):
        try:
            _select(folder, index)
        except InputError:
            whole = [path for path in paths if path.endswith(".safetensors") and "/" not in path]
            if len(whole) != 1:
                raise
            return whole[0]  # the pipeline is there as pickles only, but there is also this
        return None
    files = [path for path in paths if path.endswith(".safetensors") and "/" not in path]
    if len(files) == 1:
        return files[0]
    if AUTOENCODER in files and is_autoencoder(folder.json("config.json")):
        return AUTOENCODER  # others say the same in other words
    if not files:
        pickles = any(path.endswith(PICKLES) for path in paths)
        raise InputError(
            f"{repository.id} on the model hub has no safetensors files" + (", only pickles." if pickles else "."),
            code=ErrorCode.INVALID_FILE,
            remedy="Look for a conversion to safetensors; many repositories have one.",
        )
    listed = ", ".join(files[:_SHOWN]) + (", ..." if len(files) > _SHOWN else "")
    raise InputError(
        "{name} on the model hub has several checkpoints: {files}.",
        code=ErrorCode.INVALID_PARAMETER,
        remedy="Name one: foveate models add {repository}:{file}",
        name=repository.id,
        files=listed,
        repository=repository.id,
        file=files[0],
    )


def _select(folder: RepositoryFolder, index: JsonObject) -> FileSelection:
    return select(folder.paths(), index, checker=False)


def _inspect(folder: RepositoryFolder, path: str) -> Recognized:
    """Return what the file at `path` is, by its header alone."""
    if not path.endswith(".safetensors"):
        raise InputError(
            "{name} is no safetensors file.",
            code=ErrorCode.INVALID_FILE,
            remedy="Name another file; pickles are only taken from this machine, with --allow-pickle.",
            name=path,
        )
    beside = PurePosixPath(path).with_name("config.json").as_posix()
    found = recognize(folder.header(path), telling_name(Path(folder.name) / path), folder.json(beside))
    if found is None:
        raise refusal(
            "no checkpoint of a family that is told by its keys",
            "If it is a restoration checkpoint, download it and add the file.",
        )
    return with_adapter(found, folder.json(PurePosixPath(path).with_name(ADAPTER).as_posix()))


def _single(
    registry: Registry,
    folder: RepositoryFolder,
    path: str,
    found: Recognized,
    options: AddOptions,
    *,
    name: str,
    progress: DownloadProgress,
) -> tuple[tuple[ModelFile, ...], str]:
    """Return the files of a single file's model, its configuration among them where the repository has it."""
    staging = registry.unfinished(name)
    files = folder.bring([path], staging, progress)
    beside = PurePosixPath(path).with_name("config.json").as_posix()
    if found.kind in ("vae", "preview") and folder.json(beside):
        return (*files, *folder.bring([beside], staging, progress)), ""
    if found.kind != "diffusion":
        return files, ""
    configuration = _configuration(folder)
    if options.reference or not configuration.components or found.facts["missing"]:
        reference = reference_name(registry, found, options)
        check_whole(found, reference, registry)
        return files, reference
    return (*files, *folder.bring(configuration.paths, staging, progress, prefix=f"{CONFIG}/")), ""


def _configuration(folder: RepositoryFolder) -> FileSelection:
    index = folder.json(INDEX)
    return select(folder.paths(), index, checker=False, weights=False) if index else FileSelection((), {})
