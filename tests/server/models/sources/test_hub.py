"""The hub's source against a small server that speaks the hub's protocol, in a process of its own: the library reads
HF_ENDPOINT when it is imported."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

DATA = bytes(range(256)) * 64
COMMIT = "c0ffee" + "0" * 34
FETCH = """
import json, sys, time
time.sleep = lambda seconds: None  # the library waits half a minute until it gives up on a hub that does not answer
from pathlib import Path
from foveate_server.models.entry import ModelEntry, ModelFile, SourceSpec
from foveate_server.models.sources.hub import HubSource
from foveate_shared.errors import FoveateError
import hashlib
path, revision, folder = sys.argv[1:]
source = SourceSpec("hub", {"repository": "someone/model", "revision": revision})
entry = ModelEntry("m", "M", "restore", "a", 4, 0, (), "", None, source, (ModelFile(path, "0" * 64, 16384),))
seen = []
try:
    HubSource().fetch(entry, Path(folder), lambda done, total: seen.append((done, total)))
    print(json.dumps({"seen": seen}))
except FoveateError as error:
    print(json.dumps({"code": error.info.code.value, "message": error.info.message, "remedy": error.info.remedy}))
"""


class _Hub(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        known = f"/someone/model/resolve/{COMMIT}/weights/net.bin"
        if self.path == known:
            self._send(200, DATA, {"ETag": '"abc"', "X-Repo-Commit": COMMIT})
        elif COMMIT not in self.path:
            self._send(404, b"", {"X-Error-Code": "RevisionNotFound"})
        elif "gated" in self.path:
            self._send(403, b"", {"X-Error-Code": "GatedRepo"})
        else:
            self._send(404, b"", {"X-Error-Code": "EntryNotFound"})

    do_HEAD = do_GET  # noqa: N815

    def _send(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for key, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(key, value)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - named by the base class
        pass


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Hub)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def fetch(endpoint: str, folder: Path, path: str, revision: str = COMMIT) -> dict[str, object]:
    environment = {**os.environ, "HF_ENDPOINT": endpoint, "HF_HOME": str(folder / "home"), "HF_HUB_DISABLE_XET": "1"}
    environment.pop("HF_HUB_OFFLINE", None)
    command = [sys.executable, "-c", FETCH, path, revision, str(folder)]
    process = subprocess.run(command, env=environment, capture_output=True, text=True, check=True, timeout=60)
    answer: dict[str, object] = json.loads(process.stdout)
    return answer


def test_fetches_a_file_at_a_pinned_revision(endpoint: str, tmp_path: Path) -> None:
    answer = fetch(endpoint, tmp_path, "weights/net.bin")
    assert (tmp_path / "net.bin").read_bytes() == DATA
    assert answer["seen"][-1] == [len(DATA), len(DATA)]  # type: ignore[index]


@pytest.mark.parametrize(
    ("path", "revision", "word"),
    [
        ("weights/none.bin", COMMIT, "weights/none.bin is not in revision"),
        ("weights/net.bin", "gone", "is not in revision gone"),
        ("gated.bin", COMMIT, "needs a login"),
    ],
)
def test_says_what_is_missing(endpoint: str, tmp_path: Path, path: str, revision: str, word: str) -> None:
    answer = fetch(endpoint, tmp_path, path, revision)
    assert answer["code"] == "model_unavailable"
    assert word in str(answer["message"])
    assert answer["remedy"]


def test_says_that_the_hub_does_not_answer(tmp_path: Path) -> None:
    answer = fetch("http://127.0.0.1:9", tmp_path, "weights/net.bin")
    assert answer["code"] == "offline"
