"""Many who show no token, through a real server: they get nothing, and keep nobody out."""

from __future__ import annotations

import contextlib
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace

import pytest

from fakes.guarded import Guarded, guarded, unverified
from fakes.web import running
from foveate_server.config.server_config import ServerConfig
from foveate_server.net.pairing import pair
from foveate_server.net.unproved_connections import DoorLimits, UnprovedConnections
from foveate_shared.connection.proved_server import prove
from foveate_shared.connection.server_address import ServerAddress

FLOOD = 2000  # connections
HASTY = DoorLimits(request_seconds=0.3)
PATIENT = DoorLimits(
    request_seconds=200, crowd_seconds=200
)  # where the order is what matters, however busy the machine is


def _room_for(files: int) -> int:
    """Return how many of `files` this process may open, after asking the system for as many."""
    try:
        import resource
    except ImportError:  # Windows, which has no such limit
        return files
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = files + 500  # what the tests and the server have open besides
    if soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return min(files, soft - 500)


def _idle(server: Guarded) -> socket.socket:
    return socket.create_connection(("127.0.0.1", server.port), timeout=60)


def _is_closed(waiting: socket.socket) -> bool:
    with contextlib.suppress(ConnectionResetError):
        return waiting.recv(1) == b""
    return True


@dataclass(eq=False)
class Fake:
    """Who waits at the door."""

    address: str
    closed: bool = False

    def close(self) -> None:
        self.closed = True


def test_the_oldest_makes_room_for_the_newest():
    door = UnprovedConnections(DoorLimits(places=2))
    first, second, third = (Fake("127.0.0.1") for _ in range(3))
    for waiting in (first, second, third):
        door.enter(waiting)
    assert [waiting.closed for waiting in (first, second, third)] == [True, False, False]
    door.leave(second)
    door.enter(Fake("::1"))
    assert (third.closed, len(door)) == (False, 2)


@pytest.mark.parametrize(("address", "closed"), [("192.0.2.1", True), ("::1", False), ("::ffff:127.0.0.1", False)])
def test_another_machine_takes_its_own_places_only(address: str, closed: bool):
    door = UnprovedConnections(DoorLimits(places=9, places_per_address=2))
    older, *flood = (Fake("192.0.2.7"), *(Fake(address) for _ in range(4)))
    for waiting in (older, *flood):
        door.enter(waiting)
    assert not older.closed
    assert [waiting.closed for waiting in flood] == [closed, closed, False, False]


def test_who_is_recognised_gives_way_to_its_like_alone():
    door = UnprovedConnections(DoorLimits(places=2))
    first, second, third = (Fake("127.0.0.1") for _ in range(3))
    door.enter(first)
    door.recognise(first)
    for stranger in (Fake("127.0.0.1") for _ in range(9)):
        door.enter(stranger)
    assert not first.closed
    for other in (second, third):
        door.enter(other)
        door.recognise(other)
    assert (first.closed, second.closed, third.closed) == (True, False, False)
    door.leave(second)
    door.recognise(second)
    door.close_all()
    assert (second.closed, third.closed, len(door)) == (False, True, 0)


def test_a_crowd_is_many_strangers_within_a_moment():
    now = [1000.0]
    door = UnprovedConnections(DoorLimits(places=3, crowd_seconds=1.0), lambda: now[0])
    for _ in range(9):
        client = Fake("127.0.0.1")
        door.enter(client)
        door.recognise(client)
    for expected in (False, False, True):
        door.enter(Fake("127.0.0.1"))
        assert door.is_crowded is expected
    now[0] += 1.0
    assert not door.is_crowded
    door.enter(Fake("127.0.0.1"))
    assert not door.is_crowded


@pytest.fixture
def hasty(config: ServerConfig) -> Iterator[Callable[[ServerConfig], Guarded]]:
    """Start servers with little time for each request."""
    with ExitStack() as stack:
        yield lambda changed=config: guarded(
            lambda app, config: stack.enter_context(running(app, config, HASTY)), changed
        )


@pytest.fixture
def patient() -> Iterator[Callable[[ServerConfig], Guarded]]:
    """Start servers with much time for each request."""
    with ExitStack() as stack:
        yield lambda config: guarded(lambda app, config: stack.enter_context(running(app, config, PATIENT)), config)


def test_a_flood_without_a_token_keeps_nobody_out(patient, config: ServerConfig):
    server = patient(config)
    with ExitStack() as stack:
        flood = [stack.enter_context(_idle(server)) for _ in range(_room_for(FLOOD))]
        assert server.get().json()["owner"] == "local"
        with server.connect() as client:
            client.send("hello")
            assert client.recv() == "local: hello"
        assert len(flood) > 500
        assert all(map(_is_closed, flood[:-64]))


@pytest.mark.parametrize("secure", [False, True])
def test_strangers_that_come_without_end_keep_nobody_from_proving_a_token(patient, config: ServerConfig, secure: bool):
    """A proof takes two requests: whoever has begun keeps its place, however many come in between."""
    paired, pairing = pair(config, "127.0.0.1")
    changed = replace(paired, host="127.0.0.1", port=0) if secure else config
    server = patient(changed)
    address = ServerAddress(server.url, server.token, pairing.fingerprint if secure else None)
    with ExitStack() as stack:
        for _ in range(65):
            stack.enter_context(_idle(server))
        with contextlib.closing(prove(address, 60)) as proved:
            for _ in range(200):
                stack.enter_context(_idle(server))
            late = stack.enter_context(_idle_after_tls(server) if secure else _idle(server))
            late.sendall(_filled(b"GET / HTTP/1.1\r\nHost: {host}\r\n\r\n", server))
            assert _is_closed(late)  # it was not served: so all before it have come in
            assert b"local" in proved.request("GET", "/who").read()


