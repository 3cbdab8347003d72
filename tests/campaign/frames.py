"""Sends frames that nobody should: valid ones bent in all ways, with a token, and raw bytes at the door without one.

Half of what comes without a token is an opening or evidence of our own scheme, whole or bent: see PROTOCOL.md, "Proof".

After each frame of a connection with a token comes a ping, so that every frame that counts was looked at by the server.
Now and then a client with manners runs a job: it must get the undisturbed result at once.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from campaign import attacker
from campaign.bent_proofs import bent_evidence, bent_opening
from campaign.jobs import EXACT_JOBS, choose
from campaign.server_under_test import ServerUnderTest
from foveate_shared.connection.mutual_proof import Evidence, Opening, TokenKey, is_of_scheme, read_evidence
from foveate_shared.wire.protocol import PATH, SUBPROTOCOL

CONFORMANCE = Path(__file__).parents[1] / "conformance"
AT_ONCE = 6  # connections
FRAMES_OF_A_CONNECTION = 200  # at most: most are closed before
ANSWER_SECONDS = 30.0
STRANGER_SECONDS = 0.2
FRAMES_BETWEEN_JOBS = 5000
STRANGERS = 0.3  # of all connections have no token
ODD_VALUES = (
    None,
    True,
    -1,
    0,
    1,
    2**31,
    2**53,
    2**63,
    1e308,
    -0.0,
    "",
    "\u0000",
    "../..",
    "x" * 5000,
    [],
    {},
    [[]],
    "🙂",
)
UPGRADE = "".join(f"{name}: {value}\r\n" for name, value in attacker.UPGRADE.items())
NOISE = {
    "method": ("GET", "POST", "PUT", "OPTIONS", "PRI", chr(0)),
    "path": (PATH, "/", "/healthz", "/status.json", "/jobs", "/status/code", "/" + "../" * 20 + "etc/passwd", "*"),
    "minor": range(10),
    "host": ("localhost", "127.0.0.1", "evil", ""),
    "upgrade": ("", UPGRADE, UPGRADE.replace("13", "8"), UPGRADE.replace("13", "-1"), UPGRADE.replace("dGh", "?")),
    "authorization": (
        "",
        "Bearer ",
        "Bearer x",
        "Bearer fvt_" + "a" * 40,
        "Bearer " + chr(255),
        "Foveate",
        "Foveate =,",
    ),
    "length": (0, 10, -1, 2**40, "x"),
}
NOISY_REQUEST = (
    "{method} {path} HTTP/1.{minor}\r\nHost: {host}\r\n{upgrade}Authorization: {authorization}\r\n"
    "Content-Length: {length}\r\n\r\n"
)
_LENGTH = re.compile(rb"(?i)\r\ncontent-length: *(\d+)\r\n")
SOUND = {"method": "GET", "minor": "1", "length": "0"}  # what is not bent where it is about the proof


@dataclass
class Fuzzing:
    """What has happened so far."""

    frames: int = 0
    strangers: int = 0  # of them, without a token
    proofs: int = 0  # of those, answered as only openings and evidence are
    connections: int = 0
    jobs: int = 0
    losses: list[str] = field(default_factory=list)


class FrameMill:
    """Makes frames out of those of the conformance suite."""

    def __init__(self, random: Random) -> None:
        self._random = random
        known = [json.loads((CONFORMANCE / f"{name}.json").read_text()) for name in ("valid", "invalid", "sequences")]
        self._texts = [each["text"] for part in known[:2] for each in part if "text" in each]
        self._chunks = [bytes.fromhex(each["hex"]) for part in known[:2] for each in part if "hex" in each]
        for sequence in known[2]:
            self._texts += [step["text"] for step in sequence["steps"] if "text" in step]
            self._chunks += [bytes.fromhex(step["hex"]) for step in sequence["steps"] if "hex" in step]
        self._hello = next(text for text in self._texts if '"hello"' in text)

    @property
    def hello(self) -> str:
        return self._hello

    def frame(self) -> str | bytes:
        """Return one more."""
        if self._random.random() < 0.3:
            return self._bent_bytes(self._random.choice(self._chunks))
        text = self._random.choice(self._texts)
        bend = self._random.choice((self._as_it_is, self._bent_fields, self._bent_fields, self._bent_text, self._deep))
        return bend(text)

    def noise(self, **chosen: str) -> bytes:
        """Return what a stranger might send to the port: a request that was bent, or bytes; with values as chosen."""
        values = {name: self._random.choice(each) for name, each in NOISE.items()} | chosen
        request = NOISY_REQUEST.format(**values).encode("latin-1")
        return self._bent_bytes(request) if self._random.random() < 0.5 else request

    def opening(self, opening: Opening) -> bytes:
        """Return a request that begins with an opening, or with nearly one."""
        header = bent_opening(opening, self._random) if self._random.random() < 0.5 else opening.header
        return self.noise(authorization=header, host=opening.at, **SOUND)

    def evidence(self, opening: Opening, evidence: Evidence) -> bytes:
        """Return a request with evidence that proves nothing, over a nonce that the server has just given."""
        header = bent_evidence(evidence, self._random) if self._random.random() < 0.5 else evidence.header
        return self.noise(authorization=header, host=opening.at, **SOUND)

    def _as_it_is(self, text: str) -> str:
        return text

    def _bent_fields(self, text: str) -> str:
        try:
            message = json.loads(text)
        except (ValueError, RecursionError):
            return text
        for _ in range(self._random.randint(1, 3)):
            place, key = self._place(message)
            if place is None:
                break
            deed = self._random.random()
            if deed < 0.2 and isinstance(place, dict):
                del place[key]
            else:
                place[key] = deepcopy(self._random.choice(ODD_VALUES))
        return json.dumps(message)

    def _place(self, message: Any) -> tuple[Any, Any]:
        """Return a container within `message` and a key of it."""
        containers = [each for each in _walk(message) if isinstance(each, (dict, list)) and each]
        if not containers:
            return None, None
        place = self._random.choice(containers)
        return place, self._random.choice(list(place) if isinstance(place, dict) else range(len(place)))

    def _bent_text(self, text: str) -> str | bytes:
        return self._bent_bytes(text.encode()).decode("utf-8", "replace")

    def _deep(self, text: str) -> str:
        depth = self._random.randint(1, 3000)
        return text[:-1] + ',"deep":' + "[" * depth + "]" * depth + "}"

    def _bent_bytes(self, data: bytes) -> bytes:
        bent = bytearray(data)
        for _ in range(self._random.randint(1, 4)):
            at = self._random.randrange(len(bent) + 1)
            deed = self._random.randrange(4)
            if deed == 0 and at < len(bent):
                bent[at] ^= 1 << self._random.randrange(8)
            elif deed == 1:
                bent[at:at] = self._random.randbytes(self._random.randint(1, 20))
            elif deed == 2:
                del bent[at : at + self._random.randint(1, 20)]
            else:
                bent += bent[: self._random.randrange(200)]
        return bytes(bent)


def _walk(value: Any) -> Iterator[Any]:
    waiting = [value]  # not by recursion: some are nested too deeply for it
    while waiting:
        value = waiting.pop()
        yield value
        waiting += value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()


class Fuzzer:
    """Sends them to a server."""

    def __init__(self, server: ServerUnderTest, random: Random) -> None:
        self._server, self._random, self._mill = server, random, FrameMill(random)
        self._address = server.address  # asked for once: to prove a server takes longer than to send it ten frames
        self.seen = Fuzzing()

    def rounds(self, frames: int) -> Iterator[Fuzzing]:
        """Send so many frames; yield what has happened after each job of the client with manners."""
        job = choose(self._random, EXACT_JOBS)
        with self._server.client("undisturbed") as client:
            expected = job.run(client).samples
        assert expected is not None
        while self.seen.frames < frames:
            asyncio.run(self._send(min(frames, self.seen.frames + FRAMES_BETWEEN_JOBS)))
            self._check(job, expected)
            if self.seen.frames >= frames and not self.seen.proofs:
                self.seen.losses.append("nothing came as far as the check of proofs")
            yield self.seen

    def _check(self, job: Any, expected: np.ndarray) -> None:
        if not self._server.is_alive:
            self.seen.losses.append(f"the server ended after {self.seen.frames} frames")
            self._server.start()
            self._address = self._server.address
        with self._server.client("mannered") as client:
            if problem := job.run(client).problem(expected):
                self.seen.losses.append(f"after {self.seen.frames} frames: {problem}")
        self.seen.jobs += 1

    async def _send(self, until: int) -> None:
        async with asyncio.TaskGroup() as group:
            for _ in range(AT_ONCE):
                group.create_task(self._connections(until))

    async def _connections(self, until: int) -> None:
        while self.seen.frames < until and self._server.is_alive:
            self.seen.connections += 1
            try:
                if self._random.random() < STRANGERS:
                    await self._stranger()
                else:
                    await self._guest(until)
            except TimeoutError:
                self.seen.losses.append(f"no answer within {ANSWER_SECONDS:.0f} s after {self.seen.frames} frames")
            except (ConnectionClosed, InvalidHandshake, OSError):
                continue

    async def _guest(self, until: int) -> None:
        headers = {"Authorization": f"Bearer {self._address.token}"}
        url = self._address.url.replace("http", "ws", 1) + PATH
        async with connect(
            url, subprotocols=[SUBPROTOCOL], additional_headers=headers, compression=None, max_size=None, proxy=None
        ) as socket:
            reader = asyncio.create_task(_read(socket))
            try:
                if self._random.random() < 0.9:
                    await socket.send(self._mill.hello)
                for _ in range(self._random.randint(1, FRAMES_OF_A_CONNECTION)):
                    if self.seen.frames >= until:
                        return
                    await socket.send(self._mill.frame())
                    self.seen.frames += 1
                    await asyncio.wait_for(await socket.ping(), ANSWER_SECONDS)
            finally:
                reader.cancel()

    async def _stranger(self) -> None:
        host, _, port = self._address.url.partition("://")[2].rstrip("/").partition(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        try:
            if self._random.random() < 0.5:
                await self._say(reader, writer, self._mill.noise())
                return
            opening = TokenKey.of_token(self._address.token).open(f"{host}:{port}")
            asked_for = await self._say(reader, writer, self._mill.opening(opening))
            if evidence := read_evidence(asked_for):
                await self._say(reader, writer, self._mill.evidence(opening, evidence))
        finally:
            writer.close()

    async def _say(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, data: bytes) -> str:
        """Send bytes without a token; return what the answer asks for."""
        writer.write(data)
        self.seen.frames += 1
        self.seen.strangers += 1
        await writer.drain()
        answer = b""
        with contextlib.suppress(TimeoutError):  # what is not whole is waited for
            answer = await asyncio.wait_for(_answer(reader), STRANGER_SECONDS)
        if answer.startswith((b"HTTP/1.1 1", b"HTTP/1.1 2", b"HTTP/1.1 5")):
            self.seen.losses.append(f"a stranger was answered {answer[:100]!r} to {data[:500]!r}")
        asked_for = attacker.challenge_in(answer)
        self.seen.proofs += is_of_scheme(asked_for)
        return asked_for


async def _read(socket: ClientConnection) -> None:
    with contextlib.suppress(ConnectionClosed):
        async for _ in socket:
            pass


async def _answer(reader: asyncio.StreamReader) -> bytes:
    """Return an answer with its body, so that the next one begins where it ends; or what there is of it."""
    answer = b""
    with contextlib.suppress(asyncio.IncompleteReadError):
        answer = await reader.readuntil(b"\r\n\r\n")
        announced = _LENGTH.search(answer)
        answer += await reader.readexactly(int(announced[1]) if announced else 0)
    return answer
