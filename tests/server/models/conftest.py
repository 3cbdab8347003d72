"""A file server with the manners, good and bad, of real ones, and entries that point to it."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from foveate_server.models.entry import ModelEntry, ModelFile, SourceSpec


@dataclass
class FileServer:
    """Serves `files` by path; what it does wrong is set by the test."""

    files: dict[str, bytes] = field(default_factory=dict)
    redirects: dict[str, str] = field(default_factory=dict)
    break_after: list[int] = field(default_factory=list)  # bytes after which the next connections break, one each
    has_etag: bool = True
    requests: list[dict[str, str]] = field(default_factory=list)  # headers, in order
    url: str = ""

    def etag(self, path: str) -> str:
        return f'"{hashlib.sha256(self.files[path]).hexdigest()[:16]}"'


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._answer(self.command == "GET")

    do_HEAD = do_GET  # noqa: N815

    def _answer(self, with_body: bool) -> None:
        state = self.server.state
        state.requests.append({**{k.lower(): v for k, v in self.headers.items()}, ":method": self.command})
        if self.path in state.redirects:
            self.send_response(302)
            self.send_header("Location", state.redirects[self.path])
            self.send_header("Content-Length", "0")
            self.end_headers()
        elif self.path not in state.files:
            self.send_error(404)
        else:
            self._send(state, with_body)

    def _send(self, state: FileServer, with_body: bool) -> None:
        data, start = state.files[self.path], 0
        wanted = self.headers.get("Range", "")
        if wanted and self.headers.get("If-Range") == state.etag(self.path):
            start = int(wanted.removeprefix("bytes=").removesuffix("-"))
        self.send_response(206 if start else 200)
        if state.has_etag:
            self.send_header("ETag", state.etag(self.path))
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
        self.send_header("Content-Length", str(len(data) - start))
        self.end_headers()
        if with_body:
            limit = state.break_after.pop(0) if state.break_after else len(data)
            self.wfile.write(data[start : start + limit])
            self.close_connection = start + limit < len(data)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - named by the base class
        pass


class _Server(ThreadingHTTPServer):
    state: FileServer
    daemon_threads = True


@pytest.fixture
def file_server() -> Iterator[FileServer]:
    server = _Server(("127.0.0.1", 0), _Handler)
    server.state = FileServer(url=f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server.state
    server.shutdown()
    thread.join()
    server.server_close()


MakeEntry = Callable[..., ModelEntry]


@pytest.fixture
def make_entry() -> MakeEntry:
    def make(
        kind: str, path: str, data: bytes, *, name: str = "model", license_file: str | None = None, **options: str
    ) -> ModelEntry:
        file = ModelFile(path, hashlib.sha256(data).hexdigest(), len(data))
        return ModelEntry(
            name, "A model", "restore", "rrdbnet", 4, "MIT", license_file,
            SourceSpec(kind, options), (file,),
        )  # fmt: skip

    return make


@pytest.fixture
def cache_dir(tmp_path: Path) -> Path:
    return tmp_path / "cache"
