"""A websocket to the server: frames out, frames in, and every failure as a FoveateError.

The token goes to the given origin and nowhere else: no redirect is followed, no proxy is asked, it never travels
unencrypted beyond this machine, and where a certificate is pinned, it is compared before the first byte of HTTP.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import re
import ssl
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from ..errors import (
    ConnectionLostError,
    ErrorCode,
    Fault,
    FoveateError,
    InputError,
    ProtocolError,
    RefusedError,
    to_exception,
)
from ..i18n.sentence import Sentence
from ..wire.codec import CHUNK_HEADER, decode_error
from ..wire.protocol import MAX_CHUNK_BYTES, MAX_MESSAGE_BYTES, PATH, SUBPROTOCOL
from .websockets_library import ClientConnection, ConnectionClosed, InvalidHandshake, InvalidStatus, InvalidURI, connect

CONNECT_TIMEOUT = 10.0  # seconds, for TCP, TLS and the handshake together
CLOSE_TIMEOUT = 2.0  # seconds: an editor that quits does not wait for a server that hangs
_MAX_FRAME = max(MAX_MESSAGE_BYTES, CHUNK_HEADER.size + MAX_CHUNK_BYTES)
_SCHEMES = {"ws": "ws", "http": "ws", "wss": "wss", "https": "wss"}
_PORTS = {"ws": 80, "wss": 443}
_FINGERPRINT = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class ServerAddress:
    """Where a server is, and what proves the two to each other."""

    url: str  # such as ws://127.0.0.1:8765 or wss://studio.example:8765
    token: str = field(repr=False)
    fingerprint: str | None = (
        None  # SHA-256 of the server's certificate (DER), hexadecimal; None trusts the system's CAs
    )

    def __post_init__(self) -> None:
        """Raise InputError where url, token or fingerprint cannot be meant so."""
        if not _is_server_url(self.url):
            raise InputError(
                "The server's address is not one.", remedy="It looks like ws://127.0.0.1:8765 or wss://host:8765."
            )
        if not (self.token and self.token.isascii() and self.token.isprintable() and " " not in self.token):
            raise InputError(
                "The server's token is empty or has characters that no token has.",
                remedy="Copy it again: `foveate token add NAME` prints one on the server's machine.",
            )
        if self.fingerprint is not None and not _FINGERPRINT.fullmatch(self.pin):
            raise InputError(
                "The certificate's fingerprint is not one.", remedy="It is 64 hexadecimal digits: copy all of them."
            )
        if not self.is_secure and not self.is_loopback:
            raise InputError(
                "The connection to another machine must be encrypted.",
                remedy="Use the wss:// address that `foveate serve --pair` prints there.",
            )
        if self.fingerprint is not None and not self.is_secure:
            raise InputError("A certificate's fingerprint needs a wss:// address.")

    @property
    def is_secure(self) -> bool:
        """Tell whether the connection is encrypted."""
        return _SCHEMES[urlsplit(self.url).scheme] == "wss"

    @property
    def is_loopback(self) -> bool:
        """Tell whether the server is on this machine."""
        host = urlsplit(self.url).hostname or ""
        try:
            return ipaddress.ip_address(host).is_loopback
        except ValueError:
            return host == "localhost"

    @property
    def host(self) -> str:
        """Return the host's name or address."""
        return urlsplit(self.url).hostname or ""

    @property
    def port(self) -> int:
        """Return the port."""
        parts = urlsplit(self.url)
        return parts.port or _PORTS[_SCHEMES[parts.scheme]]

    @property
    def pin(self) -> str:
        """Return the fingerprint in lower case and without separators; empty where there is none."""
        return (self.fingerprint or "").lower().replace(":", "").replace(" ", "")

    @property
    def socket_url(self) -> str:
        """Return the websocket's full URL."""
        parts = urlsplit(self.url)
        return f"{_SCHEMES[parts.scheme]}://{parts.netloc}{PATH}"


def _is_server_url(url: str) -> bool:
    try:
        parts = urlsplit(url)
        port = parts.port  # raises ValueError where it is no number, or too large
    except ValueError:
        return False
    is_origin = (
        bool(parts.hostname) and port != 0 and parts.path in ("", "/", PATH) and not (parts.query or parts.fragment)
    )
    return is_origin and parts.scheme in _SCHEMES and parts.username is None


