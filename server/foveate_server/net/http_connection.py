"""What uvicorn makes of a connection, and we of it: a visit, which must show a token or soon give up its place."""

from __future__ import annotations

import asyncio
import re
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

import h11
import uvicorn
from starlette.types import Scope
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.protocols.utils import get_remote_addr
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from uvicorn.server import ServerState
from websockets.frames import CloseCode

from foveate_server.net.unproved_connections import UnprovedConnections, Visit

_VISIT = "foveate.visit"  # the key in `scope["state"]`
_OF_HANDSHAKE = (b"connection", b"upgrade", b"origin", b"sec-websocket-")  # names of headers, and how they begin
_AUTHORIZATION = re.compile(rb"(?i)\r\nauthorization: *([^\r\n]*)\r\n")


@dataclass(frozen=True)
class Door:
    """What all connections of a server come through."""

    serve: Callable[[Visit], HttpConnection]  # what speaks HTTP with a visitor
    unproved: UnprovedConnections
    encryption: ssl.SSLContext | None
    recognises: Callable[[str], bool]  # whether a value of `Authorization` is of somebody with a token of ours


def visit_of(scope: Scope) -> Visit | None:
    """Return the visit that a request belongs to; None where something else than our server made the scope."""
    return cast("Visit | None", scope.get("state", {}).get(_VISIT))


class Arrival(asyncio.Protocol):
    """A connection that was accepted: it takes a place, and TLS is begun where there is to be any."""

    def __init__(self, door: Door) -> None:
        self._door = door
        self._encrypting: asyncio.Task[None] | None = None  # kept, else it could be collected while it runs

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take a place, and wait for the first bytes of a request."""
        plain = cast("asyncio.Transport", transport)
        address = get_remote_addr(plain)
        visit = Visit(address[0] if address else "unknown", plain, self._door.unproved)
        if self._door.encryption is None:
            plain.set_protocol(_FirstBytes(plain, visit, self._door))
        else:
            plain.pause_reading()  # what comes first is for TLS
            encrypting = _encrypt(plain, self._door.encryption, visit, self._door)
            self._encrypting = asyncio.get_running_loop().create_task(encrypting)


async def _encrypt(plain: asyncio.Transport, encryption: ssl.SSLContext, visit: Visit, door: Door) -> None:
    early = _Early()
    try:
        encrypted = await asyncio.get_running_loop().start_tls(plain, early, encryption, server_side=True)
    except OSError:  # what came is no TLS, or the other side left; ssl.SSLError is one of these
        encrypted = None
    if encrypted is None or early.lost:
        plain.abort()
        visit.end()
        return
    first = _FirstBytes(encrypted, visit, door)
    encrypted.set_protocol(first)
    if early.data:
        first.data_received(bytes(early.data))


class _Early(asyncio.Protocol):
    """Keeps what comes with the last bytes of the TLS handshake, before anybody knows that it is over."""

    def __init__(self) -> None:
        self.data = bytearray()
        self.lost = False

    def data_received(self, data: bytes) -> None:
        self.data += data

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost = True


class _FirstBytes(asyncio.Protocol):
    """Looks at the first bytes of a connection, before HTTP is served on it: that takes ten times as long.

    Who shows something that we know is let in; while strangers crowd at the door, others are sent away.
    """

    def __init__(self, transport: asyncio.Transport, visit: Visit, door: Door) -> None:
        self._transport = transport
        self._visit = visit
        self._door = door

    def data_received(self, data: bytes) -> None:
        found = _AUTHORIZATION.search(data)
        if found and self._door.recognises(found[1].decode("latin-1")):
            self._visit.recognise()
        elif self._door.unproved.is_crowded:
            self._visit.close()
            return
        connection = self._door.serve(self._visit)
        self._transport.set_protocol(connection)
        connection.connection_made(self._transport)
        connection.data_received(data)

    def connection_lost(self, exc: Exception | None) -> None:
        self._visit.end()


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
        if not _is_ascii_handshake(event):  # websockets would log it as a failure of ours, and answer so
            self.send_400_response("The headers of a websocket's handshake are ASCII.")
            return
        self._is_websocket = True
        super().handle_websocket_upgrade(event)


class WebSocketConnection(WebSocketsSansIOProtocol):
    """Ends the visit when it ends, and ends with whoever sends text that is none."""

    def send_receive_event_to_app(self) -> None:
        """Hand a whole message on. uvicorn would log bytes that are no UTF-8 as a failure of ours."""
        if self.curr_msg_data_type == "text" and not self.close_sent and not _is_utf8(b"".join(self.frames)):
            self.frames = []
            self.conn.send_close(CloseCode.INVALID_DATA)
            self.handle_parser_exception()
            return
        super().send_receive_event_to_app()

    def connection_lost(self, exc: Exception | None) -> None:
        """Give the place back."""
        self.app_state[_VISIT].end()
        super().connection_lost(exc)


def _is_ascii_handshake(request: h11.Request) -> bool:
    return all(value.isascii() for name, value in request.headers if name.startswith(_OF_HANDSHAKE))


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True
