"""Files by HTTPS: resumed where a download broke off."""

from __future__ import annotations

import ipaddress
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import requests

from foveate_server.models.entry import ModelEntry, ModelFile
from foveate_server.models.progress import Progress
from foveate_server.models.sources.base import unavailable, unreachable

_CHUNK_BYTES = 1 << 16  # also what a broken connection costs at most
_TIMEOUT_SECONDS = (10, 30)  # to connect, and between two chunks
_MAX_REDIRECTS = 5
_ATTEMPTS = 3  # each goes on from where the one before broke off


class UrlSource:
    """Fetches each file from its own URL (the file's `path`)."""

    remote = True

    def installed(self, entry: ModelEntry) -> Path | None:
        """Return None: nothing from a URL is installed."""
        return None

    def fetch(self, entry: ModelEntry, folder: Path, progress: Progress) -> None:
        """Download every file; a partial one, `*.part`, is kept for the next attempt."""
        with requests.Session() as session:
            for file in entry.files:
                if not (folder / file.name).exists():
                    _fetch_file(session, file, folder / file.name, progress)


def _fetch_file(session: requests.Session, file: ModelFile, target: Path, progress: Progress) -> None:
    part, validator = target.with_name(target.name + ".part"), target.with_name(target.name + ".etag")
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            _go_on(session, file, part, validator, progress)
            break
        except (requests.ConnectionError, requests.Timeout, requests.exceptions.ChunkedEncodingError) as error:
            if attempt == _ATTEMPTS:
                raise unreachable(urlsplit(file.path).hostname or file.path, _reason(error)) from error
    part.replace(target)
    validator.unlink(missing_ok=True)


def _go_on(session: requests.Session, file: ModelFile, part: Path, validator: Path, progress: Progress) -> None:
    """Append to `part` what is missing of `file`, or begin anew where the server's file is another one by now."""
    done = part.stat().st_size if part.exists() and validator.exists() else 0
    if done == file.size:
        return
    headers = {"Accept-Encoding": "identity"}
    if done:
        headers |= {"Range": f"bytes={done}-", "If-Range": validator.read_text()}
    with _get(session, file.path, headers) as response:
        resumed = response.status_code == requests.codes.partial_content
        if not resumed:
            done = 0
            _remember(validator, response)
        with part.open("ab" if resumed else "wb") as sink:
            for chunk in response.iter_content(_CHUNK_BYTES):
                done += len(chunk)
                if done > file.size:
                    sink.close()
                    part.unlink()
                    raise unavailable(file.path, f"it is larger than the {file.size} bytes expected", _SOURCE_REMEDY)
                sink.write(chunk)
                progress(done, file.size)
    if done < file.size:
        raise requests.ConnectionError(f"the connection ended after {done} of {file.size} bytes")


_SOURCE_REMEDY = "Tell whoever gave you this model's address that the file there has changed."


def _remember(validator: Path, response: requests.Response) -> None:
    """Keep the strong ETag or the date of the server's file, without which a resumption would be a gamble."""
    etag = response.headers.get("ETag", "")
    value = etag if etag and not etag.startswith("W/") else response.headers.get("Last-Modified", "")
    if value:
        validator.write_text(value)
    else:
        validator.unlink(missing_ok=True)


def _get(session: requests.Session, url: str, headers: dict[str, str]) -> requests.Response:
    """Return the open response to a GET, following redirects as long as each of them is safe."""
    for _ in range(_MAX_REDIRECTS + 1):
        _check_scheme(url)
        response = session.get(url, headers=headers, stream=True, timeout=_TIMEOUT_SECONDS, allow_redirects=False)
        if not response.is_redirect:
            break
        response.close()
        url = urljoin(url, response.headers["Location"])
    if response.status_code not in (requests.codes.ok, requests.codes.partial_content):
        response.close()
        raise unavailable(url, f"the server answers {response.status_code} {response.reason}", _SOURCE_REMEDY)
    return response


def _check_scheme(url: str) -> None:
    """Raise ResourceError unless `url` is https, or http on this machine."""
    parts = urlsplit(url)
    if parts.scheme == "https" or (parts.scheme == "http" and _is_loopback(parts.hostname or "")):
        return
    raise unavailable(url, "only https addresses are allowed", "Use an address that begins with https.")


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _reason(error: Exception) -> str:
    """Return the innermost cause of a requests error, which its own text hides among addresses of objects."""
    while error.__context__ is not None and isinstance(error.__context__, Exception):
        error = error.__context__
    return str(error).rstrip(".") or type(error).__name__
