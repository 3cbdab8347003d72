"""A websocket to the server: frames out, frames in, and every failure as a FoveateError.

The server has proved that it knows the token before the handshake begins; no redirect is followed, and no proxy asked.
"""

from __future__ import annotations

import time
from http.client import HTTPException
from typing import Any, cast

from ..errors import (
    ConnectionLostError,
    ErrorCode,
    Fault,
    FoveateError,
    ProtocolError,
    RefusedError,
    reason_of,
    to_exception,
)
from ..i18n.sentence import Sentence
from ..wire.codec import CHUNK_HEADER, decode_error
from ..wire.protocol import MAX_CHUNK_BYTES, MAX_MESSAGE_BYTES, PATH, SUBPROTOCOL
from .pairing_line import PAIR_AGAIN
from .proved_server import prove
from .server_address import ServerAddress
from .websockets_library import ClientConnection, ConnectionClosed, InvalidHandshake, InvalidStatus, InvalidURI, connect

CONNECT_TIMEOUT = 10.0  # seconds, for TCP, TLS and the handshake together
CLOSE_TIMEOUT = 2.0  # seconds: an editor that quits does not wait for a server that hangs
PING_SECONDS = 1.5  # between two signs of life that are asked for
LOST_SECONDS = 40.0  # without an answer to one: the connection is given up
_GOODBYE = 1012  # RFC 6455's registry: the status with which the server closes its connections as it ends
_MAX_FRAME = max(MAX_MESSAGE_BYTES, CHUNK_HEADER.size + MAX_CHUNK_BYTES)


class ServerEndedError(ConnectionLostError):
    """The server took its leave, as it does where somebody ends it; one that crashed or was killed says nothing."""


class _HeardConnection(ClientConnection):
    """Notes when it heard of the server last, whatever that was."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.heard = time.monotonic()

    def process_event(self, event: Any) -> None:
        """Take a frame, or the answer to the handshake; an answered ping is one, too."""
        self.heard = time.monotonic()
        super().process_event(event)


class Transport:
    """An open websocket. One thread may send while another receives; closing is safe from any."""

    def __init__(self, connection: _HeardConnection) -> None:
        """See :func:`open_transport`."""
        self._connection = connection
        self._received = time.monotonic()  # a frame: may have come before, while nobody took any

    @property
    def heard(self) -> float:
        """Return when the server gave its last sign of life, by time.monotonic()."""
        return max(self._received, self._connection.heard)

    def send(self, frame: str | bytes) -> None:
        """Send a frame; blocks while the network is slower. Raises ConnectionLostError."""
        try:
            self._connection.send(frame)
        except (ConnectionClosed, OSError) as error:
            raise _lost(error) from error

    def receive(self, timeout: float | None = None) -> str | bytes | None:
        """Return the next frame, or None where none comes within `timeout` seconds; None waits for ever.

        Raises ConnectionLostError once there is none any more.
        """
        try:
            frame: str | bytes = self._connection.recv(timeout)
            self._received = time.monotonic()
            return frame
        except TimeoutError:
            return None
        except (ConnectionClosed, OSError) as error:
            raise _lost(error) from error

    def close(self) -> bool:
        """Close the connection; harmless when it is closed. Return whether the server has read all that was sent."""
        self._connection.close()
        protocol = self._connection.protocol
        return protocol.close_rcvd is not None and not protocol.close_rcvd_then_sent


def open_transport(address: ServerAddress, *, timeout: float = CONNECT_TIMEOUT) -> Transport:
    """Connect to the server, within `timeout` seconds.

    Raises RefusedError (token, origin, certificate, version), ConnectionLostError (nobody there, or somebody else), or
    what the server's own error says.
    """
    try:
        server = prove(address, timeout)
        opened = connect(
            f"ws://{address.authority}{PATH}",  # where the connection is encrypted, its socket is already
            sock=server.take_socket(),
            subprotocols=[SUBPROTOCOL],  # type: ignore[list-item]  # a NewType of the library
            compression=None,
            additional_headers={"Authorization": server.authorization("GET", PATH)},
            user_agent_header=None,
            proxy=None,
            open_timeout=timeout,
            close_timeout=CLOSE_TIMEOUT,
            ping_interval=PING_SECONDS,
            ping_timeout=LOST_SECONDS,
            create_connection=_HeardConnection,
            max_size=_MAX_FRAME,
        )
    except InvalidStatus as error:
        raise _refused(error.response.status_code, bytes(error.response.body or b"")) from error
    except (OSError, HTTPException, InvalidHandshake, InvalidURI, EOFError) as error:
        raise _unreachable(address, error) from error
    except ConnectionClosed as error:  # it ended before the request was written
        raise _lost(error) from error
    connection = cast("_HeardConnection", opened)
    if connection.subprotocol != SUBPROTOCOL:
        connection.close()
        raise RefusedError(
            "The server does not speak {protocol}.",
            code=ErrorCode.VERSION_MISMATCH,
            remedy="Update the older of the two programs.",
            protocol=SUBPROTOCOL,
        )
    return Transport(connection)


def _refused(status: int, body: bytes) -> FoveateError:
    """Return what a refused handshake means: the error in its body, or the status where it has none."""
    try:
        return to_exception(decode_error(body.decode("utf-8", "replace")))
    except ProtocolError:
        pass
    if status == 401:
        return RefusedError("The server refused the token.", remedy=PAIR_AGAIN)
    if status == 403:
        return RefusedError("The server refused this program.", code=ErrorCode.FORBIDDEN)
    return ConnectionLostError(
        "What answers at the server's address is no Foveate server (HTTP status {status}).",
        code=ErrorCode.NO_SERVER,
        remedy="Check the address.",
        status=status,
    )


def _unreachable(address: ServerAddress, error: Exception) -> ConnectionLostError:
    silent = Sentence("it does not answer in time")
    reason = silent if isinstance(error, TimeoutError) else reason_of(error)
    here = "Start it with `foveate serve`, or check the address."
    there = "Start it on that machine with `foveate serve --pair`, or check the address."
    return ConnectionLostError(
        "There is no Foveate server at {host}:{port} ({reason}).",
        code=ErrorCode.NO_SERVER,
        remedy=here if address.is_loopback else there,
        fault=Fault.MACHINE,
        host=address.host,
        port=address.port,
        reason=reason,
    )


def _lost(error: Exception) -> ConnectionLostError:
    closed = error.rcvd if isinstance(error, ConnectionClosed) else None
    reason = closed.reason if closed else ""
    kind = ServerEndedError if closed and closed.code == _GOODBYE else ConnectionLostError
    return kind(
        "The connection to the server ended: {reason}." if reason else "The connection to the server ended.",
        remedy="Unfinished jobs go on; the connection is made again by itself.",
        reason=reason,
    )
