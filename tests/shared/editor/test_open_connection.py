"""From a plugin's settings file to a connection, with real processes where there are any."""

from __future__ import annotations

import os
import shlex
import signal
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from fakes.liar import lying, response
from foveate_shared.connection import settings
from foveate_shared.connection.client import ConnectionState
from foveate_shared.connection.end_server import end_server
from foveate_shared.connection.running_server import (
    RUNTIME_FILE_VARIABLE,
    RunningServer,
    default_runtime_file,
    in_sandbox,
    read_runtime_file,
    write_runtime_file,
)
from foveate_shared.connection.settings import Settings
from foveate_shared.editor.open_connection import (
    command_to_copy,
    find_server,
    open_workbench,
    peer_of,
    runtime_file,
)
from foveate_shared.errors import ConnectionLostError, ErrorCode, InputError, ServerError
from foveate_shared.wire.protocol import Peer

PEER = Peer("foveate-test", "1")
SERVE = (sys.executable, "-m", "foveate_server", "serve", "--quiet")


@pytest.fixture(autouse=True)
def environment(monkeypatch, tmp_path):
    """A server that is started keeps its files here, and the machine's own is not seen."""
    for name in (RUNTIME_FILE_VARIABLE, "FLATPAK_ID", "SNAP"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("FOVEATE_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("FOVEATE_LOG_DIR", str(tmp_path / "log"))
    monkeypatch.setenv("FOVEATE_ENGINE", "foveate_server.engines.deterministic.engine:configured_spec")


@pytest.fixture
def values(tmp_path):
    path = tmp_path / "run/server.json"
    yield Settings("client", SERVE, runtime_file=str(path))
    if running := read_runtime_file(path):
        os.kill(running.pid, signal.SIGTERM)


def wait_for(bench, look):
    """Poll the workbench until `look` is true, or the server refuses."""
    for _ in range(600):
        bench._client.wait(0.1)
        bench.poll()
        if look() or bench.connection.state is ConnectionState.REFUSED:
            return
    raise AssertionError(bench.connection)


def test_a_workbench_starts_the_server_and_another_one_finds_it(tmp_path, values):
    paths = [tmp_path / name for name in ("krita.json", "gimp.json")]
    for number, path in enumerate(paths):
        settings.save(path, replace(values, client_id=f"client-{number}"))
    benches = [open_workbench(path, PEER) for path in paths]
    try:
        for bench in benches:
            wait_for(bench, lambda bench=bench: bench.models)
            assert bench.connection.is_ready, bench.connection
            assert bench.models_for("refocus")
    finally:
        for bench in benches:
            bench.close()


def test_reconnect_reads_the_settings_again_and_a_server_that_is_ended_says_so(tmp_path, values):
    path = tmp_path / "settings.json"
    settings.save(path, replace(values, remote_url="ftp://studio", remote_token="t"))
    bench = open_workbench(path, PEER)
    try:
        wait_for(bench, lambda: bench.connection.error)
        assert bench.connection.state is ConnectionState.REFUSED
        assert "https://" in bench.connection.error.remedy
        settings.save(path, values)
        bench.reconnect()
        wait_for(bench, lambda: bench.models)  # no question is under way any more
        assert bench.connection.is_ready
        assert end_server(runtime_file(values))
        wait_for(bench, lambda: bench.connection.state is ConnectionState.ENDED)
        with pytest.raises(ConnectionLostError):
            find_server(values, "krita").find_running()
    finally:
        bench.close()


def test_a_remote_server_is_taken_as_it_is():
    remote = Settings("c", remote_url="wss://studio:7317", remote_token="t", remote_fingerprint="ab" * 32)
    assert find_server(remote, "krita")() == remote.remote


def test_a_wrong_address_is_said_when_it_is_used():
    with pytest.raises(InputError, match="encrypted"):
        find_server(Settings("c", remote_url="ws://studio:1", remote_token="t"), "krita")()


def test_where_the_command_is_missing_the_remedy_is_not_that_command(values):
    command = ("/not/there/fove ate", "serve", "--runtime-file", values.runtime_file)
    with pytest.raises(ConnectionLostError) as caught:
        find_server(replace(values, server_command=command), "krita")()
    info = caught.value.info
    assert info.code is ErrorCode.NO_SERVER
    assert info.message == "The server cannot be started: /not/there/fove ate (there is no such program)."
    assert info.remedy == "Install the plugin again in a terminal: foveate plugins install krita"


def test_a_server_that_ends_at_once_is_not_started_again_and_again(values):
    command = (sys.executable, "-c", "raise SystemExit('no weights')")
    with pytest.raises(ServerError, match="no weights"):
        find_server(replace(values, server_command=command), "krita")()


@pytest.mark.parametrize("sandbox", [{"FLATPAK_ID": "org.kde.krita"}, {"SNAP": "/snap/krita/1"}])
def test_a_sandbox_starts_nothing_but_says_how(values, tmp_path, sandbox):
    marker = tmp_path / "started"
    command = (sys.executable, "-c", f"open({str(marker)!r}, 'w')")
    with pytest.raises(ConnectionLostError) as caught:
        find_server(replace(values, server_command=command), "krita", sandbox)()
    assert "sandbox" in caught.value.info.message
    assert caught.value.info.remedy.endswith(shlex.join(command))
    assert not marker.exists()


@pytest.mark.parametrize(
    ("header", "code", "told"),
    [("Foveate", ErrorCode.NO_SERVER, "sandbox"), ("Bearer", ErrorCode.VERSION_MISMATCH, "older than this program")],
)
def test_in_a_sandbox_who_listens_at_an_old_port_learns_nothing(tmp_path, header, code, told):
    error = '{"code": "unauthorized", "message": "No.", "remedy": "", "fault": "user"}'
    answer = response("401 Unauthorized", f"WWW-Authenticate: {header}", body=error)
    with lying(lambda _: answer) as liar:
        path = tmp_path / "left behind/server.json"
        write_runtime_file(path, RunningServer(f"http://127.0.0.1:{liar.port}", "fvt_secret", 1, "1", 1.0))
        with pytest.raises(ConnectionLostError, match=told) as caught:
            find_server(Settings("client", SERVE, runtime_file=str(path)), "gimp", {"FLATPAK_ID": "org.gimp.GIMP"})()
    assert caught.value.info.code is code
    assert liar.heard
    assert b"fvt_secret" not in liar.heard


def test_in_a_sandbox_the_server_that_a_person_started_is_found(values):
    started = find_server(values, "krita")()
    assert find_server(values, "gimp", {"FLATPAK_ID": "org.gimp.GIMP"})() == started


def test_a_snap_that_is_not_confined_is_no_sandbox(tmp_path):
    (tmp_path / "meta").mkdir()
    (tmp_path / "meta/snap.yaml").write_text("name: blender\nconfinement: classic\n")
    assert not in_sandbox({"SNAP": str(tmp_path)})
    (tmp_path / "meta/snap.yaml").write_text("name: krita\nconfinement: strict\n")
    assert in_sandbox({"SNAP": str(tmp_path)})
    assert in_sandbox({"SNAP": str(tmp_path / "gone")})
    assert not in_sandbox({})


def test_where_the_server_is_looked_for(values):
    assert runtime_file(values, {}) == Path(values.runtime_file)
    assert runtime_file(values, {RUNTIME_FILE_VARIABLE: "/x/server.json"}) == Path("/x/server.json")
    assert runtime_file(Settings("c"), {}) == default_runtime_file({})


def test_a_command_is_quoted_as_the_systems_shell_wants_it(monkeypatch):
    values = Settings("c", ("C:\\Program Files\\py.exe", "serve"))
    assert command_to_copy(values) == "'C:\\Program Files\\py.exe' serve"
    monkeypatch.setattr(sys, "platform", "win32")
    assert command_to_copy(values) == '"C:\\Program Files\\py.exe" serve'


def test_a_plugin_is_called_by_the_version_of_its_bundle(tmp_path):
    assert peer_of("foveate-editor", tmp_path) == Peer("foveate-editor", "development")
    (tmp_path / "bundle.json").write_text('{"version": "1.2.3"}')
    assert peer_of("foveate-editor", tmp_path) == Peer("foveate-editor", "1.2.3")
