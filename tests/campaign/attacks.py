"""Tries to get in without the token, and to break the server with it, in ways of which each has worked somewhere.

A stranger must learn nothing and get nothing done; a guest with the token who breaks the rules of HTTP or of websockets
loses the connection, and nobody else does. After each attack a client with manners is served.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import struct
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Any

from campaign.server_under_test import ServerUnderTest
from foveate_shared.connection.inquiry import Inquiry
from foveate_shared.wire.protocol import PATH, SUBPROTOCOL

SECRETS = ("/status.json", "/metrics", "/jobs", "/jobs/1", PATH)  # what only the owner may see
ANSWER_SECONDS = 8.0
SERVED_SECONDS = 10.0
MUCH = 2 << 20  # bytes
TRAVERSALS = ("/../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/status.css/../../token", "//etc/passwd", "/\\..\\x")
METHODS = ("OPTIONS", "TRACE", "CONNECT", "PUT", "PATCH", "DELETE", "FOO")

Attack = Callable[["Attacker"], str]  # returns what went wrong, or nothing


@dataclass
class Siege:
    """What has happened so far."""

    attacks: Counter[str] = field(default_factory=Counter)
    losses: list[str] = field(default_factory=list)


class Attacker:
    """Attacks a server."""

    def __init__(self, server: ServerUnderTest, random: Random) -> None:
        self.server, self.random = server, random
        self.seen = Siege()

    def rounds(self, attacks: int) -> Iterator[Siege]:
        """Attack so many times, in a random order; yield what has happened after each."""
        for _ in range(attacks):
            attack = self.random.choice(ATTACKS)
            name = attack.__name__.strip("_").replace("_", " ")
            try:
                problem = attack(self)
            except OSError as error:  # the server may close whenever it likes
                problem = "" if isinstance(error, (ConnectionError, TimeoutError)) else repr(error)
            self.seen.attacks[name] += 1
            if problem := problem or self._is_served():
                self.seen.losses.append(f"{name}: {problem}")
            yield self.seen

    @property
    def place(self) -> tuple[str, int]:
        host, _, port = self.server.address.url.partition("://")[2].rstrip("/").partition(":")
        return host, int(port)

    def exchange(self, data: bytes) -> bytes:
        """Send bytes over a new connection; return what comes back until it is closed or all of an answer is there."""
        with socket.create_connection(self.place, timeout=ANSWER_SECONDS) as connection:
            with contextlib.suppress(ConnectionError):  # refused before all was sent
                connection.sendall(data)
            answer = b""
            with contextlib.suppress(ConnectionError, TimeoutError):
                while part := connection.recv(65536):
                    answer += part
                    if b"\r\n\r\n" in answer and b"connection: close" not in answer.lower():
                        break
            return answer

    def ask(self, path: str, method: str = "GET", headers: dict[str, str] | None = None, body: bytes = b"") -> bytes:
        """Send a request; return the answer."""
        lines = {"Host": f"{self.place[0]}:{self.place[1]}", "Content-Length": str(len(body)), **(headers or {})}
        head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        return self.exchange(f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode("latin-1") + body)

    def refused(self, answer: bytes) -> str:
        """Return what is wrong with an answer that should be a refusal, or nothing: just to close is one."""
        status = answer[9:12]
        token = self.server.address.token.encode()
        if token in answer:
            return "the token came back"
        return f"answered {answer[:120]!r}" if answer and not status.startswith(b"4") else ""

    def _is_served(self) -> str:
        """Return nothing where a client with manners gets an answer."""
        if not self.server.is_alive:
            self.server.start()
            return "the server ended"
        with self.server.client("mannered") as client:
            Inquiry(client).jobs()
        return ""


def _no_token(attacker: Attacker) -> str:
    return attacker.refused(attacker.ask(attacker.random.choice(SECRETS)))


def _wrong_token(attacker: Attacker) -> str:
    token = attacker.server.address.token
    at = attacker.random.randrange(4, len(token))
    near = token[:at] + ("b" if token[at] == "a" else "a") + token[at + 1 :]
    wrong = attacker.random.choice((near, token[:-1], token + "a", token.upper(), "fvt_", "", " ", "x" * 70_000))
    scheme = attacker.random.choice(("Bearer", "Basic", "bearer\t", "", "Foveate"))
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


def _made_up_proof(attacker: Attacker) -> str:
    proof = attacker.random.choice(("0" * 64, "", "f" * 64, "é", "0" * 5000))
    header = f'Foveate id="{attacker.random.randbytes(8).hex()}", proof="{proof}"'
    return attacker.refused(attacker.ask(attacker.random.choice(SECRETS), headers={"Authorization": header}))


def _strange_page(attacker: Attacker) -> str:
    """A page of another site in the owner's browser, or a name that leads here by DNS rebinding."""
    token = attacker.server.address.token
    if attacker.random.random() < 0.5:
        headers = {"Origin": attacker.random.choice(("null", "https://evil.example", "http://localhost.evil.example"))}
    else:
        headers = {"Host": attacker.random.choice(("evil.example", "127.0.0.1.evil.example", "", "[::1", "a" * 5000))}
    upgrade = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13"}
    key = {"Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Protocol": SUBPROTOCOL}
    return attacker.refused(
        attacker.ask(PATH, headers={**upgrade, **key, "Authorization": f"Bearer {token}", **headers})
    )


