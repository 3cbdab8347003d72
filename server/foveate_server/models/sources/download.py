"""One file by HTTP: resumed where a download broke off, in this attempt or in an earlier one."""

from __future__ import annotations

import ipaddress
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import requests

from foveate_server.models.download_progress import DownloadProgress
from foveate_server.models.sources.contract import unavailable, unreachable
from foveate_shared.errors import ErrorCode, InputError, ResourceError
from foveate_shared.i18n.sentence import Sentence

_CHUNK_BYTES = 1 << 16  # also what a broken connection costs at most
_TIMEOUT_SECONDS = (10, 30)  # to connect, and between two chunks
_MAX_REDIRECTS = 5
_ATTEMPTS = 3  # each goes on from where the one before broke off
_BROKEN = requests.RequestException  # refused, broken off, or no TLS that can be trusted
SOURCE_REMEDY = "Tell whoever gave you this model's address that the file there has changed."


@dataclass(frozen=True)
class Download:
    """What to fetch."""

    url: str
    size: int  # bytes that are expected
    headers: Mapping[str, str] = field(default_factory=dict)  # sent to the host of `url` alone


def fetch(session: requests.Session, download: Download, target: Path, progress: DownloadProgress) -> None:
    """Download to `target`; a partial one, `*.part`, is kept for the next attempt.

    Raises ResourceError where the file is not to be had, and whatever `progress` raises.
    """
    part, validator = target.with_name(target.name + ".part"), target.with_name(target.name + ".etag")
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            _go_on(session, download, part, validator, progress)
            break
        except _BROKEN as error:
            if attempt == _ATTEMPTS or isinstance(error, requests.exceptions.SSLError):
                raise _no_answer(download.url, error) from error
    part.replace(target)
    validator.unlink(missing_ok=True)


def read(session: requests.Session, download: Download, start: int, length: int) -> bytes:
    """Return `length` bytes of a file from `start` on, fewer at its end. Raises ResourceError as :func:`fetch`."""
    headers = {**download.headers, "Accept-Encoding": "identity", "Range": f"bytes={start}-{start + length - 1}"}
    with connection_errors(download.url), open_response(session, download.url, headers) as response:
        skip = 0 if response.status_code == requests.codes.partial_content else start
        found = bytearray()
        for chunk in response.iter_content(_CHUNK_BYTES):
            found += chunk
            if len(found) >= skip + length:
                break
        return bytes(found[skip : skip + length])


@contextmanager
def connection_errors(url: str) -> Iterator[None]:
    """Turn what breaks on the way to `url` into a ResourceError."""
    try:
        yield
    except _BROKEN as error:
        raise _no_answer(url, error) from error


def open_response(session: requests.Session, url: str, headers: Mapping[str, str]) -> requests.Response:
    """Return the open response to a GET, following redirects as long as each of them is safe.

    A token among the headers goes to the first host alone. Raises ResourceError for any answer but success, InputError
    for what is no address, and what requests raises where there is no answer.
    """
    try:
        first = urlsplit(url).netloc
        for _ in range(_MAX_REDIRECTS + 1):
            check_scheme(url)
            own = headers if urlsplit(url).netloc == first else {k: v for k, v in headers.items() if not _is_secret(k)}
            response = session.get(url, headers=own, stream=True, timeout=_TIMEOUT_SECONDS, allow_redirects=False)
            if not response.is_redirect:
                break
            response.close()
            url = urljoin(url, response.headers["Location"])
    except ValueError as error:  # of urllib, urllib3 and requests alike
        raise InputError(
            "{url} is no address that can be asked.",
            code=ErrorCode.INVALID_PARAMETER,
            remedy="Check it; it should look like https://example.org/model.safetensors.",
            url=url.partition("?")[0],
        ) from error
    if response.status_code not in (requests.codes.ok, requests.codes.partial_content):
        response.close()
        raise unavailable(
            shown(url),
            Sentence("the server answers {status} {words}", status=response.status_code, words=response.reason),
            SOURCE_REMEDY,
        )
    return response


def check_scheme(url: str) -> None:
    """Raise ResourceError unless `url` is https, or http on this machine."""
    parts = urlsplit(url)
    if parts.scheme == "https" or (parts.scheme == "http" and _is_loopback(parts.hostname or "")):
        return
    raise unavailable(shown(url), "only https addresses are allowed", "Use an address that begins with https.")


def shown(url: str) -> str:
    """Return an address for a message: its query may hold a token."""
    return urlsplit(url)._replace(query="", fragment="").geturl()


def _go_on(
    session: requests.Session, download: Download, part: Path, validator: Path, progress: DownloadProgress
) -> None:
    """Append to `part` what is missing, or begin anew where the server's file is another one by now."""
    done = part.stat().st_size if part.exists() and validator.exists() else 0
    if done == download.size:
        return
    headers = {**download.headers, "Accept-Encoding": "identity"}
    if done:
        headers |= {"Range": f"bytes={done}-", "If-Range": validator.read_text()}
    with open_response(session, download.url, headers) as response:
        resumed = response.status_code == requests.codes.partial_content
        if not resumed:
            done = 0
            _remember(validator, response)
        with part.open("ab" if resumed else "wb") as sink:
            for chunk in response.iter_content(_CHUNK_BYTES):
                done += len(chunk)
                if done > download.size:
                    sink.close()
                    part.unlink()
                    what = Sentence("it is larger than the {size} bytes expected", size=download.size)
                    raise unavailable(shown(download.url), what, SOURCE_REMEDY)
                sink.write(chunk)
                progress(done, download.size)
    if done < download.size:
        raise requests.ConnectionError(f"the connection ended after {done} of {download.size} bytes")


def _remember(validator: Path, response: requests.Response) -> None:
    """Keep the strong ETag or the date of the server's file, without which a resumption would be a gamble."""
    etag = response.headers.get("ETag", "")
    value = etag if etag and not etag.startswith("W/") else response.headers.get("Last-Modified", "")
    if value:
        validator.write_text(value)
    else:
        validator.unlink(missing_ok=True)


def _is_secret(header: str) -> bool:
    return header.lower() in ("authorization", "cookie")


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _no_answer(url: str, error: Exception) -> ResourceError:
    """Return the error for one of requests: its innermost cause, which its text hides among addresses of objects."""
    while isinstance(error.__context__, Exception):
        error = error.__context__
    host = urlsplit(url).hostname or url
    if isinstance(error, ssl.SSLCertVerificationError):
        return ResourceError(
            "The certificate of {host} is not trusted: {reason}.",
            code=ErrorCode.OFFLINE,
            remedy="Check the address and this machine's clock. Where your network has certificates of its own, "
            "set REQUESTS_CA_BUNDLE to their file; or download it in a browser, and add the file.",
            host=host,
            reason=error.verify_message.rstrip("."),
        )
    said = (isinstance(error, OSError) and error.strerror) or str(error).rstrip(".")
    return unreachable(host, said or type(error).__name__)
