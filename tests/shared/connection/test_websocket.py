"""The websocket: who may get the token, and what a refusal says."""

from __future__ import annotations

import socket
import threading
from http import HTTPStatus

import pytest

from fakes.certificates import TlsServer
from fakes.scripted_server import TOKEN, ScriptedServer, StartServer
from foveate_shared.connection.proved_server import ProvedServer
from foveate_shared.connection.server_address import ServerAddress
from foveate_shared.connection.websocket import open_transport
from foveate_shared.errors import ConnectionLostError, ErrorCode, RefusedError
from foveate_shared.wire.protocol import MAX_CHUNK_BYTES, PATH, SUBPROTOCOL

PIN = "ab" * 32


def test_frames_pass_whole(server: ScriptedServer) -> None:
    transport = open_transport(server.address)
    peer = server.accept()
    assert peer.connection.subprotocol == SUBPROTOCOL
    assert peer.connection.request is not None
    assert peer.connection.request.path == PATH
    largest = bytes(MAX_CHUNK_BYTES + 16)
    transport.send(largest)
    assert peer.connection.recv() == largest
    peer.connection.send(largest)
    assert transport.receive() == largest
    peer.connection.send("ü")
    assert transport.receive() == "ü"
    transport.close()
    transport.close()


def test_the_end_of_a_connection(server: ScriptedServer) -> None:
    transport = open_transport(server.address)
    server.accept().connection.close(1008, "the token was revoked")
    with pytest.raises(ConnectionLostError, match="the token was revoked"):
        transport.receive()
    with pytest.raises(ConnectionLostError):
        transport.send("x")
    transport.close()


def test_a_pinned_certificate(start_server: StartServer, certificate: TlsServer) -> None:
    upper = ":".join(certificate.fingerprint[i : i + 2] for i in range(0, 64, 2)).upper()
    for spelling in (certificate.fingerprint, upper):
        server = start_server(certificate.context, spelling)
        transport = open_transport(server.address)
        transport.send("x")
        assert server.accept().connection.recv() == "x"
        transport.close()


@pytest.mark.parametrize("pin", [PIN, None])
def test_another_certificate_gets_no_token(start_server: StartServer, certificate: TlsServer, pin: str | None) -> None:
    server = start_server(certificate.context, pin)
    with pytest.raises(RefusedError, match="certificate") as caught:
        open_transport(server.address)
    assert caught.value.info.code is ErrorCode.FORBIDDEN
    assert server.handshakes == []  # no request, so no token, has arrived


def test_redirects_are_not_followed(start_server: StartServer) -> None:
    elsewhere = start_server()
    listener = socket.create_server(("127.0.0.1", 0))
    target = f"http://{elsewhere.address.authority}{PATH}"

    def redirect() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(65_536)
            connection.sendall(f"HTTP/1.1 302 Found\r\nLocation: {target}\r\nContent-Length: 0\r\n\r\n".encode())

    thread = threading.Thread(target=redirect)
    thread.start()
    with listener, pytest.raises(ConnectionLostError, match="not your Foveate server"):
        open_transport(ServerAddress(f"ws://127.0.0.1:{listener.getsockname()[1]}", TOKEN))
    thread.join()
    assert elsewhere.handshakes == []


def test_proxies_are_not_asked(server: ScriptedServer, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "ws_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    open_transport(server.address).close()


def test_what_is_no_http() -> None:
    listener = socket.create_server(("127.0.0.1", 0))

    def babble() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(65_536)
            connection.sendall(b"SSH-2.0-OpenSSH\r\n")

    thread = threading.Thread(target=babble)
    thread.start()
    with listener, pytest.raises(ConnectionLostError) as caught:
        open_transport(ServerAddress(f"ws://127.0.0.1:{listener.getsockname()[1]}", TOKEN))
    thread.join()
    assert caught.value.info.code is ErrorCode.NO_SERVER


def test_a_cable_that_is_pulled_before_the_request(server: ScriptedServer, monkeypatch: pytest.MonkeyPatch) -> None:
    take = ProvedServer.take_socket

    def take_and_cut(proved: ProvedServer) -> socket.socket:
        taken = take(proved)
        taken.shutdown(socket.SHUT_RDWR)
        return taken

    monkeypatch.setattr(ProvedServer, "take_socket", take_and_cut)
    for _ in range(50):  # the reading thread may see it before the request is written, or after
        with pytest.raises(ConnectionLostError):
            open_transport(server.address)


def test_silence_ends_in_time() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener, pytest.raises(ConnectionLostError, match="in time"):
        open_transport(ServerAddress(f"ws://127.0.0.1:{listener.getsockname()[1]}", TOKEN), timeout=0.2)


@pytest.mark.parametrize("status", [HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN])
def test_a_refusal_without_a_sentence(start_server: StartServer, status: HTTPStatus) -> None:
    server = start_server()
    server.refusal = (status, "<html>")
    with pytest.raises(RefusedError, match="refused"):
        open_transport(server.address)
