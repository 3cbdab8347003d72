"""`foveate stop`: the server ends, and where none runs, all is as it was wanted."""

from __future__ import annotations

import json
import os
import signal
import sys

from foveate_server.cli.main import main
from foveate_shared.connection.running_server import is_alive, read_runtime_file
from foveate_shared.connection.start_server import find_or_start


def test_the_server_is_ended_once(tmp_path, monkeypatch, capsys):
    file = tmp_path / "server.json"
    for name, value in {
        "FOVEATE_RUNTIME_FILE": str(file),
        "FOVEATE_DATA_DIR": str(tmp_path / "data"),
        "FOVEATE_LOG_DIR": str(tmp_path / "log"),
        "FOVEATE_ENGINE": "foveate_server.engines.deterministic.engine:configured_spec",
    }.items():
        monkeypatch.setenv(name, value)
    find_or_start([sys.executable, "-m", "foveate_server", "serve", "--quiet"], file)
    running = read_runtime_file(file)
    try:
        assert main(["stop", "--json"]) == 0
        assert json.loads(capsys.readouterr().out)["ended"] == {"pid": running.pid, "version": running.version}
        assert not is_alive(running.pid)
        assert not file.exists()
        assert main(["stop"]) == 0
        assert capsys.readouterr() == ("No server is running.\n", "")
        assert main(["stop", "--json"]) == 0
        assert json.loads(capsys.readouterr().out) == {"ended": None}
    finally:
        if is_alive(running.pid):
            os.kill(running.pid, signal.SIGKILL)
