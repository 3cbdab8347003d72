"""Tries to get in without the token, and to break the server with it, in ways of which each has worked somewhere.

A stranger must learn nothing and get nothing done; a guest with the token who breaks the rules of HTTP or of websockets
loses the connection, and nobody else does.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import struct

from campaign.attacker import ANSWER_SECONDS, SECRETS, UPGRADE, Attack, Attacker
from campaign.attacks_on_proof import ATTACKS_ON_PROOF
from foveate_shared.wire.protocol import PATH

MUCH = 2 << 20  # bytes
TRAVERSALS = ("/../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/status.css/../../token", "//etc/passwd", "/\\..\\x")
METHODS = ("OPTIONS", "TRACE", "CONNECT", "PUT", "PATCH", "DELETE", "FOO")
CODE = "/status/code"  # what changes something by a POST


def _no_token(attacker: Attacker) -> str:
    return attacker.refused(attacker.ask(attacker.random.choice(SECRETS)))


def _wrong_token(attacker: Attacker) -> str:
    token = attacker.server.address.token
    at = attacker.random.randrange(4, len(token))
    near = token[:at] + ("b" if token[at] == "a" else "a") + token[at + 1 :]
    wrong = attacker.random.choice((near, token[:-1], token + "a", token.upper(), "fvt_", "", " ", "x" * 70_000))
    scheme = attacker.random.choice(("Bearer", "Basic", "bearer\t", ""))
    if scheme == "Bearer" and wrong == token:
        return ""
    return attacker.refused(
        attacker.ask(attacker.random.choice(SECRETS), headers={"Authorization": f"{scheme} {wrong}"})
    )


def _token_at_the_wrong_place(attacker: Attacker) -> str:
    token = attacker.server.address.token
    path = attacker.random.choice(SECRETS)
    if attacker.random.random() < 0.5:
        answer = attacker.ask(f"{path}?token={token}&access_token={token}")
        return "" if not answer.startswith((b"HTTP/1.1 2", b"HTTP/1.1 5", b"HTTP/1.1 101")) else repr(answer[:80])
    return attacker.refused(attacker.ask(path, headers={"Cookie": f"token={token}; session={token}", "X-Token": token}))


def _strange_page(attacker: Attacker) -> str:
    """A page of another site in the owner's browser, or a name that leads here by DNS rebinding."""
    token = attacker.server.address.token
    if attacker.random.random() < 0.5:
        headers = {"Origin": attacker.random.choice(("null", "https://evil.example", "http://localhost.evil.example"))}
    else:
        headers = {"Host": attacker.random.choice(("evil.example", "127.0.0.1.evil.example", "", "[::1", "a" * 5000))}
    return attacker.refused(attacker.ask(PATH, headers={**UPGRADE, "Authorization": f"Bearer {token}", **headers}))


def _traversal(attacker: Attacker) -> str:
    answer = attacker.ask(attacker.random.choice(TRAVERSALS))
    return attacker.refused(answer) or ("the file came" if b"root:" in answer else "")


def _odd_method(attacker: Attacker) -> str:
    return attacker.refused(attacker.ask(attacker.random.choice(SECRETS), attacker.random.choice(METHODS)))


def _two_lengths(attacker: Attacker) -> str:
    """Smuggling: two opinions on where a request ends, and in what one of them takes for a body another request."""
    known = attacker.random.random() < 0.5  # by the server: then the first request may be served, and no other
    token = {"Authorization": f"Bearer {attacker.server.address.token}"} if known else {}
    inner = attacker.request(attacker.random.choice(("/status.json", "/jobs")), headers=token)
    lengths = attacker.random.choice(
        (
            f"Content-Length: {len(inner)}\r\nTransfer-Encoding: chunked\r\n",
            f"Content-Length: 0\r\nContent-Length: {len(inner)}\r\n",
            f"Content-Length: {len(inner)}\r\nContent-Length: 0\r\n",
            f"Content-Length: 0, {len(inner)}\r\n",
            f"Content-Length: +{len(inner)}\r\n",
            f"Content-Length: -{len(inner)}\r\n",
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n",
            "Transfer-Encoding : chunked\r\n",
        )
    )
    host, port = attacker.place
    named = "".join(f"{name}: {value}\r\n" for name, value in token.items())
    head = f"POST {CODE} HTTP/1.1\r\nHost: {host}:{port}\r\n{named}{lengths}\r\n"
    answer = attacker.pipeline(head.encode() + inner)
    if answer.count(b"HTTP/1.1 ") > 1 or b'"jobs"' in answer:
        return f"{lengths!r}: answered {answer[:200]!r}"
    return "" if known and answer.startswith(b"HTTP/1.1 201") else attacker.refused(answer)


