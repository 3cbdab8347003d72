"""Who tries to get in, kind of attack by kind of attack. After each one a client with manners must be served."""

from __future__ import annotations

import contextlib
import re
import socket
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from random import Random

from campaign.server_under_test import ServerUnderTest
from foveate_shared.connection.inquiry import Inquiry
from foveate_shared.connection.mutual_proof import TokenKey, is_of_scheme, read_evidence
from foveate_shared.connection.proved_server import ProvedServer, prove
from foveate_shared.errors import FoveateError
from foveate_shared.wire.protocol import PATH, SUBPROTOCOL

SECRETS = ("/status.json", "/metrics", "/jobs", "/jobs/1", PATH)  # what only the owner may see
UPGRADE = {
    "Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Protocol": SUBPROTOCOL,
}  # fmt: skip
ANSWER_SECONDS = 8.0
SILENCE_SECONDS = 1.0  # after an answer: no other one follows
CROWD_SECONDS = 0.1  # between two attempts of a stranger: the server does not serve any while too many come
_ASKED_FOR = re.compile(rb"(?i)\r\nwww-authenticate: *([^\r\n]*)\r\n")

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
        self.kept: tuple[float, str] | None = None  # a proof that was never redeemed, and when it was made

    def rounds(self, kinds: Sequence[Attack], attacks: int) -> Iterator[Siege]:
        """Attack with each kind in turn, then at random, so many times at least; yield what has happened after each."""
        for attack in (*kinds, *self.random.choices(kinds, k=max(0, attacks - len(kinds)))):
            name = attack.__name__.strip("_").replace("_", " ")
            try:
                problem = attack(self)
            except FoveateError as error:
                problem = f"the owner was refused: {error}"
            except OSError as error:  # the server may close whenever it likes
                problem = "" if isinstance(error, (ConnectionError, TimeoutError)) else repr(error)
            self.seen.attacks[name] += 1
            if problem := problem or self.is_served():
                self.seen.losses.append(f"{name}: {problem}")
            yield self.seen

    @property
    def place(self) -> tuple[str, int]:
        host, _, port = self.server.address.url.partition("://")[2].rstrip("/").partition(":")
        return host, int(port)

    @property
    def key(self) -> TokenKey:
        return TokenKey.of_token(self.server.address.token)

    def exchange(self, data: bytes, over: socket.socket | None = None) -> bytes:
        """Send bytes, over a new connection unless told otherwise; return all of an answer, or what came of it."""
        with over or socket.create_connection(self.place, timeout=ANSWER_SECONDS) as connection:
            connection.settimeout(ANSWER_SECONDS)
            with contextlib.suppress(ConnectionError):  # refused before all was sent
                connection.sendall(data)
            answer = b""
            with contextlib.suppress(ConnectionError, TimeoutError):
                while part := connection.recv(65536):
                    answer += part
                    if b"\r\n\r\n" in answer and b"connection: close" not in answer.lower():
                        break
            return answer

    def pipeline(self, data: bytes) -> bytes:
        """Send bytes; return all that comes back until the server closes, or has said no more for a while."""
        with socket.create_connection(self.place, timeout=ANSWER_SECONDS) as connection:
            answer = b""
            with contextlib.suppress(ConnectionError, TimeoutError):
                connection.sendall(data)
                while part := connection.recv(65536):
                    answer += part
                    connection.settimeout(SILENCE_SECONDS)
            return answer

    def request(
        self, path: str, method: str = "GET", headers: dict[str, str] | None = None, body: bytes = b""
    ) -> bytes:
        """Return the bytes of a request."""
        lines = {"Host": f"{self.place[0]}:{self.place[1]}", "Content-Length": str(len(body)), **(headers or {})}
        head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        return f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode("latin-1") + body

    def ask(self, path: str, method: str = "GET", headers: dict[str, str] | None = None, body: bytes = b"") -> bytes:
        """Send a request; return the answer."""
        return self.exchange(self.request(path, method, headers, body))

    def knock(self, authorization: str, path: str, method: str = "GET") -> bytes:
        """Ask, for as long as the server is too busy with others to answer a stranger; return the answer."""
        headers = {"Authorization": authorization}
        if path == PATH and method == "GET" and self.random.random() < 0.5:
            headers |= UPGRADE
        deadline = time.monotonic() + ANSWER_SECONDS
        while True:
            with contextlib.suppress(ConnectionError):
                if answer := self.ask(path, method, headers):
                    return answer
            if time.monotonic() > deadline:
                return b""
            time.sleep(CROWD_SECONDS)

    def prove(self) -> ProvedServer:
        """Let the server prove itself to its owner. Raises FoveateError where it does not."""
        return prove(self.server.address, ANSWER_SECONDS)

    def refused(self, answer: bytes) -> str:
        """Return what is wrong with an answer that should be a refusal, or nothing: just to close is one."""
        status = answer[9:12]
        token = self.server.address.token.encode()
        if token in answer:
            return "the token came back"
        return f"answered {answer[:120]!r}" if answer and not status.startswith(b"4") else ""

    def unproved(self, answer: bytes) -> str:
        """Return what is wrong with the answer to who tried to prove a token, or nothing: it was read, and refused."""
        asked_for = challenge_in(answer)
        if not is_of_scheme(asked_for):
            return f"the proof was not looked at: {answer[:120]!r}"
        if read_evidence(asked_for):
            return f"the server proved itself to a stranger: {asked_for}"
        return self.refused(answer)

    def is_served(self) -> str:
        """Return nothing where a client with manners gets an answer."""
        if not self.server.is_alive:
            self.server.start()
            return "the server ended"
        with self.server.client("mannered") as client:
            Inquiry(client).jobs()
        return ""


def challenge_in(answer: bytes) -> str:
    """Return the `WWW-Authenticate` of an answer; nothing where it has none."""
    found = _ASKED_FOR.search(answer)
    return found[1].decode("latin-1") if found else ""
