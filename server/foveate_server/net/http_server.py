"""The socket and the HTTP server: uvicorn, told once how we want it."""

from __future__ import annotations

import asyncio
import errno
import os
import socket
import sys
from collections.abc import Callable
from types import FrameType

import uvicorn
from starlette.types import ASGIApp
from uvicorn.config import STARTUP_FAILURE

from foveate_server.config.server_config import ServerConfig
from foveate_server.net.gate import MAX_HEADER_BYTES
from foveate_server.net.http_connection import Arrival, Door, HttpConnection, WebSocketConnection
from foveate_server.net.unproved_connections import DoorLimits, UnprovedConnections, Visit
from foveate_shared.errors import ConnectionLostError, ErrorCode, InputError

CHUNK_HEADER_BYTES = 16  # PROTOCOL.md, "Blobs and chunks"
GRACE_SECONDS = 5  # for connections to end when the server does
_SPARE_CONNECTIONS = 64  # of plain HTTP with a token, beside the websockets
_QUEUE = 1024  # connections that the system keeps until we accept them
# Few at once: who sends a request together with the connection is heard before 64 others can take the place.
_ACCEPTED_AT_ONCE = 16


def bind(config: ServerConfig) -> socket.socket:
    """Return a listening socket, so that its port is known and taken before anything starts.

    Raises ConnectionLostError (NO_SERVER) where the port is taken or may not be used, InputError for an unknown host.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            config.host, config.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except (socket.gaierror, UnicodeError):
        raise InputError(
            f"This machine has no address for the host {config.host!r}.", remedy="Check `host`, or leave it out."
        ) from None
    found = socket.socket(family, kind, protocol)
    try:
        if os.name == "posix":  # elsewhere the option would let two programs share the port
            found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        found.bind(address)
        found.listen()  # else a second server could still bind the port; who connects now waits until it is ready
    except OSError as error:
        found.close()
        raise _bind_error(config, error) from error
    return found


def _bind_error(config: ServerConfig, error: OSError) -> ConnectionLostError:
    reasons = {
        errno.EADDRINUSE: "another program has it",
        errno.EACCES: "this user may not take it",
        errno.EADDRNOTAVAIL: "this machine does not have that address",
    }
    reason = reasons.get(error.errno or 0, error.strerror or "the system refused")
    return ConnectionLostError(
        f"The server cannot listen on port {config.port} of {config.host}: {reason}.",
        code=ErrorCode.NO_SERVER,
        remedy="Choose another with --port; 0 takes any free one.",
    )


def base_url(config: ServerConfig, bound: socket.socket) -> str:
    """Return where programs on this machine reach the server; a wildcard address stands for loopback."""
    host, port = bound.getsockname()[:2]
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - compared, not bound
    authority = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    return f"{'https' if config.has_tls else 'http'}://{authority}"


class WebServer(uvicorn.Server):
    """Says when it is ready, ends when it is told to, and leaves signals to nobody else.

    `on_ready` is called once connections are taken; `is_over` about once a second: true ends the server. `recognises`
    tells whether a value of `Authorization` is of somebody with a token, `door` limits those who have not shown any.
    """

    def __init__(
        self,
        app: ASGIApp,
        config: ServerConfig,
        *,
        on_ready: Callable[[], None],
        is_over: Callable[[], bool] = lambda: False,
        recognises: Callable[[str], bool] = lambda _: False,
        door: DoorLimits | None = None,
    ) -> None:
        door = door or DoorLimits()
        super().__init__(_settings(app, config, door))
        self._on_ready = on_ready
        self._is_over = is_over
        self._recognises = recognises
        self._unproved = UnprovedConnections(door)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then say so. The base class would begin TLS before we know of a connection."""
        await self.lifespan.startup()
        if self.lifespan.should_exit:
            sys.exit(STARTUP_FAILURE)
        loop = asyncio.get_running_loop()
        self.servers = []
        for bound in sockets or []:
            self.servers.append(await loop.create_server(self._arrival, sock=bound, backlog=_ACCEPTED_AT_ONCE))
            bound.listen(_QUEUE)
        self.started = True
        self._on_ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End; those at the door first."""
        self._unproved.close_all()
        await super().shutdown(sockets)

    async def on_tick(self, counter: int) -> bool:
        """Tell whether to end."""
        return await super().on_tick(counter) or (counter % 10 == 9 and self._is_over())

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """End gracefully at the first signal, at once at the second.

        The base class sends itself the signal again afterwards, which would end the process before its files are
        tidied away.
        """
        self.force_exit = self.should_exit
        self.should_exit = True

    def _arrival(self) -> Arrival:
        return Arrival(Door(self._connection, self._unproved, self.config.ssl, self._recognises))

    def _connection(self, visit: Visit) -> HttpConnection:
        return HttpConnection(self.config, self.server_state, self.lifespan.state, visit)


def _settings(app: ASGIApp, config: ServerConfig, door: DoorLimits) -> uvicorn.Config:
    limits = config.limits
    return uvicorn.Config(
        app,
        http="h11",  # what HttpConnection is
        h11_max_incomplete_event_size=MAX_HEADER_BYTES + 4096,  # so that our own refusal has its say first
        ws=WebSocketConnection,
        ws_max_size=max(limits.max_message_bytes, limits.max_chunk_bytes + CHUNK_HEADER_BYTES),
        ws_per_message_deflate=False,
        lifespan="on",
        limit_concurrency=config.rates.connections + _SPARE_CONNECTIONS + 2 * door.places,
        timeout_graceful_shutdown=GRACE_SECONDS,
        ssl_certfile=config.tls_cert,
        ssl_keyfile=config.tls_key,
        log_config=None,
        access_log=False,  # it would hold one-time codes
        proxy_headers=False,  # else anyone on this machine could choose the address that rate limits see
        server_header=False,
    )