def _traversal(attacker: Attacker) -> str:
    answer = attacker.ask(attacker.random.choice(TRAVERSALS))
    return attacker.refused(answer) or ("the file came" if b"root:" in answer else "")


def _odd_method(attacker: Attacker) -> str:
    return attacker.refused(attacker.ask(attacker.random.choice(SECRETS), attacker.random.choice(METHODS)))


def _two_lengths(attacker: Attacker) -> str:
    """Smuggling: two opinions on where a request ends."""
    host = f"{attacker.place[0]}:{attacker.place[1]}"
    inner = f"GET /status.json HTTP/1.1\r\nHost: {host}\r\n\r\n"
    lengths = attacker.random.choice(
        (
            f"Content-Length: {len(inner)}\r\nTransfer-Encoding: chunked\r\n",
            f"Content-Length: 0\r\nContent-Length: {len(inner)}\r\n",
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n",
            "Transfer-Encoding : chunked\r\n",
        )
    )
    return attacker.refused(
        attacker.exchange(f"POST /v1/prove HTTP/1.1\r\nHost: {host}\r\n{lengths}\r\n{inner}".encode())
    )


def _huge_head(attacker: Attacker) -> str:
    many = attacker.random.random() < 0.5
    headers = {f"X-{number}": "x" for number in range(20_000)} if many else {"X-Large": "x" * MUCH}
    return attacker.refused(attacker.ask("/status.json", headers=headers))


def _huge_body(attacker: Attacker) -> str:
    path = attacker.random.choice(("/v1/prove", "/status/code", "/v1/pair", "/nothing"))
    return attacker.refused(attacker.ask(path, "POST", body=os.urandom(MUCH)))


def _odd_body(attacker: Attacker) -> str:
    bodies = (b"[" * 5000, b'{"client_nonce": 1e999}', b'{"client_nonce": "' + b"x" * 9000, b"\xff\xfe", b"null", b"{}")
    kind = attacker.random.choice(("application/json", "text/plain", "multipart/form-data; boundary=x"))
    answer = attacker.ask(
        attacker.random.choice(("/v1/prove", "/status/code")), "POST",
        {"Content-Type": kind}, attacker.random.choice(bodies),
    )  # fmt: skip
    return attacker.refused(answer)


def _crowd(attacker: Attacker) -> str:
    """Many who say nothing, while somebody else wants to be served."""
    crowd = []
    try:
        for _ in range(150):
            crowd.append(socket.create_connection(attacker.place, timeout=ANSWER_SECONDS))  # noqa: PERF401 - all closed
        return attacker._is_served()
    finally:
        for each in crowd:
            each.close()


def _rude_websocket(attacker: Attacker) -> str:
    """A guest's frames against RFC 6455: the connection must end, and say nothing of the server's inside."""
    key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
    head = (
        f"GET {PATH} HTTP/1.1\r\nHost: {attacker.place[0]}:{attacker.place[1]}\r\nConnection: Upgrade\r\n"
        f"Upgrade: websocket\r\n{key}Sec-WebSocket-Protocol: {SUBPROTOCOL}\r\n"
        f"Authorization: Bearer {attacker.server.address.token}\r\n\r\n"
    ).encode()
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

ATTACKS: tuple[Callable[[Attacker], Any], ...] = (
    _no_token, _wrong_token, _token_at_the_wrong_place, _made_up_proof, _strange_page, _traversal, _odd_method,
    _two_lengths, _huge_head, _huge_body, _odd_body, _crowd, _rude_websocket,
)  # fmt: skip
