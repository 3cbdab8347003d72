"""What the model hub tells of a repository, through huggingface_hub: its mirrors (HF_ENDPOINT) and its login."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import requests

from foveate_server.models.sources.contract import unavailable, unreachable
from foveate_server.models.sources.download import Download, read
from foveate_server.models.tensor_headers import Header, parse_header
from foveate_shared.errors import ErrorCode, ResourceError
from foveate_shared.i18n.sentence import Sentence

_LOGIN = "run `hf auth login`"


@dataclass(frozen=True)
class RemoteFile:
    """A file of a repository, at one commit."""

    path: str  # in the repository
    size: int  # bytes
    sha256: str = ""  # of large files; small ones are known by git's hash alone
    blob: str = ""  # git's hash of it


@dataclass(frozen=True)
class Repository:
    """A repository at one commit."""

    id: str  # "organisation/name"
    commit: str  # 40 hexadecimal digits
    license: str = ""
    gated: bool = False  # its makers want to be asked first
    files: tuple[RemoteFile, ...] = field(default=())

    def file(self, path: str) -> RemoteFile | None:
        """Return the file at `path`, if there is one."""
        return next((file for file in self.files if file.path == path), None)


class HubClient:
    """Asks the hub. Every method raises ResourceError, with a sentence on what to do, where it does not answer well."""

    def __init__(self, endpoint: str | None = None) -> None:
        """`endpoint` is the address of the hub; None: as HF_ENDPOINT says, or the usual one."""
        self._endpoint = endpoint
        self._session = requests.Session()

    @cached_property
    def _hub(self) -> Any:
        try:
            import huggingface_hub.constants  # noqa: PLC0415 - optional, and slow to import
            import huggingface_hub.errors  # noqa: PLC0415
            import huggingface_hub.utils  # noqa: PLC0415
        except ImportError as error:
            raise ResourceError(
                "Models from the hub need the package huggingface_hub, which is not installed.",
                code=ErrorCode.MODEL_UNAVAILABLE,
                remedy="Install it with: {command}",
                command='pip install "foveate[server]"',
            ) from error
        return huggingface_hub

    def look_up(self, repository: str, revision: str | None = None) -> Repository:
        """Return the repository at the commit that `revision` (a branch, a tag or a commit) means now."""
        with self._errors(repository, revision or "main"):
            info = self._hub.HfApi(endpoint=self._endpoint).model_info(
                repository, revision=revision, files_metadata=True
            )
        files = tuple(
            RemoteFile(
                sibling.rfilename,
                int(sibling.lfs.size if sibling.lfs else sibling.size or 0),
                sibling.lfs.sha256 if sibling.lfs else "",
                sibling.blob_id or "",
            )
            for sibling in info.siblings or ()
        )
        return Repository(str(info.id), str(info.sha), _license_of(info.card_data), bool(info.gated), files)

    def download_of(self, repository: str, commit: str, path: str, size: int) -> Download:
        """Return where the bytes of a file are to be had, and with what headers."""
        url = self._hub.hf_hub_url(repository, path, revision=commit, endpoint=self._endpoint)
        with self._errors(repository, commit, path):
            headers = self._hub.utils.build_hf_headers()
            metadata = self._hub.get_hf_file_metadata(url, headers=headers, endpoint=self._endpoint)
        return Download(url, metadata.size or size, headers)

    def content(self, repository: Repository, file: RemoteFile) -> bytes:
        """Return a small file whole, checked against git's hash of it."""
        download = self.download_of(repository.id, repository.commit, file.path, file.size)
        data = read(self._session, download, 0, file.size) if file.size else b""
        found = (hashlib.sha256(data).hexdigest(), file.sha256) if file.sha256 else (git_blob_hash(data), file.blob)
        if found[0] != found[1]:
            raise unavailable(
                Sentence("{file} of {repository} on the model hub", file=file.path, repository=repository.id),
                "what arrived is not what the hub has listed",
                "Try again; if it happens twice, do not trust the connection or the mirror.",
            )
        return data

    def header(self, repository: Repository, file: RemoteFile) -> Header:
        """Return the header of a safetensors file, of which nothing else is downloaded. Also raises InputError."""
        download = self.download_of(repository.id, repository.commit, file.path, file.size)
        return parse_header(lambda start, length: read(self._session, download, start, length), file.size, file.path)

    def page(self, repository: str) -> str:
        """Return the address of a repository's page for a person."""
        return f"{self._endpoint or self._hub.constants.ENDPOINT}/{repository}"

    @contextmanager
    def _errors(self, repository: str, revision: str, path: str = "") -> Iterator[None]:
        """Turn what the library raises into sentences."""
        errors = self._hub.errors
        what = Sentence("{repository} on the model hub", repository=repository)
        try:
            yield
        except errors.GatedRepoError as error:
            raise unavailable(
                what,
                "its makers want you to agree to their terms first",
                f"Open {self.page(repository)}, accept them there, {_LOGIN}, and try again.",
            ) from error
        except errors.RevisionNotFoundError as error:
            raise unavailable(
                what, Sentence("it has no revision {revision}", revision=revision), "Look on its page which there are."
            ) from error
        except errors.RemoteEntryNotFoundError as error:
            remedy = "Look on the hub whether the file has moved."
            raise unavailable(
                what, Sentence("{file} is not in revision {revision}", file=path, revision=revision), remedy
            ) from error
        except errors.RepositoryNotFoundError as error:
            raise unavailable(
                what,
                "there is none of that name, or it is private",
                f"Check the name; for a private one, {_LOGIN} first.",
            ) from error
        except errors.HFValidationError as error:
            raise unavailable(what, "that is no name of a repository", "Write it as organisation/name.") from error
        except errors.OfflineModeIsEnabled as error:
            raise unreachable("The model hub", "HF_HUB_OFFLINE is set") from error
        except errors.HfHubHTTPError as error:
            raise _refused(what, error) from error
        except Exception as error:
            if type(error).__module__.split(".")[0] not in ("httpx", "httpx2", "httpcore", "requests"):
                raise
            raise unreachable("The model hub", str(error).rstrip(".") or type(error).__name__) from error


def git_blob_hash(data: bytes) -> str:
    """Return the hash by which git knows a file with this content."""
    return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()  # noqa: S324 - git's choice, not ours


def _license_of(card: Any) -> str:
    """Return the licence that a model card names."""
    if card is None:
        return ""
    license_ = getattr(card, "license", None) or ""
    named = getattr(card, "license_name", None)
    return str(named if license_ == "other" and named else license_)


def _refused(what: str, error: Any) -> ResourceError:
    """Return the error for an answer of the hub that has no class of its own."""
    status = getattr(getattr(error, "response", None), "status_code", 0)
    if status in (401, 403):
        return unavailable(what, "the hub does not accept your login", f"Check your token's rights, or {_LOGIN} again.")
    if status == 429:
        return unreachable("The model hub", "it is asked too often from here")
    answer = Sentence("it answers {status}", status=status) if status else "it does not answer as a hub does"
    return unreachable("The model hub", answer)
