"""A connection to a server that has proved that it knows the token. Nothing that is worth anything goes out before.

Proof and request share one TCP connection, which is never made anew in between: else the server could end, and
somebody else be there for the request.
"""

from __future__ import annotations

import contextlib
import http.client
import socket
import ssl
from collections.abc import Iterator

from ..errors import ConnectionLostError, ErrorCode, FoveateError, ProtocolError, RefusedError
from ..wire.codec import decode_error
from ..wire.protocol import PATH
from .mutual_proof import Evidence, Opening, TokenKey, is_of_scheme, read_evidence, same_proof
from .pairing_line import PAIR_AGAIN
from .server_address import ServerAddress, tls_context
from .two_way_tls import TwoWayTlsSocket

_MAX_ANSWER = 64 << 10  # bytes of a stranger's answer that are read
_BUSY = (http.client.TOO_MANY_REQUESTS, http.client.SERVICE_UNAVAILABLE)


class ProvedServer:
    """See :func:`prove`. Good for one request, or one websocket."""

    def __init__(self, connection: http.client.HTTPConnection, key: TokenKey, opening: Opening, nonce: str) -> None:
        """Take over an open connection."""
        self._connection = connection
        self._key = key
        self._opening = opening
        self._nonce = nonce

    def authorization(self, method: str, path: str) -> str:
        """Return the value of `Authorization` for the request."""
        return Evidence(self._nonce, self._key.proof_of_client(self._opening, self._nonce, method, path)).header

    def request(self, method: str, path: str) -> http.client.HTTPResponse:
        """Send the request, and return the answer. Raises OSError or HTTPException."""
        self._connection.request(method, path, headers={"Authorization": self.authorization(method, path)})
        return self._connection.getresponse()

    def take_socket(self) -> socket.socket:
        """Give the connection away, encrypted where it is, to one thread that reads and one that writes.

        Raises HTTPException where the server has ended it.
        """
        taken: socket.socket | None = self._connection.sock
        if taken is None:
            raise http.client.NotConnected
        self._connection.sock = None
        taken.settimeout(None)
        if isinstance(taken, TwoWayTlsSocket):
            taken.open_both_ways()
        return taken

    def close(self) -> None:
        """End the connection, unless it was given away."""
        self._connection.close()


def prove(address: ServerAddress, timeout: float) -> ProvedServer:
    """Connect to the server, and let it prove that it is the one.

    Raises RefusedError (certificate, token, name) or ConnectionLostError (not this server, an older one, too busy), and
    OSError or HTTPException where nobody is there, or nobody who speaks HTTP.
    """
    key = TokenKey.of_token(address.token)
    opening = key.open(address.authority)
    connection = _connection(address, timeout)
    with _closed_on_failure(connection):
        connection.request("GET", PATH, headers={"Authorization": opening.header})
        connection.auto_open = 0  # from now on it is this connection or none
        answer = connection.getresponse()
        body = answer.read(_MAX_ANSWER)
        header = answer.headers.get("WWW-Authenticate", "")
        evidence = read_evidence(header)
        if evidence is None or not same_proof(evidence.proof, key.proof_of_server(opening, evidence.nonce)):
            raise _unproved(address, answer.status, header, body)
        return ProvedServer(connection, key, opening, evidence.nonce)


def _connection(address: ServerAddress, timeout: float) -> http.client.HTTPConnection:
    context = tls_context(address)
    if context is None:
        return http.client.HTTPConnection(address.host, address.port, timeout=timeout)
    return http.client.HTTPSConnection(address.host, address.port, timeout=timeout, context=context)


@contextlib.contextmanager
def _closed_on_failure(connection: http.client.HTTPConnection) -> Iterator[None]:
    try:
        yield
    except ssl.SSLCertVerificationError as error:
        connection.close()
        raise RefusedError(
            "The server's certificate cannot be trusted: {reason}.",
            code=ErrorCode.FORBIDDEN,
            remedy=PAIR_AGAIN,
            reason=error.verify_message,
        ) from error
    except BaseException:
        connection.close()
        raise


def _unproved(address: ServerAddress, status: int, header: str, body: bytes) -> FoveateError:
    """Return what it means that there is no proof. Whoever answered is a stranger: its own words are not shown."""
    host, port = address.host, address.port
    if status == http.client.UNAUTHORIZED and is_of_scheme(header) and read_evidence(header) is None:
        return RefusedError(
            "The server at {host}:{port} does not know this program's token.",
            remedy=PAIR_AGAIN,
            host=host,
            port=port,
        )
    told = _code_of(body)
    if status == http.client.UNAUTHORIZED and told is ErrorCode.UNAUTHORIZED and not is_of_scheme(header):
        return _older(address)
    if status == http.client.FORBIDDEN and told is ErrorCode.FORBIDDEN:
        return RefusedError(
            "The server at {host}:{port} does not go by this name.",
            code=ErrorCode.FORBIDDEN,
            remedy="Use the address that it printed, or add the name to allowed_hosts in its configuration.",
            host=host,
            port=port,
        )
    if status in _BUSY:
        return ConnectionLostError(
            "What listens at {host}:{port} takes no more connections now (HTTP status {status}).",
            code=ErrorCode.RATE_LIMITED,
            remedy="Try again in a minute.",
            status=status,
            host=host,
            port=port,
        )
    return ConnectionLostError(
        "What listens at {host}:{port} is not your Foveate server.",
        code=ErrorCode.NO_SERVER,
        remedy="It got neither token nor pixels. Start your server, or check the address.",
        host=host,
        port=port,
    )


def _older(address: ServerAddress) -> FoveateError:
    """Return what it means for a person, who ends its process by hand: `foveate stop` trusts no runtime file alone."""
    remedy = "Update Foveate where the server runs, end the server, and start it again."
    if address.pid is None:
        return ConnectionLostError(
            "The Foveate server at {host}:{port} is older than this program, and cannot prove that it is yours.",
            code=ErrorCode.VERSION_MISMATCH,
            remedy=remedy,
            host=address.host,
            port=address.port,
        )
    return ConnectionLostError(
        "The Foveate server (pid {pid}) is older than this program, and cannot prove that it is yours.",
        code=ErrorCode.VERSION_MISMATCH,
        remedy=remedy,
        pid=address.pid,
    )


def _code_of(body: bytes) -> ErrorCode | None:
    try:
        return decode_error(body.decode("utf-8", "replace")).code
    except ProtocolError:
        return None
