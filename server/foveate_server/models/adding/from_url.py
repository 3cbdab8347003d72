"""Adding from an address: looked into before it is downloaded."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path, PurePosixPath
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

import requests

from foveate_server.models.adding.from_path import add_path, local_entry
from foveate_server.models.adding.make_entry import PLAIN, AddOptions, name_from
from foveate_server.models.cache import sha256_of
from foveate_server.models.download_progress import DownloadProgress, silent
from foveate_server.models.entry import ModelEntry, ModelFile, SourceSpec
from foveate_server.models.hub_file_selection import PICKLES
from foveate_server.models.inspect_model import recognize
from foveate_server.models.registry import Registry
from foveate_server.models.sources.contract import unavailable
from foveate_server.models.sources.download import Download, connection_errors, fetch, open_response, read, shown
from foveate_server.models.tensor_headers import parse_header
from foveate_shared.errors import ErrorCode, InputError, ResourceError
from foveate_shared.wire.rules import is_device_name

_FILE_NAME = re.compile(r"filename\*?=(?:UTF-8'')?\"?([^\";]+)\"?", re.IGNORECASE)
_NOT_IN_NAMES = re.compile(r'[\x00-\x1f:*?"<>|]')
_SECRETS = ("token", "access_token", "api_key", "key")  # parameters of an address that are not kept


def add_from_url(
    registry: Registry, url: str, options: AddOptions = PLAIN, progress: DownloadProgress = silent
) -> ModelEntry:
    """Add the file at `url` and return its entry. A broken download goes on when it is added again.

    Raises InputError where it is nothing for us, ResourceError where the server does not give it.
    """
    if registry.offline:
        raise ResourceError(
            "Foveate is set to stay offline.",
            code=ErrorCode.OFFLINE,
            remedy="Set offline to false for a moment, or add a file or folder of this machine.",
        )
    if options.later:
        raise InputError(
            "What lies at an address is only known when it was downloaded.",
            code=ErrorCode.INVALID_PARAMETER,
            remedy="Leave --later out, or add it from the model hub.",
        )
    with requests.Session() as session:
        file_name, size = _probe(session, url)
        name = registry.check_new(options.name or name_from(Path(file_name)))
        if file_name.lower().endswith(".safetensors"):
            header = parse_header(lambda at, length: read(session, Download(url, size), at, length), size, file_name)
            recognize(header, Path(file_name).stem)  # refuses what is not for us before it is downloaded
        path = registry.unfinished(name) / file_name
        if not (path.is_file() and path.stat().st_size == size):
            fetch(session, Download(url, size), path, progress)
    if path.suffix.lower() in PICKLES and options.allow_pickle:
        entry = add_path(registry, path, replace(options, name=name), progress)
        registry.forget_unfinished(name)
        return entry
    file = ModelFile(_without_secrets(url), sha256_of(path), size, file_name)
    entry = local_entry(registry, name, path, options, source=SourceSpec("url", {}), known={file_name: file})
    return registry.add(entry, progress)


def _probe(session: requests.Session, url: str) -> tuple[str, int]:
    """Return the name and the bytes of the file at `url`."""
    headers = {"Accept-Encoding": "identity", "Range": "bytes=0-0"}
    with connection_errors(url), open_response(session, url, headers) as response:
        named = _FILE_NAME.search(response.headers.get("Content-Disposition", ""))
        total = response.headers.get("Content-Range", "").rpartition("/")[2] or response.headers.get(
            "Content-Length", ""
        )
        path = named[1] if named else unquote(urlsplit(url).path)
    name = PurePosixPath(path.replace("\\", "/")).name
    if not total.isdigit() or not name or name.startswith("."):
        raise unavailable(shown(url), "the server does not say what file that is", "Download it, and add the file.")
    return _on_every_system(name), int(total)


def _on_every_system(name: str) -> str:
    """Return the name of a file such that Windows can have it, too."""
    possible = _NOT_IN_NAMES.sub("-", name)
    return f"model-{possible}" if is_device_name(possible) else possible


def _without_secrets(url: str) -> str:
    parts = urlsplit(url)
    kept = [(key, value) for key, value in parse_qsl(parts.query) if key.lower() not in _SECRETS]
    return parts._replace(query=urlencode(kept), fragment="").geturl()
