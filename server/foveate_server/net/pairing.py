"""Serving other machines: a certificate of our own, and the line that a client there needs (connection.pairing_line).

Beyond loopback nothing is served without TLS: :func:`secured` refuses it, :func:`pair` makes it possible.
"""

from __future__ import annotations

import hashlib
import secrets
import socket
import ssl
from dataclasses import replace
from pathlib import Path

from foveate_server.config.server_config import PAIRING_PORT, ServerConfig
from foveate_server.net.named_tokens import add_token
from foveate_shared.connection.pairing_line import Pairing
from foveate_shared.errors import ErrorCode, InputError

ALL_ADDRESSES = "0.0.0.0"  # noqa: S104 - what --pair asks for, behind TLS and a token
ALL_ADDRESSES_V6 = "::"


def secured(config: ServerConfig) -> ServerConfig:
    """Return the configuration, with the pairing certificate where other machines can reach the server.

    Raises InputError where they could without TLS.
    """
    if config.is_loopback or config.has_tls:
        return config
    from foveate_server.net import certificate  # noqa: PLC0415 - most servers have none, and need not load cryptography

    cert, key = _files(config)
    if certificate.is_usable(cert, key):
        return replace(config, tls_cert=cert, tls_key=key)
    raise InputError(
        f"Other machines could reach the server at {config.host}, and nothing would be encrypted.",
        remedy="Use `foveate serve --pair`, or set tls_cert and tls_key, or serve this machine alone (127.0.0.1).",
    )


def pair(config: ServerConfig, host: str | None) -> tuple[ServerConfig, Pairing]:
    """Return the configuration for other machines, and a pairing with a fresh token.

    `host` is this machine's name or address as the clients see it; None finds its address in the local network. A
    certificate is made where there is none that is still good for a month.
    """
    visible = host or local_address()
    wildcard = ALL_ADDRESSES_V6 if ":" in visible else ALL_ADDRESSES
    if not config.has_tls:
        from foveate_server.net import certificate  # noqa: PLC0415

        cert, key = _files(config)
        if not certificate.is_usable(cert, key):
            certificate.make(cert, key, [visible, socket.gethostname(), "localhost", "127.0.0.1"])
        config = replace(config, tls_cert=cert, tls_key=key)
    config = replace(
        config,
        host=wildcard if config.is_loopback else config.host,
        port=config.port or PAIRING_PORT,
        allowed_hosts=(*config.allowed_hosts, visible),
    )
    token = add_token(config, f"paired-{secrets.token_hex(3)}")
    return config, Pairing(visible, config.port, token, fingerprint(config.tls_cert or Path()))


def fingerprint(cert: Path) -> str:
    """Return the SHA-256 of a PEM file's first certificate (DER), as hexadecimal digits."""
    try:
        text = cert.read_text("ascii")
        end = "-----END CERTIFICATE-----"
        der = ssl.PEM_cert_to_DER_cert(text[text.index("-----BEGIN") : text.index(end) + len(end)])
    except (OSError, ValueError) as error:
        raise InputError(
            f"The certificate {cert} cannot be read.", code=ErrorCode.INVALID_FILE, remedy="Check tls_cert."
        ) from error
    return hashlib.sha256(der).hexdigest()


def local_address() -> str:
    """Return this machine's address in the local network, or its name where that is unknown. Sends nothing."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # RFC 5737: an address for documentation; only the route is looked up
            return str(probe.getsockname()[0])
        except OSError:
            return socket.gethostname()


def _files(config: ServerConfig) -> tuple[Path, Path]:
    return config.data_dir / "tls" / "cert.pem", config.data_dir / "tls" / "key.pem"
