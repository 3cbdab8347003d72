"""Proofs as PROTOCOL.md, "Proof", says them: computed here by hand, so that they can find our code wrong."""

from __future__ import annotations

import hashlib
import hmac
from typing import Any

_CLIENT, _SERVER = "c0" * 32, "5e" * 32  # nonces


def _hmac(token: str, *parts: str) -> str:
    key = hashlib.sha256(token.encode("ascii")).digest()
    return hmac.new(key, "\n".join(parts).encode("utf-8"), hashlib.sha256).hexdigest()


def _case(name: str, token: str, at: str, method: str, path: str) -> dict[str, Any]:
    token_id = _hmac(token, "foveate", "token")[:32]
    server = _hmac(token, "foveate", "server", _CLIENT, _SERVER, at)
    client = _hmac(token, "foveate", "client", _CLIENT, _SERVER, at, method, path)
    return {
        "name": name,
        "token": token,
        "at": at,
        "method": method,
        "path": path,
        "opening": f'Foveate token="{token_id}", nonce="{_CLIENT}", at="{at}"',
        "challenge": f'Foveate nonce="{_SERVER}", proof="{server}"',
        "answer": f'Foveate nonce="{_SERVER}", proof="{client}"',
    }


PROOFS = [
    _case("the websocket", "fvt_" + "t" * 43, "127.0.0.1:8765", "GET", "/v1/socket"),
    _case("a request", "fvt_" + "Az0-_" * 8 + "Az0", "studio.example:443", "DELETE", "/jobs/7"),
    _case("IPv6", "fvt_" + "t" * 43, "[2001:db8::1]:7317", "GET", "/v1/socket"),
]
