"""The line that pairs a client with a server on another machine: where it is, a token, and what to pin.

    foveate://HOST:PORT?token=TOKEN&fingerprint=sha256:HEX

`foveate serve --pair` prints it, a client's settings take it. The fingerprint is the SHA-256 of the server's
certificate (DER): the client accepts that certificate alone, whoever signed it and whatever names it holds.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import parse_qs, quote, urlsplit

from ..errors import InputError
from ..i18n.sentence import Sentence

SCHEME = "foveate"
PAIR_AGAIN = "Pair again: run `foveate serve --pair` on the server's machine, and paste the line that it prints."
_FINGERPRINT = re.compile(r"[0-9a-f]{64}")
_TOKEN = re.compile(r"[A-Za-z0-9_-]{20,200}")


@dataclass(frozen=True)
class Pairing:
    """What a client needs to know to talk to a server on another machine."""

    host: str  # a name or an address; IPv6 without brackets
    port: int
    token: str
    fingerprint: str  # SHA-256 of the certificate in DER, 64 lower-case hexadecimal digits

    def __repr__(self) -> str:
        return f"Pairing({self.url!r}, fingerprint={self.fingerprint!r})"  # without the token: reprs end up in logs

    @property
    def url(self) -> str:
        """Return the server's address, as for `--server`."""
        return f"https://{self._authority}"

    @property
    def line(self) -> str:
        """Return the line that :func:`parse_pairing` reads. It holds the token."""
        return f"{SCHEME}://{self._authority}?token={quote(self.token)}&fingerprint=sha256:{self.fingerprint}"

    @property
    def _authority(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def parse_pairing(line: str) -> Pairing:
    """Return what a pairing line says. Raises InputError with a sentence where it is none."""
    try:
        parts = urlsplit(line.strip())
        host, port = parts.hostname, parts.port
        query = parse_qs(parts.query, max_num_fields=16)
    except ValueError:
        raise _refuse("it is not complete") from None
    if parts.scheme.lower() != SCHEME:
        raise _refuse(Sentence("it does not begin with {scheme}://", scheme=SCHEME))
    if not host or not port or parts.username is not None or parts.path not in {"", "/"} or parts.fragment:
        raise _refuse("it does not name a host and a port")
    tokens, fingerprints = query.get("token", []), query.get("fingerprint", [])
    if len(tokens) != 1 or not _TOKEN.fullmatch(tokens[0]):
        raise _refuse("its token is missing or damaged")
    kind, _, fingerprint = (fingerprints[0] if len(fingerprints) == 1 else "").lower().partition(":")
    if kind != "sha256" or not _FINGERPRINT.fullmatch(fingerprint):
        raise _refuse("its fingerprint is missing or damaged")
    return Pairing(host, port, tokens[0], fingerprint)


def settings_of(line: str) -> dict[str, str]:
    """Return the settings of a client that a pairing line pairs; an empty one means the server on this machine.

    Raises InputError with a sentence where it is none.
    """
    if not line.strip():
        return {"remote_url": "", "remote_token": "", "remote_fingerprint": ""}
    paired = parse_pairing(line)
    return {"remote_url": paired.url, "remote_token": paired.token, "remote_fingerprint": paired.fingerprint}


def _refuse(reason: str) -> InputError:
    return InputError(
        "This is not a pairing line: {reason}.",
        remedy="Copy the whole line that `foveate serve --pair` printed, from foveate:// to its end.",
        reason=Sentence(reason),
    )
