"""Ending the server of this machine: never a process that is not known to be one."""

from __future__ import annotations

import os
import signal
from dataclasses import replace
from pathlib import Path

import pytest

from foveate_shared.connection import end_server as module
from foveate_shared.connection.end_server import end_server
from foveate_shared.connection.process_place import ProcessPlace
from foveate_shared.connection.running_server import RunningServer
from foveate_shared.errors import ConnectionLostError, InputError, ServerError

HERE = RunningServer("http://127.0.0.1:9", "fvt_token", os.getpid(), "1", 1.0, place=ProcessPlace.here())


@pytest.fixture
def signals(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    sent: list[tuple[int, int]] = []
    monkeypatch.setattr(module.os, "kill", lambda *signal_: sent.append(signal_))
    return sent


def test_who_does_not_prove_itself_is_not_ended(tmp_path: Path, signals: list[tuple[int, int]]) -> None:
    with pytest.raises(ConnectionLostError, match="No Foveate server is running"):
        end_server(tmp_path / "server.json")
    assert signals == []


def test_a_process_of_another_place_is_not_ended(
    monkeypatch: pytest.MonkeyPatch, signals: list[tuple[int, int]]
) -> None:
    monkeypatch.setattr(module, "find_running_server", lambda _: replace(HERE, place=None))
    with pytest.raises(InputError, match="another place"):
        end_server()
    assert signals == []


def test_a_server_that_does_not_end_is_said(monkeypatch: pytest.MonkeyPatch, signals: list[tuple[int, int]]) -> None:
    monkeypatch.setattr(module, "find_running_server", lambda _: HERE)
    with pytest.raises(ServerError, match=rf"pid {os.getpid()}\) was told to end, and has not"):
        end_server(timeout=0.0)
    assert signals[0] == (os.getpid(), signal.SIGTERM)


def test_where_no_process_can_be_asked_for_it_is_over_when_none_answers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, signals: list[tuple[int, int]]
) -> None:
    answers = iter((HERE, HERE))

    def find(_: Path | None) -> RunningServer:
        try:
            return next(answers)
        except StopIteration:
            raise ConnectionLostError("None runs.") from None

    monkeypatch.setattr(module, "find_running_server", find)
    monkeypatch.setattr(module.os, "name", "nt")
    assert end_server() == HERE
    assert signals == [(HERE.pid, signal.SIGTERM)]
