"""The runtime file: private, current, and removed where a crash left it behind."""

from __future__ import annotations

import http.server
import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import platformdirs
import pytest

from fakes.proving import challenge_to
from foveate_shared.connection import process_place
from foveate_shared.connection.process_place import ProcessPlace, SharingMachine, birth_of, by_name_alone
from foveate_shared.connection.running_server import (
    RunningServer,
    default_runtime_file,
    find_running_server,
    find_server,
    is_alive,
    is_published,
    publish,
    read_runtime_file,
    remove_runtime_file,
    withdraw,
    write_runtime_file,
)
from foveate_shared.errors import ConnectionLostError, ErrorCode

TOKEN = "a-token"


@pytest.fixture
def healthy() -> Iterator[RunningServer]:
    """A server that knows the token."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(401)
            self.send_header("WWW-Authenticate", challenge_to(self.headers["Authorization"], TOKEN))
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield RunningServer(f"http://127.0.0.1:{server.server_port}", TOKEN, os.getpid(), "1.0", 1.5)
        server.shutdown()
        thread.join()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "new folder" / "server.json"


def dead_pid() -> int:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_what_is_written_is_read(path: Path, healthy: RunningServer) -> None:
    write_runtime_file(path, healthy)
    assert read_runtime_file(path) == healthy
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(path.parent.iterdir()) == [path]
    assert TOKEN not in repr(healthy)


def test_a_running_server_is_found(path: Path, healthy: RunningServer) -> None:
    write_runtime_file(path, healthy)
    assert find_server(path) == healthy.address


def test_no_file_means_no_server(path: Path) -> None:
    with pytest.raises(ConnectionLostError, match="No Foveate server is running") as caught:
        find_server(path)
    assert caught.value.info.code is ErrorCode.NO_SERVER


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"url": "file:///etc/passwd", "token": "x", "pid": 1}', "\0"])
def test_a_file_that_makes_no_sense_is_none(path: Path, text: str) -> None:
    path.parent.mkdir()
    path.write_text(text)
    assert read_runtime_file(path) is None


def test_a_dead_process_is_noticed_and_its_file_removed(path: Path, healthy: RunningServer) -> None:
    write_runtime_file(path, replace(healthy, pid=dead_pid(), place=ProcessPlace.here()))
    with pytest.raises(ConnectionLostError, match="without a word"):
        find_server(path)
    assert not path.exists()


@pytest.mark.skipif(birth_of(os.getpid()) is None, reason="the system does not tell when a process began")
def test_a_number_that_was_given_to_another_process_is_no_servers(path: Path, healthy: RunningServer) -> None:
    """Else a stranger's process would be called the server, and its owner told to end it."""
    ours = birth_of(os.getpid())
    assert ours is not None
    gone = replace(healthy, url="http://127.0.0.1:1", place=ProcessPlace.here(), birth=ours - 1)
    write_runtime_file(path, gone)
    assert gone.has_ended
    with pytest.raises(ConnectionLostError, match="without a word"):
        find_server(path)
    assert not path.exists()
    write_runtime_file(path, replace(gone, birth=ours))
    assert not read_runtime_file(path).has_ended


@pytest.mark.parametrize("change", [{"host": "another"}, {"boot": "another"}, {"namespace": "pid:[1]"}, None])
def test_a_number_of_another_place_tells_nothing(path: Path, healthy: RunningServer, change: dict[str, str]) -> None:
    place = None if change is None else replace(ProcessPlace.here(), **change)
    server = replace(healthy, pid=dead_pid(), place=place)
    write_runtime_file(path, server)
    assert find_server(path) == server.address
    write_runtime_file(path, replace(server, url="http://127.0.0.1:1"))
    with pytest.raises(ConnectionLostError):
        find_server(path)
    assert path.exists()