class Transport:
    """An open websocket. One thread may send while another receives; closing is safe from any."""

    def __init__(self, connection: ClientConnection) -> None:
        """See :func:`open_transport`."""
        self._connection = connection

    def send(self, frame: str | bytes) -> None:
        """Send a frame; blocks while the network is slower. Raises ConnectionLostError."""
        try:
            self._connection.send(frame)
        except (ConnectionClosed, OSError) as error:
            raise _lost(error) from error

    def receive(self) -> str | bytes:
        """Wait for the next frame, and return it. Raises ConnectionLostError once there is none any more."""
        try:
            frame: str | bytes = self._connection.recv()
            return frame
        except (ConnectionClosed, OSError) as error:
            raise _lost(error) from error

    def close(self) -> None:
        """Close the connection; harmless when it is closed."""
        self._connection.close()


def open_transport(address: ServerAddress, *, timeout: float = CONNECT_TIMEOUT) -> Transport:
    """Connect to the server, within `timeout` seconds.

    Raises RefusedError (token, origin, certificate, version), ConnectionLostError (nobody there), or whatever the
    server's own error says.
    """
    try:
        connection = connect(
            address.socket_url,
            ssl=tls_context(address),
            subprotocols=[SUBPROTOCOL],  # type: ignore[list-item]  # a NewType of the library
            compression=None,
            additional_headers={"Authorization": f"Bearer {address.token}"},
            user_agent_header=None,
            proxy=None,
            open_timeout=timeout,
            close_timeout=CLOSE_TIMEOUT,
            max_size=_MAX_FRAME,
        )
    except InvalidStatus as error:
        raise _refused(error.response.status_code, bytes(error.response.body or b"")) from error
    except ssl.SSLCertVerificationError as error:
        raise RefusedError(
            "The server's certificate cannot be trusted: {reason}.",
            code=ErrorCode.FORBIDDEN,
            remedy="Pair with the server again, which pins its certificate.",
            reason=error.verify_message,
        ) from error
    except (OSError, InvalidHandshake, InvalidURI, EOFError) as error:
        raise _unreachable(address, error) from error
    if connection.subprotocol != SUBPROTOCOL:
        connection.close()
        raise RefusedError(
            "The server does not speak {protocol}.",
            code=ErrorCode.VERSION_MISMATCH,
            remedy="Update the older of the two programs.",
            protocol=SUBPROTOCOL,
        )
    return Transport(connection)


class _PinnedContext(ssl.SSLContext):
    """Trusts exactly one certificate. It is compared right after the TLS handshake, before anything is sent."""

    pin: str = ""

    def wrap_socket(self, *args: Any, **kwargs: Any) -> ssl.SSLSocket:
        """Return the encrypted socket. Raises RefusedError where the certificate is another one."""
        encrypted = super().wrap_socket(*args, **kwargs)
        certificate = encrypted.getpeercert(binary_form=True) or b""
        if not hmac.compare_digest(hashlib.sha256(certificate).hexdigest(), self.pin):
            encrypted.close()
            raise RefusedError(
                "The server's certificate is not the one that was pinned.",
                code=ErrorCode.FORBIDDEN,
                remedy="If the server was set up anew, pair with it again; else somebody may be in between.",
            )
        return encrypted


def tls_context(address: ServerAddress) -> ssl.SSLContext | None:
    """Return how to encrypt the connection, or None where it is not."""
    if not address.is_secure:
        return None
    if not address.pin:
        return ssl.create_default_context()
    context = _PinnedContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE  # the pin is compared instead
    context.pin = address.pin
    return context


def _refused(status: int, body: bytes) -> FoveateError:
    """Return what a refused handshake means: the error in its body, or the status where it has none."""
    try:
        return to_exception(decode_error(body.decode("utf-8", "replace")))
    except ProtocolError:
        pass
    if status == 401:
        return RefusedError("The server refused the token.", remedy="Pair with the server again.")
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
    reason = silent if isinstance(error, TimeoutError) else str(error) or type(error).__name__
    return ConnectionLostError(
        "There is no Foveate server at {host}:{port} ({reason}).",
        code=ErrorCode.NO_SERVER,
        remedy="Start it with `foveate serve`, or check the address.",
        fault=Fault.MACHINE,
        host=address.host,
        port=address.port,
        reason=reason,
    )


def _lost(error: Exception) -> ConnectionLostError:
    reason = error.rcvd.reason if isinstance(error, ConnectionClosed) and error.rcvd else ""
    return ConnectionLostError(
        "The connection to the server ended: {reason}." if reason else "The connection to the server ended.",
        remedy="Unfinished jobs go on; the connection is made again by itself.",
        reason=reason,
    )
