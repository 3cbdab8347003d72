"""Adding a file or folder of this machine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from foveate_server.models.adding.make_entry import (
    PLAIN,
    AddOptions,
    adapted,
    check_whole,
    entry_of,
    name_from,
    reference_name,
)
from foveate_server.models.cache import sha256_of
from foveate_server.models.download_progress import DownloadProgress, Shifted, silent
from foveate_server.models.entry import ModelEntry, ModelFile, SourceSpec
from foveate_server.models.hub_file_selection import INDEX, PICKLES, select
from foveate_server.models.inspect_model import (
    folder_selection,
    inspect_path,
    only_file,
    read_json,
    typed_path,
    vae_config_beside,
)
from foveate_server.models.probe_restorer import to_safetensors
from foveate_server.models.recognition.recognized import Recognized
from foveate_server.models.registry import CONFIG, Registry
from foveate_shared.errors import ErrorCode, InputError


def add_path(
    registry: Registry, path: Path, options: AddOptions = PLAIN, progress: DownloadProgress = silent
) -> ModelEntry:
    """Add the file or folder at `path` and return its entry.

    What it is is found out from keys and shapes, for restoration networks in a process of its own. Raises InputError
    where it is nothing that we can use, or its name is taken by an embedded model; ResourceError for the disk.
    """
    path = path.expanduser().resolve()
    name = registry.check_new(name_from(path) if options.name is None else options.name)
    if path.is_dir():
        if not (path / INDEX).is_file():
            return add_path(registry, only_file(path), replace(options, name=name), progress)
        paths = {relative: path / relative for relative in folder_selection(path).paths}
        found = adapted(inspect_path(path), options)
        source = SourceSpec("file", {"original": str(path)})
        entry = entry_of(name, found, source, _model_files(paths, progress), title=path.name)
        return registry.add(entry, progress)
    if options.allow_pickle and path.suffix.lower() in PICKLES and path.is_file():
        with registry.workplace(name) as folder:
            converted = folder / f"{path.stem}.safetensors"
            to_safetensors(path, converted)
            return _add_file(registry, name, converted, options, progress, original=path)
    return _add_file(registry, name, path, options, progress, original=path)


def draft(path: Path) -> ModelEntry:
    """Return the entry that the file or folder at `path` would have, without adding it. Raises InputError."""
    path = path.expanduser().resolve()
    found = inspect_path(path)
    if path.is_dir() and (path / INDEX).is_file():
        paths = {relative: path / relative for relative in folder_selection(path).paths}
    else:
        path = only_file(path) if path.is_dir() else path
        paths = {path.name: path}
    files = _model_files(paths, silent)
    return entry_of(name_from(path), found, SourceSpec("file", {"original": str(path)}), files, title=path.name)


def _add_file(
    registry: Registry, name: str, path: Path, options: AddOptions, progress: DownloadProgress, *, original: Path
) -> ModelEntry:
    """Add the single file at `path`, which was made from `original` or is it."""
    source = SourceSpec("file", {"original": str(original)})
    [file] = _model_files({path.name: path}, progress)
    entry = local_entry(registry, name, path, options, source=source, known={path.name: file})
    return registry.add(entry, progress)


def local_entry(
    registry: Registry,
    name: str,
    path: Path,
    options: AddOptions,
    *,
    source: SourceSpec,
    known: Mapping[str, ModelFile],
) -> ModelEntry:
    """Return the entry for the single file at `path`; `known` holds, by target, files whose hashes are known."""
    found = adapted(inspect_path(path), options)
    others: dict[str, Path] = {}
    reference = ""
    if found.kind in ("vae", "preview") and source.kind == "file" and vae_config_beside(path):
        others["config.json"] = path.with_name("config.json")
    if found.kind == "diffusion":
        others, reference = _reference(registry, found, options)
        check_whole(found, reference, registry)
    if others and source.kind != "file":
        raise InputError(
            "The configuration of a file from the network must be that of a model.",
            code=ErrorCode.INVALID_PARAMETER,
            remedy="Name a model with --config, or download the file and add it from this machine.",
        )
    files = (*known.values(), *_model_files(others, silent))
    title = Path(source.options.get("original", path.name)).name
    return entry_of(name, found, source, files, title=title, reference=reference)


def _reference(registry: Registry, found: Recognized, options: AddOptions) -> tuple[dict[str, Path], str]:
    """Return the files of the configuration that comes with a single file, or the name of the model that has it."""
    folder = typed_path(options.reference)
    if options.reference and (folder / INDEX).is_file():
        index = read_json(folder / INDEX)
        paths = [path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()]
        chosen = select(paths, index, checker=False, weights=False)
        return {f"{CONFIG}/{path}": folder / path for path in chosen.paths}, ""
    return {}, reference_name(registry, found, options)


def _model_files(paths: Mapping[str, Path], progress: DownloadProgress) -> tuple[ModelFile, ...]:
    """Return the files at `paths`, by their targets, with their hashes."""
    sizes = {target: path.stat().st_size for target, path in paths.items()}
    files, done, total = [], 0, sum(sizes.values())
    for target, path in paths.items():
        plain = "" if target == path.name else target
        files.append(ModelFile(str(path), sha256_of(path, Shifted(progress, done, total)), sizes[target], plain))
        done += sizes[target]
    return tuple(files)