def test_a_client_in_another_pid_namespace_leaves_the_file_alone(path: Path, healthy: RunningServer) -> None:
    server = replace(healthy, place=ProcessPlace.here())
    write_runtime_file(path, server)
    code = f"""
import sys; sys.path[:0] = {sys.path!r}
from pathlib import Path
from foveate_shared.connection.running_server import find_server
print(find_server(Path({str(path)!r})).url)
"""
    unshare = ["unshare", "--pid", "--fork", "--mount-proc"]
    if subprocess.run([*unshare, "true"], capture_output=True, check=False).returncode:
        pytest.skip("this user can make no pid namespace")
    told = subprocess.run([*unshare, sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == server.address.url
    assert path.exists()


def test_a_refused_connection_is_noticed_and_the_file_left(path: Path, healthy: RunningServer) -> None:
    write_runtime_file(path, replace(healthy, url="http://127.0.0.1:1"))
    with pytest.raises(ConnectionLostError, match="without a word"):
        find_server(path)
    assert path.exists()


def test_another_server_at_its_port_is_noticed_and_the_file_left(path: Path, healthy: RunningServer) -> None:
    write_runtime_file(path, replace(healthy, token="another"))
    with pytest.raises(ConnectionLostError, match="does not know this program's token") as caught:
        find_server(path)
    assert caught.value.info.code is ErrorCode.NO_SERVER
    assert path.exists()


def test_only_ones_own_file_is_removed(path: Path, healthy: RunningServer) -> None:
    write_runtime_file(path, healthy)
    remove_runtime_file(path, replace(healthy, started=0.0))
    assert path.exists()
    remove_runtime_file(path, healthy)
    assert not path.exists()


def test_hosts_that_share_a_home_do_not_write_over_each_other(
    path: Path, healthy: RunningServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    servers = {}
    for host in ("studio", "laptop"):
        monkeypatch.setattr(socket, "gethostname", lambda host=host: host)
        servers[host] = replace(healthy, place=ProcessPlace.here(), started=float(len(servers)))
        publish(path, servers[host])
    own = f"server@laptop-{SharingMachine.here().key}.json"
    assert sorted(file.name for file in path.parent.iterdir()) == ["server.json", own]
    for host, server in servers.items():
        monkeypatch.setattr(socket, "gethostname", lambda host=host: host)
        assert is_published(path, server)
        assert find_running_server(path) == server
        withdraw(path, server)
        assert not is_published(path, server)
    assert list(path.parent.iterdir()) == []


@pytest.fixture
def be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Make this the machine with an id; None: one that has none."""

    def be(machine: str | None) -> None:
        file = tmp_path / "machine-id"
        file.write_text("uninitialized" if machine is None else machine * 32)
        monkeypatch.setattr(process_place, "MACHINE_ID", file)

    return be


def described(healthy: RunningServer, started: float) -> RunningServer:
    return replace(healthy, place=ProcessPlace.here(), machine=SharingMachine.here().key, started=started)


@pytest.mark.parametrize("second", ["b", None])
def test_machines_of_one_name_do_not_write_over_each_other(
    path: Path, healthy: RunningServer, be, second: str | None
) -> None:
    servers = {}
    for number, machine in enumerate(("a", second)):
        be(machine)
        servers[machine] = described(healthy, float(number))
        publish(path, servers[machine])
    assert len(list(path.parent.iterdir())) == 2
    for machine, server in servers.items():
        be(machine)
        assert is_published(path, server)
        assert find_running_server(path) == server
        withdraw(path, server)
    assert list(path.parent.iterdir()) == []


def test_of_a_server_on_another_machine_of_this_name_nothing_is_said(path: Path, healthy: RunningServer, be) -> None:
    be("a")
    publish(path, replace(described(healthy, 1.0), url="http://127.0.0.1:1"))
    be("b")
    with pytest.raises(ConnectionLostError, match="No Foveate server is running"):
        find_server(path)
    assert path.exists()


def test_files_of_a_version_that_knew_machines_by_their_names_alone_are_found(path: Path, healthy: RunningServer, be):
    be("a")
    older = replace(described(healthy, 1.0), machine="")
    write_runtime_file(by_name_alone(path), older)
    assert find_running_server(path) == older
    write_runtime_file(path, older)
    publish(path, newer := described(healthy, 2.0))
    assert read_runtime_file(path) == newer, "what may be this machine's is written over, as ever"


def test_an_older_version_understands_where_the_server_is(path: Path, healthy: RunningServer) -> None:
    publish(path, described(healthy, 1.0))
    assert json.loads(path.read_text())["place"].keys() == {"host", "boot", "namespace"}


def test_of_another_hosts_server_that_cannot_be_reached_nothing_is_said(
    path: Path, healthy: RunningServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(path, replace(healthy, url="http://127.0.0.1:1", place=ProcessPlace.here()))
    monkeypatch.setattr(socket, "gethostname", lambda: "laptop")
    with pytest.raises(ConnectionLostError, match="No Foveate server is running"):
        find_server(path)
    assert path.exists()


def test_the_environment_chooses_the_file() -> None:
    assert default_runtime_file({"FOVEATE_RUNTIME_FILE": "/x/y.json"}) == Path("/x/y.json")


def test_the_default_is_where_the_platform_keeps_data() -> None:
    assert default_runtime_file() == platformdirs.user_data_path("foveate") / "server.json"
    windows = default_runtime_file({"LOCALAPPDATA": "/local"}, "win32")
    assert windows == Path("/local/foveate/foveate/server.json")
    assert default_runtime_file({}, "darwin") == Path.home() / "Library/Application Support/foveate/server.json"
    assert default_runtime_file({"HOST_XDG_DATA_HOME": "/h", "XDG_DATA_HOME": "/s"}, "linux") == Path(
        "/h/foveate/server.json"
    )


def test_alive() -> None:
    assert is_alive(os.getpid())
    assert not is_alive(dead_pid())
    assert not is_alive(0)


def test_the_file_is_plain_json(path: Path, healthy: RunningServer) -> None:
    write_runtime_file(path, healthy)
    known = {"url", "token", "pid", "version", "started", "fingerprint", "place", "birth", "machine"}
    assert set(json.loads(path.read_text())) == known
