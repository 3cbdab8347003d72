"""Who may talk to the server: the token of this start, for programs on this machine, and named tokens for all others.

Named tokens are kept as SHA-256 hashes. They are 256 random bits, so a slow password hash would add nothing.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
import re
import secrets
import time
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path

from filelock import FileLock

from foveate_server.config.server_config import ServerConfig
from foveate_shared.connection.mutual_proof import TokenKey
from foveate_shared.connection.private_files import write_private
from foveate_shared.errors import ErrorCode, InputError, ServerError

LOCAL_NAME = "local"  # the name of the token in the runtime file
TOKEN_PREFIX = "fvt_"  # noqa: S105 - marks tokens, so that logs can hide them and scanners find leaked ones
_log = logging.getLogger(__name__)
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


@dataclass(frozen=True)
class NamedToken:
    """What is kept of a token."""

    name: str
    sha256: str
    created: float  # seconds since the epoch

    @cached_property
    def key(self) -> TokenKey:
        """Return what proofs are made with. Kept, as is its id: every connection asks for those of all tokens."""
        return TokenKey(bytes.fromhex(self.sha256))


def new_token() -> str:
    """Return a fresh token of 256 random bits."""
    return TOKEN_PREFIX + secrets.token_urlsafe(32)


def add_token(config: ServerConfig, name: str) -> str:
    """Make a named token and return it; it is not to be had again. A running server knows it at once.

    Raises InputError where the name is taken or is none.
    """
    if not _NAME.fullmatch(name) or name == LOCAL_NAME:
        raise InputError(
            f"{name!r} cannot be the name of a token.",
            remedy="Take up to 64 letters, digits, dots, dashes and underscores; `local` is reserved.",
        )
    token = new_token()
    with _locked(config.tokens_file):
        known = _read(config.tokens_file)
        if name in known:
            raise InputError(
                f"There is a token named {name} already.",
                code=ErrorCode.CONFLICT,
                remedy="Take another name, or revoke that one first.",
            )
        _write(config.tokens_file, {**known, name: NamedToken(name, _hash(token), time.time())})
    return token


def list_tokens(config: ServerConfig) -> list[NamedToken]:
    """Return the named tokens, oldest first."""
    return sorted(_read(config.tokens_file).values(), key=lambda token: (token.created, token.name))


def revoke_token(config: ServerConfig, name: str) -> None:
    """Forget a named token; a running server refuses it at once. Raises InputError where there is none."""
    with _locked(config.tokens_file):
        known = _read(config.tokens_file)
        if name not in known:
            raise InputError(f"There is no token named {name}.", remedy="`foveate token list` shows them.")
        _write(config.tokens_file, {key: token for key, token in known.items() if key != name})


class Authenticator:
    """Tells whose token a request carries. Changes of the tokens' file are seen at the next request.

    While that file is damaged, no named token is good; the local one needs no file.
    """

    def __init__(self, tokens_file: Path, local_token: str) -> None:
        self._file = tokens_file
        self._local = NamedToken(LOCAL_NAME, _hash(local_token), 0.0)
        self._named: Mapping[str, NamedToken] = {}  # as of `_stamp`
        self._stamp: tuple[int, int, int] | None = None  # identity of the file that was read last
        self._is_damaged = False  # that file

    def authenticate(self, header: str | None) -> str | None:
        """Return the name of the token in an `Authorization: Bearer ...` header, or None."""
        scheme, _, token = (header or "").partition(" ")
        if scheme.lower() != "bearer":
            return None
        presented = _hash(token.strip())
        found = None
        for known in (self._local, *self._current().values()):  # all of them, whatever was found: constant time
            if hmac.compare_digest(presented, known.sha256):
                found = known.name
        return found

    def key(self, token_id: str) -> tuple[str, TokenKey] | None:
        """Return the name and the key of the token with this id, see :attr:`TokenKey.id`; None where there is none."""
        for known in (self._local, *self._current().values()):
            if known.key.id == token_id:
                return known.name, known.key
        return None

    def knows(self, name: str) -> bool:
        """Tell whether the token of this name is still good."""
        return name == LOCAL_NAME or name in self._current()

    def revoked(self, names: Iterable[str]) -> frozenset[str]:
        """Return those of `names` whose tokens are good no more; none while the tokens' file cannot tell."""
        current = self._current()
        return frozenset() if self._is_damaged else frozenset(names) - current.keys() - {LOCAL_NAME}

    def _current(self) -> Mapping[str, NamedToken]:
        stamp = _stamp(self._file)
        if stamp != self._stamp:
            self._stamp, self._is_damaged = stamp, False
            try:
                self._named = _read(self._file)
            except ServerError:
                _log.exception("no named token is accepted")
                self._named, self._is_damaged = {}, True
        return self._named


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def _checked_hash(text: str) -> str:
    """Return the hash. Raises ValueError or TypeError where it is none."""
    return bytes.fromhex(text).hex()


def _stamp(file: Path) -> tuple[int, int, int] | None:
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_ino, found.st_size


def _locked(file: Path) -> FileLock:
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    return FileLock(file.with_suffix(".lock"), timeout=10, mode=0o600)


def _read(file: Path) -> dict[str, NamedToken]:
    try:
        entries = json.loads(file.read_text("utf-8"))
        tokens = [NamedToken(str(e["name"]), _checked_hash(e["sha256"]), float(e["created"])) for e in entries]
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ServerError(
            f"The tokens' file {file} cannot be read.",
            code=ErrorCode.INVALID_FILE,
            remedy="Delete it and make new tokens with `foveate token add NAME`.",
        ) from error
    return {token.name: token for token in tokens}


def _write(file: Path, tokens: Mapping[str, NamedToken]) -> None:
    write_private(file, json.dumps([asdict(token) for token in tokens.values()], indent=2) + "\n")
