"""A small real websocket server on a port of its own, scripted by each test."""

from __future__ import annotations

import contextlib
import queue
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.server import Server, ServerConnection, serve

from fakes.proving import prove_to_client
from foveate_shared.connection.server_address import ServerAddress
from foveate_shared.wire.codec import decode, encode
from foveate_shared.wire.protocol import CLIENT_MESSAGES, SUBPROTOCOL, Hello, Limits, Message, Peer, Welcome

TOKEN = "test-token"
PATIENCE = 60.0  # seconds that a test waits for what must happen


@dataclass
class Peerside:
    """The server's end of one connection."""

    connection: ServerConnection
    request_headers: dict[str, str]

    def send(self, message: Message) -> None:
        self.connection.send(encode(message))

    def send_bytes(self, frame: bytes) -> None:
        self.connection.send(frame)

    def receive(self) -> Message | bytes:
        frame = self.connection.recv(timeout=PATIENCE)
        return decode(frame, CLIENT_MESSAGES) if isinstance(frame, str) else frame

    def expect(self, kind: type) -> Any:
        message = self.receive()
        assert isinstance(message, kind), message
        return message

    def greet(self, receive_window: int = 8 << 20, limits: Limits | None = None) -> Hello:
        hello = self.expect(Hello)
        self.send(Welcome(1, Peer("test", "1"), (), limits or Limits(), (), receive_window))
        assert isinstance(hello, Hello)
        return hello

    def kill(self) -> None:
        """End the connection without a word, as a crash does."""
        with contextlib.suppress(OSError):
            self.connection.socket.shutdown(2)
        self.connection.socket.close()


@dataclass
class ScriptedServer:
    """Hands each connection to the test that waits for it."""

    address: ServerAddress
    server: Server
    peers: queue.Queue[Peerside] = field(default_factory=queue.Queue)
    refusal: tuple[HTTPStatus, str] | None = None  # answers handshakes with this, if set
    handshakes: list[str] = field(default_factory=list)  # Authorization headers seen, of websockets

    def accept(self) -> Peerside:
        return self.peers.get(timeout=PATIENCE)


Handler = Callable[[socket.socket, Any], None]


def _proved_first(handle: Handler, tls: ssl.SSLContext | None) -> Handler:
    """Return what encrypts a connection where it is to be, proves itself, and goes on as a websocket."""

    def handle_proved(connection: socket.socket, address: Any) -> None:
        connection.settimeout(PATIENCE)
        try:
            if tls is not None:
                connection = tls.wrap_socket(connection, server_side=True)
            prove_to_client(connection, TOKEN)
        except OSError:
            connection.close()
            return
        connection.settimeout(None)
        handle(connection, address)

    return handle_proved


StartServer = Callable[..., ScriptedServer]


@pytest.fixture
def start_server() -> Iterator[StartServer]:
    with contextlib.ExitStack() as stack:

        def start(tls: ssl.SSLContext | None = None, fingerprint: str | None = None) -> ScriptedServer:
            scripted: ScriptedServer
            done = threading.Event()

            def handler(connection: ServerConnection) -> None:
                request = connection.request
                assert request is not None
                scripted.peers.put(Peerside(connection, dict(request.headers.raw_items())))
                with contextlib.suppress(ConnectionClosed):
                    connection.close_timeout = 1
                    while not done.wait(0.01) and connection.state.name == "OPEN":
                        pass

            def check(connection: ServerConnection, request: Any) -> Any:
                scripted.handshakes.append(request.headers.get("Authorization", ""))
                return connection.respond(*scripted.refusal) if scripted.refusal else None

            server = serve(
                handler,
                "127.0.0.1",
                0,
                subprotocols=[SUBPROTOCOL],
                compression=None,
                process_request=check,
                max_size=2 << 20,
            )
            server.handler = _proved_first(server.handler, tls)
            port = server.socket.getsockname()[1]
            url = f"{'wss' if tls else 'ws'}://127.0.0.1:{port}"
            scripted = ScriptedServer(ServerAddress(url, TOKEN, fingerprint), server)
            thread = threading.Thread(target=server.serve_forever, daemon=True)
            thread.start()
            stack.callback(thread.join)
            stack.callback(server.shutdown)
            stack.callback(done.set)
            return scripted

        yield start


@pytest.fixture
def server(start_server: StartServer) -> ScriptedServer:
    return start_server()
