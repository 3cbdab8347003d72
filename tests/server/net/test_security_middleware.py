from __future__ import annotations

import contextlib
import json
import socket
from dataclasses import replace

import httpx
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from fakes.guarded import Guarded, bearer, guarded
from fakes.liar import lying
from foveate_server.cli.http_requests import request_json
from foveate_server.config.server_config import Rates, ServerConfig
from foveate_server.net.gate import MAX_BODY_BYTES, MAX_HEADER_BYTES, Gate
from foveate_server.net.named_tokens import Authenticator, add_token, new_token, revoke_token
from foveate_server.net.pairing import pair
from foveate_server.net.security_middleware import SecurityMiddleware
from foveate_server.status.page_sessions import Sessions
from foveate_shared.connection.proved_server import prove
from foveate_shared.connection.server_address import ServerAddress
from foveate_shared.errors import FoveateError, RefusedError


@pytest.fixture(scope="module")
def server(start_module_server, module_config: ServerConfig) -> Guarded:
    """A server with the default settings, shared; patient with wrong tokens."""
    return guarded(start_module_server, replace(module_config, rates=Rates(failed_logins_per_minute=1000)))


@pytest.fixture
def serve(start_server, config: ServerConfig):
    """Start a server with some settings changed."""
    return lambda **changes: guarded(start_server, replace(config, **changes))


def code(response: httpx.Response) -> str:
    error = response.json()
    assert set(error) == {"code", "message", "remedy", "fault"}
    return error["code"]


def test_the_token_opens_http_and_websocket(server: Guarded):
    assert server.get().json() == {"owner": "local", "size": 0}
    with server.connect() as socket:
        socket.send("hello")
        assert socket.recv() == "local: hello"


def test_a_client_and_the_server_prove_themselves_to_each_other(server: Guarded):
    with contextlib.closing(prove(ServerAddress(server.url, server.token), 60)) as proved:
        assert json.loads(proved.request("POST", "/who").read()) == {"owner": "local", "size": 0}
    named = add_token(server.config, "prover")
    proved = prove(ServerAddress(server.url, named), 60)
    headers = {"Authorization": proved.authorization("GET", "/socket")}
    with connect(f"{server.url.replace('http', 'ws')}/socket", additional_headers=headers, proxy=None) as socket:
        socket.send("hello")
        assert socket.recv() == "prover: hello"
    proved.close()


def test_the_same_under_tls(serve, config: ServerConfig):
    paired, pairing = pair(config, "127.0.0.1")
    server = serve(tls_cert=paired.tls_cert, tls_key=paired.tls_key)
    address = ServerAddress(server.url, pairing.token, pairing.fingerprint)
    assert request_json(address, "GET", "/who")["owner"].startswith("paired-")


def test_a_token_that_the_server_does_not_know_is_said_to_be_so(server: Guarded):
    with pytest.raises(RefusedError, match="does not know this program's token"):
        prove(ServerAddress(server.url, new_token()), 60)


@pytest.mark.parametrize("rewrites", [False, True])
def test_who_passes_a_proof_on_from_another_port_is_found_out(server: Guarded, rewrites: bool):
    """The server may have ended here and be there: who took its place could ask it for proofs."""

    def ask_the_server(head: bytes) -> bytes:
        sent = (
            head.replace(f"127.0.0.1:{liar.port}".encode(), f"127.0.0.1:{server.port}".encode()) if rewrites else head
        )
        with socket.create_connection(("127.0.0.1", server.port), timeout=60) as there:
            there.sendall(sent.replace(b"Accept-Encoding: identity", b"Connection: close"))
            return there.makefile("rb").read()

    with lying(ask_the_server) as liar:
        sentence = "is not your Foveate server" if rewrites else "does not go by this name"
        with pytest.raises(FoveateError, match=sentence):
            prove(ServerAddress(f"http://127.0.0.1:{liar.port}", server.token), 60)
    assert (b"HTTP" in liar.heard, b"proof=" in liar.heard) == (True, False)


@pytest.mark.parametrize("headers", [{}, bearer("wrong"), bearer("a b"), {"Authorization": "Basic abc"}])
def test_without_the_token_nothing_opens(server: Guarded, headers: dict[str, str]):
    for method, path in (("GET", "/who"), ("POST", "/who"), ("GET", "/nothing"), ("OPTIONS", "/who"), ("POST", "/")):
        response = server.request(method, path, headers=headers)
        assert (response.status_code, code(response)) == (401, "unauthorized")
        assert response.headers["www-authenticate"] == "Bearer"
    with pytest.raises(InvalidStatus) as caught:
        connect(f"ws://127.0.0.1:{server.port}/socket", additional_headers=headers, proxy=None)
    assert caught.value.response.status_code == 401
    assert json.loads(caught.value.response.body)["code"] == "unauthorized"


@pytest.mark.parametrize(
    "origin", ["null", "http://evil.example", "https://127.0.0.1:{port}", "http://127.0.0.1:1", ""]
)
def test_other_pages_are_refused(server: Guarded, origin: str):
    sent = origin.format(port=server.port)
    response = server.get(Origin=sent)
    assert (response.status_code, code(response)) == (403, "forbidden")
    with pytest.raises(InvalidStatus) as caught:
        server.connect(origin=sent)
    assert caught.value.response.status_code == 403
    assert json.loads(caught.value.response.body)["code"] == "forbidden"


