"""An encrypted socket that two threads use at once."""

from __future__ import annotations

import contextlib
import hashlib
import socket
import ssl
import threading
from collections.abc import Iterator

import pytest

from fakes.certificates import TlsServer
from foveate_shared.connection.two_way_tls import TwoWayTlsSocket

SIZE = 8 << 20  # more than the system's buffers hold


@pytest.fixture
def ends(certificate: TlsServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[TwoWayTlsSocket, TwoWayTlsSocket]]:
    """Our end and the other one, where two threads are at work as well; both open both ways."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.sslsocket_class = TwoWayTlsSocket
    ours, theirs = socket.socketpair()
    monkeypatch.setattr(certificate.context, "sslsocket_class", TwoWayTlsSocket)
    accepted: list[ssl.SSLSocket] = []
    accepting = threading.Thread(
        target=lambda: accepted.append(certificate.context.wrap_socket(theirs, server_side=True))
    )
    accepting.start()
    client = context.wrap_socket(ours)
    accepting.join()
    (server,) = accepted
    assert isinstance(client, TwoWayTlsSocket)
    assert isinstance(server, TwoWayTlsSocket)
    server.settimeout(60)
    for end in (client, server):
        end.open_both_ways()
    with client, server:
        yield client, server


class Reading(threading.Thread):
    """Reads until `size` bytes have come, or no more will."""

    def __init__(self, end: ssl.SSLSocket, size: int = 1 << 40) -> None:
        super().__init__(daemon=True)
        self._end = end
        self._size = size
        self.read = bytearray()
        self.start()

    def run(self) -> None:
        with contextlib.suppress(OSError):
            while len(self.read) < self._size and (received := self._end.recv(65_536)):
                self.read += received

    def digest(self) -> str:
        self.join(60)
        return hashlib.sha256(self.read).hexdigest()


def test_all_comes_whole_while_both_sides_send(ends: tuple[TwoWayTlsSocket, TwoWayTlsSocket]) -> None:
    """The tickets of TLS 1.3 come first, while our side is sending."""
    client, server = ends
    there, here = bytes(range(256)) * (SIZE >> 8), bytes(reversed(range(256))) * (SIZE >> 8)
    at_server, at_client = Reading(server, SIZE), Reading(client, SIZE)
    sending = threading.Thread(target=server.sendall, args=[here], daemon=True)
    sending.start()
    client.sendall(memoryview(there))
    assert at_server.digest() == hashlib.sha256(there).hexdigest()
    assert at_client.digest() == hashlib.sha256(here).hexdigest()
    sending.join(60)


def test_who_waits_for_bytes_keeps_nobody_from_sending(ends: tuple[TwoWayTlsSocket, TwoWayTlsSocket]) -> None:
    client, server = ends
    reading = Reading(client, 6)
    for part in (b"one", b"two"):
        client.sendall(part)
        assert server.recv(16) == part
        server.sendall(part)
    reading.join(60)
    assert bytes(reading.read) == b"onetwo"


def test_patience_has_an_end(ends: tuple[TwoWayTlsSocket, TwoWayTlsSocket]) -> None:
    client, _ = ends
    client.settimeout(0.01)
    with pytest.raises(TimeoutError):
        client.recv()
    with pytest.raises(TimeoutError):
        client.sendall(bytes(SIZE))  # nobody reads it


@pytest.mark.parametrize("ours", [True, False])
def test_a_shutdown_wakes_who_waits(ends: tuple[TwoWayTlsSocket, TwoWayTlsSocket], ours: bool) -> None:
    client, server = ends
    reading = Reading(client)
    (client if ours else server).shutdown(socket.SHUT_RDWR)
    reading.join(60)
    assert not reading.is_alive()
    client.close()
    with pytest.raises(OSError, match=r"."):
        client.recv()
