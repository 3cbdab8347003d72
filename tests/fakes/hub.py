"""A model hub in one process: the parts of its protocol that huggingface_hub and our downloads use, faults included."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote, urlsplit

LFS = (".safetensors", ".bin", ".ckpt", ".onnx", ".msgpack")  # kept beside git, known by their SHA-256


@dataclass
class FakeRepository:
    files: dict[str, bytes] = field(default_factory=dict)
    commit: str = "c0ffee" + "0" * 34
    revisions: tuple[str, ...] = ("main",)
    license: str = "openrail"
    gated: bool = False  # anyone sees its page; files need a token in `readers`
    private: bool = False  # nobody else knows that it exists
    readers: tuple[str, ...] = ()  # tokens


@dataclass
class FakeHub:
    """What is on it, what it does wrong, and what it was asked for."""

    url: str = ""  # the endpoint
    cdn: str = ""  # where large files are redirected to: another host name
    repositories: dict[str, FakeRepository] = field(default_factory=dict)
    break_after: list[int] = field(default_factory=list)  # bytes after which the next large downloads break, one each
    corrupt: set[str] = field(default_factory=set)  # paths whose bytes arrive changed
    sent: dict[str, int] = field(default_factory=dict)  # bytes of each file that went out
    ranges: list[str] = field(default_factory=list)  # of large downloads
    authorized_cdn: bool = False  # a token was sent to the other host

    def add(self, name: str, files: dict[str, bytes], **options: object) -> FakeRepository:
        self.repositories[name] = FakeRepository(files, **options)  # type: ignore[arg-type]
        return self.repositories[name]


def git_blob(data: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()  # noqa: S324 - git's choice


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        path = unquote(urlsplit(self.path).path)
        if path.startswith("/api/models/"):
            self._info(path.removeprefix("/api/models/"))
        elif path.startswith("/cdn/"):
            self._large(path.removeprefix("/cdn/"))
        else:
            self._resolve(path.lstrip("/"))

    do_HEAD = do_GET  # noqa: N815

    @property
    def hub(self) -> FakeHub:
        return self.server.hub

    def _token(self) -> str:
        return self.headers.get("Authorization", "").removeprefix("Bearer ")

    def _repository(self, name: str) -> FakeRepository | None:
        """The repository, unless nobody of this token may know of it; answers then."""
        found = self.hub.repositories.get(name)
        if found is None or (found.private and self._token() not in found.readers):
            self._send(401 if not self._token() else 404, b"", {"X-Error-Code": "RepoNotFound"})
            return None
        return found

    def _info(self, rest: str) -> None:
        name, _, revision = rest.partition("/revision/")
        repository = self._repository(name)
        if repository is None:
            return
        if revision and revision not in (*repository.revisions, repository.commit):
            self._send(404, b"", {"X-Error-Code": "RevisionNotFound"})
            return
        siblings = []
        for path, data in repository.files.items():
            sibling: dict[str, object] = {"rfilename": path, "size": len(data), "blobId": git_blob(data)}
            if path.endswith(LFS):
                sibling["lfs"] = {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data), "pointerSize": 134}
            siblings.append(sibling)
        info = {
            "id": name, "sha": repository.commit, "siblings": siblings, "private": repository.private,
            "gated": "manual" if repository.gated else False, "cardData": {"license": repository.license},
        }  # fmt: skip
        self._send(200, json.dumps(info).encode(), {"Content-Type": "application/json"})

    def _resolve(self, rest: str) -> None:
        name, _, pinned = rest.partition("/resolve/")
        revision, _, path = pinned.partition("/")
        repository = self._repository(name)
        if repository is None:
            return
        if repository.gated and self._token() not in repository.readers:
            self._send(403 if self._token() else 401, b"", {"X-Error-Code": "GatedRepo"})
        elif revision not in (*repository.revisions, repository.commit):
            self._send(404, b"", {"X-Error-Code": "RevisionNotFound"})
        elif path not in repository.files:
            self._send(404, b"", {"X-Error-Code": "EntryNotFound", "X-Repo-Commit": repository.commit})
        elif path.endswith(LFS):
            data = repository.files[path]
            sha256 = hashlib.sha256(data).hexdigest()
            self._send(302, b"", {
                "Location": f"{self.hub.cdn}/cdn/{name}/{path}", "X-Repo-Commit": repository.commit,
                "X-Linked-Size": str(len(data)), "X-Linked-ETag": f'"{sha256}"', "ETag": f'"{git_blob(data)}"',
            })  # fmt: skip
        else:
            data = repository.files[path]
            self._body(name, path, data, {"ETag": f'"{git_blob(data)}"', "X-Repo-Commit": repository.commit})

    def _large(self, rest: str) -> None:
        self.hub.authorized_cdn |= bool(self._token())
        organisation, repository, path = rest.split("/", 2)
        name = f"{organisation}/{repository}"
        data = self.hub.repositories[name].files[path]
        self.hub.ranges.append(self.headers.get("Range", ""))
        self._body(name, path, data, {"ETag": f'"{hashlib.sha256(data).hexdigest()}"'})

    def _body(self, name: str, path: str, data: bytes, headers: dict[str, str]) -> None:
        if path in self.hub.corrupt:
            data = data[:-1] + bytes([data[-1] ^ 1])
        start, end = 0, len(data)
        wanted = self.headers.get("Range", "").removeprefix("bytes=")
        wanted_end = wanted.partition("-")[2]  # a look into the file, not a download
        if wanted and self.headers.get("If-Range", headers["ETag"]) == headers["ETag"]:
            first, _, last = wanted.partition("-")
            start, end = int(first), min(end, int(last) + 1) if last else end
            headers["Content-Range"] = f"bytes {start}-{end - 1}/{len(data)}"
        limit = end - start
        if self.command == "GET" and "/cdn/" in self.path and not wanted_end and self.hub.break_after:
            limit = min(limit, self.hub.break_after.pop(0))
        if self.command == "GET":
            key = f"{name}/{path}"
            self.hub.sent[key] = self.hub.sent.get(key, 0) + limit
        self._send(206 if wanted and "Content-Range" in headers else 200, data[start:end], headers, limit)

    def _send(self, status: int, body: bytes, headers: dict[str, str], limit: int | None = None) -> None:
        self.send_response(status)
        for key, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(key, value)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body[:limit])
            self.close_connection = limit is not None and limit < len(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - named by the base class
        pass


class _Server(ThreadingHTTPServer):
    hub: FakeHub
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        pass  # clients that hang up are part of the tests


@contextmanager
def serving() -> Iterator[FakeHub]:
    """Run a hub on a free port."""
    server = _Server(("127.0.0.1", 0), _Handler)
    server.hub = FakeHub(f"http://127.0.0.1:{server.server_port}", f"http://localhost:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server.hub
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