def test_our_own_page_may_fetch_but_opens_no_socket(server: Guarded):
    assert server.get(Origin=server.url).status_code == 200
    with pytest.raises(InvalidStatus):
        server.connect(origin=server.url)


def test_a_listed_page_may_open_a_socket(serve):
    server = serve(allowed_origins=("https://editor.example",))
    with server.connect(origin="https://editor.example") as socket:
        socket.send("x")
        assert socket.recv() == "local: x"


@pytest.mark.parametrize(
    "host",
    ["evil.example:{port}", "127.0.0.1:1", "127.0.0.1", "", "127.0.0.1.evil.example:{port}", "a@127.0.0.1:{port}", "["],
)
def test_other_hosts_are_refused_even_with_the_token(server: Guarded, host: str):
    response = server.get(Host=host.format(port=server.port))
    assert (response.status_code, code(response)) == (403, "forbidden")


@pytest.mark.parametrize("host", ["localhost:{port}", "LOCALHOST:{port}", "[::1]:{port}", "pc.example", "pc.example:9"])
def test_our_own_and_listed_hosts_are_served(serve, host: str):
    server = serve(allowed_hosts=("pc.example",))
    assert server.get(Host=host.format(port=server.port)).status_code == 200


def test_every_answer_carries_the_security_headers(server: Guarded):
    for response in (server.get(), server.get(token="wrong"), server.get("/nothing")):
        assert response.headers["content-security-policy"].startswith("default-src 'self'; ")
        assert "frame-ancestors 'none'" in response.headers["content-security-policy"]
        assert response.headers["x-content-type-options"] == "nosniff"
        assert response.headers["cache-control"] == "no-store"
        assert "server" not in response.headers


def test_large_bodies_are_refused_announced_or_not(server: Guarded):
    just_right = server.request("POST", "/who", content=b"x" * MAX_BODY_BYTES, headers=bearer(server.token))
    assert just_right.json()["size"] == MAX_BODY_BYTES
    for content in (b"x" * (MAX_BODY_BYTES + 1), iter([b"x" * 40_000] * 2)):
        response = server.request("POST", "/who", content=content, headers=bearer(server.token))
        assert (response.status_code, code(response)) == (413, "too_large")


def test_large_headers_are_refused(server: Guarded):
    response = server.get(**{"X-Large": "x" * MAX_HEADER_BYTES})
    assert (response.status_code, code(response)) == (431, "too_large")


def test_guessing_is_slowed_down_and_the_right_token_still_works_on_this_machine(serve):
    server = serve(rates=Rates(failed_logins_per_minute=3))
    codes = [server.get(token="wrong").status_code for _ in range(5)]
    assert codes == [401, 401, 401, 429, 429]
    assert server.get().status_code == 200


def test_a_revoked_token_ends_its_open_connection(serve):
    server = serve()
    token = add_token(server.config, "tablet")
    with server.connect(token) as tablet, server.connect() as local:
        tablet.send("1")
        assert tablet.recv() == "tablet: 1"
        revoke_token(server.config, "tablet")
        tablet.send("2")
        with pytest.raises(ConnectionClosed) as caught:
            tablet.recv(timeout=60)
        assert caught.value.rcvd is not None
        assert caught.value.rcvd.code == 1008
        local.send("3")
        assert local.recv() == "local: 3"
    assert server.get(token=token).status_code == 401


async def test_a_revoked_token_gets_no_more_events(config: ServerConfig):
    token = add_token(config, "tablet")
    sent: list[dict] = []

    async def app(scope, receive, send):
        await send({"type": "websocket.accept"})
        await send({"type": "websocket.send", "text": "before"})
        revoke_token(config, "tablet")
        await send({"type": "websocket.send", "text": "after"})
        await send({"type": "websocket.close", "code": 1000})

    async def send(message):
        sent.append(message)

    headers = [(b"host", b"127.0.0.1:7"), (b"authorization", f"Bearer {token}".encode())]
    scope = {"type": "websocket", "path": "/socket", "headers": headers, "server": ("127.0.0.1", 7), "client": None}
    gate = Gate(config, Authenticator(config.tokens_file, new_token()), Sessions())
    await SecurityMiddleware(app, gate)(scope, send, send)
    assert [message["type"] for message in sent] == ["websocket.accept", "websocket.send", "websocket.close"]
    assert sent[1]["text"] == "before"
    assert sent[2]["code"] == 1008


def test_connections_are_limited_and_places_are_given_back(serve):
    server = serve(rates=Rates(connections=2))
    with server.connect(), server.connect():
        with pytest.raises(InvalidStatus) as caught:
            server.connect()
        assert caught.value.response.status_code == 503
        assert json.loads(caught.value.response.body)["code"] == "rate_limited"
    with server.connect() as socket:
        socket.send("x")
        assert socket.recv() == "local: x"


def test_no_compression_is_negotiated(server: Guarded):
    with server.connect() as socket:
        assert socket.protocol.extensions == []
