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
from foveate_shared.connection.running_server import RunningServer, write_runtime_file
from foveate_shared.errors import ConnectionLostError, ErrorCode, InputError, ServerError

HERE = RunningServer("http://127.0.0.1:9", "fvt_token", os.getpid(), "1", 1.0, place=ProcessPlace.here())


@pytest.fixture
def signals(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    sent: list[tuple[int, int]] = []
    monkeypatch.setattr(module.os, "kill", lambda *signal_: sent.append(signal_))
    return sent


def test_where_none_runs_none_is_ended(tmp_path: Path, signals: list[tuple[int, int]]) -> None:
    assert end_server(tmp_path / "server.json") is None
    assert signals == []


def test_one_that_does_not_answer_any_more_has_ended(tmp_path: Path, signals: list[tuple[int, int]]) -> None:
    path = tmp_path / "server.json"
    write_runtime_file(path, replace(HERE, url="http://127.0.0.1:1"))  # nobody listens there
    assert end_server(path) is None
    assert (os.getpid(), signal.SIGTERM) not in signals


def test_who_does_not_prove_itself_is_not_ended(
    monkeypatch: pytest.MonkeyPatch, signals: list[tuple[int, int]]
) -> None:
    def find(_: Path | None) -> RunningServer:
        raise ConnectionLostError("It is not your Foveate server.", code=ErrorCode.NO_SERVER)

    monkeypatch.setattr(module, "find_running_server", find)
    with pytest.raises(ConnectionLostError, match="not your"):
        end_server()
    assert signals == []


def test_one_that_has_just_ended_by_itself_has_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    def kill(*_: int) -> None:
        raise ProcessLookupError

    monkeypatch.setattr(module, "find_running_server", lambda _: HERE)
    monkeypatch.setattr(module.os, "kill", kill)
    assert end_server() == HERE


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