def _huge_head(attacker: Attacker) -> str:
    many = attacker.random.random() < 0.5
    headers = {f"X-{number}": "x" for number in range(20_000)} if many else {"X-Large": "x" * MUCH}
    return attacker.refused(attacker.ask("/status.json", headers=headers))


def _huge_body(attacker: Attacker) -> str:
    path = attacker.random.choice((CODE, "/jobs", PATH, "/nothing"))
    headers = {"Authorization": f"Bearer {attacker.server.address.token}"} if attacker.random.random() < 0.5 else {}
    return attacker.refused(attacker.ask(path, "POST", headers, os.urandom(MUCH)))


def _odd_body(attacker: Attacker) -> str:
    """The guest gets a code whatever its body says; a stranger gets none, and the server fails at neither."""
    bodies = (b"[" * 5000, b'{"code": 1e999}', b'{"code": "' + b"x" * 9000, b"\xff\xfe", b"null", b"{}", b"a=b&" * 3000)
    kind = attacker.random.choice(("application/json", "text/plain", "multipart/form-data; boundary=x"))
    known = attacker.random.random() < 0.5
    token = {"Authorization": f"Bearer {attacker.server.address.token}"} if known else {}
    answer = attacker.ask(CODE, "POST", {"Content-Type": kind, **token}, attacker.random.choice(bodies))
    if known:
        return "" if answer.startswith(b"HTTP/1.1 201") else f"the guest was answered {answer[:120]!r}"
    return attacker.refused(answer)


def _crowd(attacker: Attacker) -> str:
    """Many who say nothing, while somebody else wants to be served."""
    crowd = []
    try:
        for _ in range(150):
            crowd.append(socket.create_connection(attacker.place, timeout=ANSWER_SECONDS))  # noqa: PERF401 - all closed
        return attacker.is_served()
    finally:
        for each in crowd:
            each.close()


def _rude_websocket(attacker: Attacker) -> str:
    """A guest's frames against RFC 6455: the connection must end, and say nothing of the server's inside."""
    token = {"Authorization": f"Bearer {attacker.server.address.token}"}
    head = attacker.request(PATH, headers={**UPGRADE, **token})
    frame = attacker.random.choice(_RUDE_FRAMES)
    with socket.create_connection(attacker.place, timeout=ANSWER_SECONDS) as connection:
        connection.sendall(head)
        answer = connection.recv(65536)
        if b" 101 " not in answer[:20]:
            return f"the guest was refused: {answer[:80]!r}"
        with contextlib.suppress(ConnectionError):
            connection.sendall(frame)
            while connection.recv(65536):
                pass
    return ""


def _frame(first: int, payload: bytes, *, masked: bool = True, length: int | None = None) -> bytes:
    """Return a frame of RFC 6455, 5.2, whose length may be a lie."""
    size = len(payload) if length is None else length
    mask = 0x80 if masked else 0
    head = struct.pack("!BB", first, mask | size) if size < 126 else struct.pack("!BBQ", first, mask | 127, size)
    return head + (b"\0\0\0\0" if masked else b"") + payload


_HELLO = json.dumps({"type": "hello"}).encode()
_RUDE_FRAMES = (
    _frame(0x81, _HELLO, masked=False),
    _frame(0xC1, _HELLO),  # a reserved bit: compressed
    _frame(0x83, _HELLO),  # a reserved kind
    _frame(0x80, _HELLO),  # goes on with what never began
    _frame(0x09, b"x"),  # a ping in parts
    _frame(0x89, b"x" * 200),  # a ping that is too long
    _frame(0x81, b"", length=2**62),
    _frame(0x81, b"", length=2**63),
    _frame(0x81, b"\xff\xfe\xfd"),  # no UTF-8
    _frame(0x88, b"\x03"),  # half of a status
    _frame(0x88, struct.pack("!H", 1005)),
)

ATTACKS: tuple[Attack, ...] = (
    *ATTACKS_ON_PROOF, _no_token, _wrong_token, _token_at_the_wrong_place, _strange_page, _traversal, _odd_method,
    _two_lengths, _huge_head, _huge_body, _odd_body, _crowd, _rude_websocket,
)  # fmt: skip
