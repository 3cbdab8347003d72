"""Clients that the server has proved itself to, and that have to prove themselves next: PROTOCOL.md, "Proof".

That both requests come over one connection is the client's care: a proxy before the server may use two.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from foveate_shared.connection.mutual_proof import Evidence, Opening, TokenKey, new_nonce, same_proof


@dataclass(frozen=True)
class _Challenge:
    opening: Opening
    owner: str  # the name of the token
    key: TokenKey
    until: float  # by the clock


class Challenges:
    """Those that wait for their answer. Each is good for one answer, and for a few seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic, seconds: float = 5.0, most: int = 1024) -> None:
        self._clock = clock
        self._seconds = seconds
        self._most = most  # to remember: only who knows the id of a token can make one
        self._open: OrderedDict[str, _Challenge] = OrderedDict()  # by the server's nonce, oldest first

    def __contains__(self, nonce: str) -> bool:
        return nonce in self._open

    def make(self, opening: Opening, owner: str, key: TokenKey) -> Evidence:
        """Return the server's nonce and proof."""
        nonce = new_nonce()
        self._open[nonce] = _Challenge(opening, owner, key, self._clock() + self._seconds)
        if len(self._open) > self._most:
            self._open.popitem(last=False)
        return Evidence(nonce, key.proof_of_server(opening, nonce))

    def redeem(self, answer: Evidence, method: str, path: str) -> str | None:
        """Return the name of the token that a request proves; None where it proves nothing."""
        challenge = self._open.pop(answer.nonce, None)
        if challenge is None or challenge.until < self._clock():
            return None
        expected = challenge.key.proof_of_client(challenge.opening, answer.nonce, method, path)
        return challenge.owner if same_proof(answer.proof, expected) else None
