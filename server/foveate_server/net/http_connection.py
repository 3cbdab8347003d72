"""What uvicorn makes of a connection, and we of it: a visit, which must show a token or soon give up its place."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from typing import Any, cast

import h11
import uvicorn
from starlette.types import Scope
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.protocols.utils import get_remote_addr
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from uvicorn.server import ServerState

from foveate_server.net.unproved_connections import UnprovedConnections, Visit

_VISIT = "foveate.visit"  # the key in `scope["state"]`


def visit_of(scope: Scope) -> Visit | None:
    """Return the visit that a request belongs to; None where something else than our server made the scope."""
    return cast("Visit | None", scope.get("state", {}).get(_VISIT))


class Arrival(asyncio.Protocol):
    """A connection that was accepted: it takes a place, and TLS is begun where there is to be any."""

    def __init__(
        self,
        serve: Callable[[Visit], HttpConnection],
        unproved: UnprovedConnections,
        encryption: ssl.SSLContext | None,
    ) -> None:
        self._serve = serve
        self._unproved = unproved
        self._encryption = encryption
        self._encrypting: asyncio.Task[None] | None = None  # kept, else it could be collected while it runs

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take a place, and go on as what serves HTTP."""
        plain = cast("asyncio.Transport", transport)
        address = get_remote_addr(plain)
        visit = Visit(address[0] if address else "unknown", plain, self._unproved)
        connection = self._serve(visit)
        if self._encryption is None:
            plain.set_protocol(connection)
            connection.connection_made(plain)
        else:
            plain.pause_reading()  # what comes first is for TLS
            encrypting = _encrypt(plain, self._encryption, connection, visit)
            self._encrypting = asyncio.get_running_loop().create_task(encrypting)


async def _encrypt(
    plain: asyncio.Transport, encryption: ssl.SSLContext, connection: HttpConnection, visit: Visit
) -> None:
    early = _Early()
    try:
        encrypted = await asyncio.get_running_loop().start_tls(plain, early, encryption, server_side=True)
    except OSError:  # what came is no TLS, or the other side left; ssl.SSLError is one of these
        encrypted = None
    if encrypted is None or early.lost:
        plain.abort()
        visit.end()
        return
    encrypted.set_protocol(connection)
    connection.connection_made(encrypted)
    if early.data:
        connection.data_received(bytes(early.data))


class _Early(asyncio.Protocol):
    """Keeps what comes with the last bytes of the TLS handshake, before anybody knows that it is over."""

    def __init__(self) -> None:
        self.data = bytearray()
        self.lost = False

    def data_received(self, data: bytes) -> None:
        self.data += data

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost = True


class HttpConnection(H11Protocol):
    """Tells the visit when a request has arrived as a whole: an answer may take its time, a request may not."""

    def __init__(
        self, config: uvicorn.Config, server_state: ServerState, app_state: dict[str, Any], visit: Visit
    ) -> None:
        super().__init__(config, server_state, {**app_state, _VISIT: visit})
        self._visit = visit
        self._is_websocket = False  # from then on WebSocketConnection has the transport

    def connection_lost(self, exc: Exception | None) -> None:
        """Give the place back."""
        self._visit.end()
        super().connection_lost(exc)

    def handle_events(self) -> None:
        """Look at what has arrived."""
        super().handle_events()
        self._visit.watch(arrived=self._is_websocket or self.conn.their_state not in {h11.IDLE, h11.SEND_BODY})

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no HTTP. A request that had begun gets no second answer: uvicorn would fail to send it."""
        if self.cycle is not None:
            self.cycle.disconnected = True
        super().send_400_response(msg)

    def handle_websocket_upgrade(self, event: h11.Request) -> None:
        """Go on as a websocket."""
        self._is_websocket = True
        super().handle_websocket_upgrade(event)


class WebSocketConnection(WebSocketsSansIOProtocol):
    """Ends the visit when it ends."""

    def connection_lost(self, exc: Exception | None) -> None:
        """Give the place back."""
        self.app_state[_VISIT].end()
        super().connection_lost(exc)
