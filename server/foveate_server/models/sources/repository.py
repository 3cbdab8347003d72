"""A repository of the hub looked into as if it were a folder, with hardly a byte downloaded."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path

from foveate_server.models.download_progress import DownloadProgress
from foveate_server.models.entry import ModelFile
from foveate_server.models.sources.contract import unavailable
from foveate_server.models.sources.hub_client import HubClient, RemoteFile, Repository
from foveate_server.models.tensor_headers import Header, damaged
from foveate_shared.i18n.sentence import Sentence
from foveate_shared.wire.protocol import JsonObject

_MAX_SMALL_BYTES = 64 << 20  # what the hub gives no SHA-256 for is no weights


class RepositoryFolder:
    """Implements recognition.folders.Folder for a repository at one commit."""

    def __init__(self, client: HubClient, repository: Repository) -> None:
        self._client = client
        self._repository = repository
        self._contents: dict[str, bytes] = {}  # small files that were read, by path

    @property
    def name(self) -> str:
        """See Folder."""
        return self._repository.id.rpartition("/")[2]

    def paths(self) -> Iterable[str]:
        """See Folder."""
        return [file.path for file in self._repository.files]

    def json(self, path: str) -> JsonObject:
        """See Folder."""
        if self._repository.file(path) is None:
            return {}
        try:
            document = json.loads(self._content(path))
        except ValueError as error:
            raise damaged(path, "it is no JSON") from error
        if not isinstance(document, dict):
            raise damaged(path, "it is not the object that a configuration is")
        return document

    def header(self, path: str) -> Header:
        """See Folder. Only the header is downloaded."""
        return self._client.header(self._repository, self._file(path))

    def bring(
        self, paths: Iterable[str], folder: Path, progress: DownloadProgress, prefix: str = ""
    ) -> tuple[ModelFile, ...]:
        """Return the files at `paths` as an entry lists them, below `prefix` in the model's folder.

        The small ones, whose SHA-256 the hub does not know, are put into `folder` right away.
        """
        found = []
        for path in paths:
            file, target = self._file(path), f"{prefix}{path}"
            sha256 = file.sha256
            if not sha256:
                data = self._content(path)
                sha256 = hashlib.sha256(data).hexdigest()
                (folder / target).parent.mkdir(parents=True, exist_ok=True)
                (folder / target).write_bytes(data)
                progress(file.size, file.size)
            found.append(ModelFile(path, sha256, file.size, target if target != Path(path).name else ""))
        return tuple(file for file in found if file.size)

    def _content(self, path: str) -> bytes:
        if path not in self._contents:
            file = self._file(path)
            if file.size > _MAX_SMALL_BYTES:
                raise damaged(path, "it is too large for what it should be")
            self._contents[path] = self._client.content(self._repository, file)
        return self._contents[path]

    def _file(self, path: str) -> RemoteFile:
        file = self._repository.file(path)
        if file is None:
            what = f"{self._repository.id} on the model hub"
            raise unavailable(
                what, Sentence("it has no file {file}", file=path), "Look on its page which files there are."
            )
        return file
