"""Where a server is, and how the connection to it is encrypted.

A token never travels unencrypted beyond this machine, and where a certificate is pinned, it is compared before the
first byte of HTTP.
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

from ..errors import ErrorCode, InputError, RefusedError
from ..wire.protocol import PATH
from .two_way_tls import TwoWayTlsSocket

_SCHEMES = {"ws": "ws", "http": "ws", "wss": "wss", "https": "wss"}
_PORTS = {"ws": 80, "wss": 443}
_FINGERPRINT = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class ServerAddress:
    """Where a server is, and what proves client and server to each other."""

    url: str  # such as http://127.0.0.1:8765 or https://studio.example:7317; ws and wss mean the same
    token: str = field(repr=False)
    fingerprint: str | None = (
        None  # SHA-256 of the server's certificate (DER), hexadecimal; None trusts the system's CAs
    )
    pid: int | None = field(default=None, compare=False)  # for sentences: of a server on this machine, in its own place

    def __post_init__(self) -> None:
        """Raise InputError where url, token or fingerprint cannot be meant so."""
        if not _is_server_url(self.url):
            raise InputError(
                "The server's address is not one.",
                remedy="It looks like https://host:7317, or http://127.0.0.1:7317 on this machine.",
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
                remedy="Use the https:// address that `foveate serve --pair` prints there.",
            )
        if self.fingerprint is not None and not self.is_secure:
            raise InputError("A certificate's fingerprint needs an https:// address.")

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
        """Return the fingerprint in lower case, without separators and its hash's name; empty where there is none."""
        return (self.fingerprint or "").strip().lower().removeprefix("sha256:").replace(":", "").replace(" ", "")

    @property
    def authority(self) -> str:
        """Return host and port as a URL has them; the port is always there."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


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
                remedy="If the server was set up anew, run `foveate serve --pair` there, and pair with the line "
                "that it prints; else somebody may be in between.",
            )
        return encrypted


def tls_context(address: ServerAddress) -> ssl.SSLContext | None:
    """Return how to encrypt the connection, or None where it is not."""
    if not address.is_secure:
        return None
    context = _pinned_context(address.pin) if address.pin else ssl.create_default_context()
    context.sslsocket_class = TwoWayTlsSocket
    return context


def _pinned_context(pin: str) -> ssl.SSLContext:
    context = _PinnedContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE  # the pin is compared instead
    context.pin = pin
    return context
