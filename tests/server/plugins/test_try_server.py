"""The doctor's own start of the server, with real servers: by the settings' command, and what it leaves behind."""

from __future__ import annotations

import os
import signal
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from foveate_server.plugins.try_server import try_server
from foveate_shared.connection.running_server import find_server, is_alive, read_runtime_file
from foveate_shared.connection.settings import Settings
from foveate_shared.errors import ConnectionLostError, FoveateError, InputError

SERVE = (sys.executable, "-m", "foveate_server", "serve", "--quiet")


@pytest.fixture
def environ(tmp_path):
    """A shell with a virtual environment, whose server keeps its files here."""
    (tmp_path / "venv/bin").mkdir(parents=True)
    (tmp_path / "venv/pyvenv.cfg").touch()
    return {
        "HOME": str(tmp_path / "home"),
        "PATH": f"{tmp_path}/venv/bin:/usr/bin:/bin",
        "VIRTUAL_ENV": str(tmp_path / "venv"),
        "FOVEATE_DATA_DIR": str(tmp_path / "data"),
        "FOVEATE_LOG_DIR": str(tmp_path / "log"),
        "FOVEATE_ENGINE": "foveate_server.engines.deterministic.engine:configured_spec",
    }


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "run/server.json"
    yield path
    if running := read_runtime_file(path):
        os.kill(running.pid, signal.SIGTERM)


def test_a_server_is_started_and_stays_and_its_command_is_tried_again_elsewhere(tmp_path, environ, file, monkeypatch):
    told = tmp_path / "starts"
    program = tmp_path / "foveate"
    program.write_text(
        f'#!/bin/sh\necho "$$ $VIRTUAL_ENV $FOVEATE_RUNTIME_FILE $*" >>{told}\nexec "{sys.executable}" "$@"\n'
    )
    program.chmod(0o755)
    command = (str(program), *SERVE[1:], "--runtime-file", str(file))  # it names its file: a Snap's does
    values = Settings("client", command, runtime_file=str(file))
    assert try_server(values, "krita", environ).name == "foveate"
    running = find_server(file)
    assert try_server(values, "krita", environ).name == "foveate"
    assert find_server(file) == running
    first, second = (line.split() for line in told.read_text().splitlines())
    assert first[1:] == [str(file), *command[1:]]  # no virtual environment, and the very command
    assert second[2:] == [*command[1:-1], second[1]]
    assert second[1] != str(file)
    assert is_alive(int(first[0]))
    assert not is_alive(int(second[0]))
    assert not Path(second[1]).parent.exists()

    # A server that runs is no excuse for a command that does not.
    program.write_text("#!/bin/sh\necho no card; exit 3\n")
    with pytest.raises(FoveateError, match="ended at once: no card") as caught:
        try_server(values, "krita", environ)
    log = Path(caught.value.info.remedy.removeprefix("All that it said is in ").rstrip("."))
    assert log.read_text() == "no card\n"

    # So it is where the command names its file in one word, and what was started does not end well either.
    def end_badly(path):
        raise InputError(f"The server of {path} does not end.")

    program.write_text(f'#!/bin/sh\necho "$*" >{told}; echo no card; exit 3\n')
    monkeypatch.setattr("foveate_server.plugins.try_server.end_server", end_badly)
    in_one_word = replace(values, server_command=(*command[:-2], f"--runtime-file={file}"))
    with pytest.raises(FoveateError, match="ended at once: no card"):
        try_server(in_one_word, "krita", environ)
    last = told.read_text().split()[-1]
    assert last.startswith("--runtime-file=/")
    assert not last.endswith(str(file))
    monkeypatch.undo()
    program.unlink()
    with pytest.raises(ConnectionLostError, match=r"cannot be started: .*there is no such program"):
        try_server(values, "krita", environ)
    assert find_server(file) == running


def test_why_none_answers_is_said_as_the_plugin_says_it(environ, file):
    command = (sys.executable, "-c", "raise SystemExit('no weights')")
    with pytest.raises(FoveateError, match="ended at once: no weights"):
        try_server(Settings("client", command, runtime_file=str(file)), "krita", environ)
    remote = Settings("client", remote_url="ws://127.0.0.1:9", remote_token="t" * 32)
    with pytest.raises(FoveateError, match=r"There is no Foveate server at 127\.0\.0\.1:9 \(Connection refused\)"):
        try_server(remote, "krita", environ)