STRANGERS = {
    "no token": b"GET / HTTP/1.1\r\nHost: {host}\r\n\r\n",
    "a wrong token": b"GET / HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer fvt_x\r\n\r\n",
    "no proof of ours": b'GET / HTTP/1.1\r\nHost: {host}\r\nAuthorization: Foveate nonce="'
    + b"n" * 64
    + b'", proof="'
    + b"p" * 64
    + b'"\r\n\r\n',
    "half of the headers": b"GET / HTTP/1.1\r\nAuthorization: {token}",
}


@pytest.mark.parametrize("request_", STRANGERS.values(), ids=STRANGERS.keys())
def test_while_strangers_crowd_they_are_not_served(patient, config: ServerConfig, request_: bytes):
    server = patient(config)
    with ExitStack() as stack:
        for _ in range(65):
            stack.enter_context(_idle(server))
        with _idle(server) as stranger:
            stranger.sendall(_filled(request_, server))
            assert _is_closed(stranger)
        assert server.get().json()["owner"] == "local"
        assert server.get("/nothing").status_code == 404


@pytest.fixture
def encrypted(config: ServerConfig) -> ServerConfig:
    return replace(pair(config, "127.0.0.1")[0], host="127.0.0.1", port=0)


def _idle_after_tls(server: Guarded) -> socket.socket:
    return unverified().wrap_socket(_idle(server))


@pytest.mark.parametrize("arrive", [_idle, _idle_after_tls])
def test_nor_does_a_flood_with_tls(patient, encrypted: ServerConfig, arrive: Callable[[Guarded], socket.socket]):
    server = patient(encrypted)
    with ExitStack() as stack:
        flood = [stack.enter_context(arrive(server)) for _ in range(200)]
        assert server.get().json()["owner"] == "local"
        with server.connect() as client:
            client.send("hello")
            assert client.recv() == "local: hello"
        assert all(map(_is_closed, flood[:-64]))


REQUESTS = {
    "nothing": b"",
    "half of the headers": b"GET /who HTTP/1.1\r\nHost: 127",
    "half of a body": b"POST /who HTTP/1.1\r\nHost: {host}\r\nAuthorization: {token}\r\nContent-Length: 60000\r\n\r\nx",
    "half of a body that nobody wants": b"POST / HTTP/1.1\r\nHost: {host}\r\nContent-Length: 60000\r\n\r\nx",
}


def _filled(request: bytes, server: Guarded) -> bytes:
    host, token = f"127.0.0.1:{server.port}", f"Bearer {server.token}"
    return request.replace(b"{host}", host.encode()).replace(b"{token}", token.encode())


def _drip_until_closed(waiting: socket.socket) -> None:
    """Send a byte every now and then, as long as the other side keeps the connection."""
    waiting.settimeout(0.01)
    with contextlib.suppress(ConnectionError, ssl.SSLError):
        while True:
            waiting.send(b"x")
            with contextlib.suppress(TimeoutError):
                if waiting.recv(4096) == b"":
                    return


@pytest.mark.parametrize("request_", REQUESTS.values(), ids=REQUESTS.keys())
@pytest.mark.parametrize("drips", [False, True])
def test_a_request_that_does_not_arrive_is_ended(hasty, request_: bytes, drips: bool):
    server = hasty()
    with _idle(server) as slow:
        slow.sendall(_filled(request_, server))
        if drips:
            _drip_until_closed(slow)
        else:
            with contextlib.suppress(ConnectionResetError):
                while slow.recv(4096):
                    pass


def test_a_request_that_does_not_arrive_is_ended_under_tls(hasty, encrypted: ServerConfig):
    server = hasty(encrypted)
    for arrive in (_idle, _idle_after_tls):
        with arrive(server) as slow:
            assert _is_closed(slow)
    with _idle_after_tls(server) as slow:
        _drip_until_closed(slow)


def test_who_has_shown_a_token_may_be_silent(hasty):
    server = hasty()
    with server.connect() as client, _idle(server) as idle, _idle(server) as later:
        assert _is_closed(idle)  # who came after the client, and so does the deadline
        assert _is_closed(later)
        client.send("still here")
        assert client.recv() == "local: still here"


def test_a_connection_may_be_used_again(hasty):
    server = hasty()
    request = _filled(b"GET /who HTTP/1.1\r\nHost: {host}\r\nAuthorization: {token}\r\n\r\n", server)
    with _idle(server) as client:
        for _ in range(3):
            client.sendall(request * 2)  # the second before the first is answered
            answers = b""
            while answers.count(b'"size":0}') < 2:
                received = client.recv(4096)
                assert received
                answers += received
        assert _is_closed(client)  # after its last one, and a while


def test_what_comes_with_the_end_of_tls_is_not_lost(hasty, encrypted: ServerConfig):
    """A client may send its request in the same bytes as the last of its handshake."""
    server = hasty(encrypted)
    request = _filled(b"GET /who HTTP/1.1\r\nHost: {host}\r\nAuthorization: {token}\r\n\r\n", server)
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = unverified().wrap_bio(incoming, outgoing)
    with _idle(server) as client:
        while True:
            try:
                tls.do_handshake()
                break
            except ssl.SSLWantReadError:
                client.sendall(outgoing.read())
                incoming.write(client.recv(65536))
        tls.write(request)
        client.sendall(outgoing.read())
        answer = b""
        while b'"size":0}' not in answer:
            received = client.recv(65536)
            assert received
            incoming.write(received)
            with contextlib.suppress(ssl.SSLWantReadError):
                while True:
                    answer += tls.read()
