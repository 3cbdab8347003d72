"""Whether a server answers no more: asked beside a quiet connection, and said once."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from fakes.scripted_server import ScriptedServer
from foveate_shared.connection import silence as module
from foveate_shared.connection.server_address import ServerAddress
from foveate_shared.connection.silence import QUIET_SECONDS, SilenceWatch, is_silent, silence


class Server:
    """What a watch sees of one."""

    def __init__(self) -> None:
        self.now = 100.0
        self.heard = 100.0
        self.is_suspended = False
        self.asked = 0
        self.told: list[bool] = []
        self.watch = SilenceWatch(self._is_silent, self.told.append, lambda: self.now)

    def _is_silent(self) -> bool:
        self.asked += 1
        return self.is_suspended

    def after(self, seconds: float, *, heard: bool = False) -> None:
        self.now += seconds
        if heard:
            self.heard = self.now
        self.watch.look(self.heard)


def test_one_that_gives_signs_of_life_is_not_asked() -> None:
    server = Server()
    for _ in range(10):
        server.after(QUIET_SECONDS - 0.1, heard=True)
    assert (server.asked, server.told) == (0, [])


def test_a_silent_one_is_told_once_and_again_when_it_answers() -> None:
    server = Server()
    server.is_suspended = True
    for _ in range(20):
        server.after(QUIET_SECONDS)
    assert (server.asked, server.told) == (1, [True])
    server.after(0.1, heard=True)
    server.after(0.1, heard=True)
    assert server.told == [True, False]
    for _ in range(3):
        server.after(QUIET_SECONDS)
    assert server.told == [True, False, True]


def test_one_that_is_busy_with_this_connection_alone_is_asked_now_and_then_and_nothing_is_said() -> None:
    server = Server()
    for _ in range(20):
        server.after(QUIET_SECONDS / 5)
    assert server.told == []
    assert 0 < server.asked <= 4
    server.is_suspended = True
    server.after(QUIET_SECONDS)
    assert server.told == [True]


@pytest.fixture
def suspended(monkeypatch: pytest.MonkeyPatch) -> Iterator[ServerAddress]:
    """What listens, so that the system takes connections for it, and says nothing."""
    monkeypatch.setattr(module, "QUIET_SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield ServerAddress(f"ws://127.0.0.1:{listener.getsockname()[1]}", "t", pid=77)


def test_what_takes_a_connection_and_says_nothing_is_silent(suspended: ServerAddress) -> None:
    assert is_silent(suspended)


def test_what_answers_or_is_gone_is_not(server: ScriptedServer) -> None:
    assert not is_silent(server.address)
    assert not is_silent(ServerAddress("ws://127.0.0.1:1", "t"))


def test_the_sentence_names_the_process_or_the_address(suspended: ServerAddress) -> None:
    assert silence(suspended).info.message == "The server (pid 77) does not answer."
    remote = ServerAddress("wss://studio.example:8765", "t")
    assert silence(remote).info.message == "The server at studio.example:8765 does not answer."
