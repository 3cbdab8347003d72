"""One-time codes that open the status page, and the sessions that they begin. All in memory: a restart ends them."""

from __future__ import annotations

import hashlib
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable

OWNER_TOKEN = "foveate.owner_token"  # noqa: S105 - the scope's key of the token's *name*

COOKIE = "foveate_session"
SECURE_COOKIE = "__Host-foveate_session"  # browsers accept this prefix over TLS alone

CODE_SECONDS = 60.0
SESSION_SECONDS = 12 * 3600.0
_MOST = 64  # codes or sessions at once; the oldest go first


class Sessions:
    """Codes and sessions of one server. A session may look at the page; it can start and change nothing."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._codes = _Expiring(CODE_SECONDS, clock)
        self._sessions = _Expiring(SESSION_SECONDS, clock)

    def issue_code(self, owner: str) -> str:
        """Return a code that opens one session for the owner of the named token, within :data:`CODE_SECONDS`."""
        return self._codes.add(owner)

    def redeem(self, code: str) -> str | None:
        """Return a new session for `code`, once; None where it is unknown, used or too old."""
        owner = self._codes.take(code)
        return None if owner is None else self._sessions.add(owner)

    def owner(self, session: str) -> str | None:
        """Return the name of the token that a session stands for, None where it is unknown or too old."""
        return self._sessions.get(session)


class _Expiring:
    """A bounded map from random keys to names. Keys are kept hashed, so that look-ups tell nothing by their time."""

    def __init__(self, lifetime: float, clock: Callable[[], float]) -> None:
        self._lifetime = lifetime  # seconds
        self._clock = clock
        self._entries: OrderedDict[bytes, tuple[str, float]] = OrderedDict()  # digest -> name, end; oldest first

    def add(self, name: str) -> str:
        key = secrets.token_urlsafe(32)
        self._entries[_digest(key)] = (name, self._clock() + self._lifetime)
        while len(self._entries) > _MOST:
            self._entries.popitem(last=False)
        return key

    def get(self, key: str) -> str | None:
        name, end = self._entries.get(_digest(key), ("", 0.0))
        return name if name and self._clock() < end else None

    def take(self, key: str) -> str | None:
        found = self.get(key)
        self._entries.pop(_digest(key), None)
        return found


def _digest(key: str) -> bytes:
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).digest()
