"""How client and server prove to each other that they know a token without telling it: PROTOCOL.md, "Proof".

The client opens with a nonce, the server answers with one of its own and its proof, and the client's next request
carries the client's proof. Proofs are HMACs over both nonces under the token's SHA-256: a server keeps no more of it.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

SCHEME = "Foveate"  # of the headers Authorization and WWW-Authenticate
_ENTRY = re.compile(r'([a-z]+)="([^"]*)"')
_SAFE = re.compile(r"[A-Za-z0-9_-]{22,128}")  # nonces, ids and proofs: at least 128 bits
_AUTHORITY = re.compile(r"[^\s\"]{1,300}")


@dataclass(frozen=True)
class Opening:
    """What a client begins with."""

    token: str  # the id of the token that it means, see TokenKey.id
    nonce: str
    at: str  # host:port where it believes the server to be: a proof got elsewhere is worth nothing

    @property
    def header(self) -> str:
        """Return the value of `Authorization`."""
        return f'{SCHEME} token="{self.token}", nonce="{self.nonce}", at="{self.at}"'


@dataclass(frozen=True)
class Evidence:
    """The server's nonce with a proof over it: the server's where the server sends it, the client's in its answer."""

    nonce: str
    proof: str

    @property
    def header(self) -> str:
        """Return the value of `WWW-Authenticate`, or of `Authorization`."""
        return f'{SCHEME} nonce="{self.nonce}", proof="{self.proof}"'


@dataclass(frozen=True)
class TokenKey:
    """What both sides have of a token."""

    value: bytes = field(repr=False)  # its SHA-256

    @classmethod
    def of_token(cls, token: str) -> TokenKey:
        """Return the key of a token."""
        return cls(hashlib.sha256(token.encode()).digest())

    @cached_property
    def id(self) -> str:
        """Return what tells the server which token is meant, and nobody what it is."""
        return self._code("token")[:32]

    def open(self, at: str) -> Opening:
        """Return how a client begins with the server at `at`."""
        return Opening(self.id, new_nonce(), at)

    def proof_of_server(self, opening: Opening, nonce: str) -> str:
        """Return the server's proof."""
        return self._code("server", opening.nonce, nonce, opening.at)

    def proof_of_client(self, opening: Opening, nonce: str, method: str, path: str) -> str:
        """Return the client's proof, for one request."""
        return self._code("client", opening.nonce, nonce, opening.at, method, path)

    def _code(self, *parts: str) -> str:
        text = "\n".join(("foveate", *parts))  # no part can hold a line's end: all of them stand in headers
        return hmac.new(self.value, text.encode(), hashlib.sha256).hexdigest()


def new_nonce() -> str:
    """Return 256 random bits."""
    return secrets.token_hex(32)


def same_proof(one: str, other: str) -> bool:
    """Compare two proofs, in a time that tells nothing."""
    return hmac.compare_digest(one, other)


def read_opening(header: str) -> Opening | None:
    """Return the opening in a value of `Authorization`; None where it holds none."""
    entries = _entries(header)
    if set(entries) != {"token", "nonce", "at"} or not _AUTHORITY.fullmatch(entries["at"]):
        return None
    return Opening(**entries) if _SAFE.fullmatch(entries["token"]) and _SAFE.fullmatch(entries["nonce"]) else None


def read_evidence(header: str) -> Evidence | None:
    """Return the evidence in a value of `Authorization` or `WWW-Authenticate`; None where it holds none."""
    entries = _entries(header)
    if set(entries) != {"nonce", "proof"} or not all(map(_SAFE.fullmatch, entries.values())):
        return None
    return Evidence(**entries)


def is_of_scheme(header: str) -> bool:
    """Tell whether who sent a header speaks of proofs at all: older servers do not."""
    return header.split(" ", 1)[0].lower() == SCHEME.lower()


def _entries(header: str) -> Mapping[str, str]:
    return dict(_ENTRY.findall(header)) if is_of_scheme(header) else {}
