"""Starting the server: once, with a real process, and with its own words where it fails."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

import foveate_shared
from foveate_shared.connection import running_server
from foveate_shared.connection.process_place import ProcessPlace
from foveate_shared.connection.running_server import find_server, read_runtime_file, write_runtime_file
from foveate_shared.connection.start_server import find_or_start
from foveate_shared.errors import ConnectionLostError, FoveateError, InputError, ServerError

# Where an installation for development has the package through a hook of the site module, sys.path does not name it.
PATHS = [str(Path(foveate_shared.__file__).parents[1]), *sys.path]
# A server as far as a launcher sees one: proves that it knows its token, and says in the runtime file where it is.
SERVER = f"import sys; sys.path[:0] = {PATHS!r}" + textwrap.dedent(
    """
    import http.server, json, os, pathlib, sys
    assert "PYTHONPATH" not in os.environ and "PYTHONHOME" not in os.environ
    from fakes.proving import challenge_to
    path = pathlib.Path(os.environ["FOVEATE_RUNTIME_FILE"])
    with path.with_name("starts").open("a") as starts:
        starts.write(f"{os.getpid()}\\n")
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(401)
            self.send_header("WWW-Authenticate", challenge_to(self.headers["Authorization"], "t"))
            self.end_headers()
        def log_message(self, *args): pass
    server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
    url = f"http://127.0.0.1:{server.server_port}"
    fields = {"url": url, "token": "t", "pid": os.getpid(), "version": "1", "started": 1.0}
    path.with_suffix(".new").write_text(json.dumps(fields))
    path.with_suffix(".new").replace(path)
    server.serve_forever()
    """
)
COMMAND = [sys.executable, "-S", "-c", SERVER]


@pytest.fixture
def path(tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "state" / "server.json"
    yield path
    if path.with_name("starts").exists():
        for pid in path.with_name("starts").read_text().split():
            os.kill(int(pid), signal.SIGKILL)


def test_starts_a_server_and_waits_until_it_is_ready(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", "/an/editors/own")
    address = find_or_start(COMMAND, path)
    assert find_server(path) == address


def test_a_server_is_found_in_a_virtual_environment_and_sees_none(path: Path, tmp_path: Path) -> None:
    (tmp_path / "venv/bin").mkdir(parents=True)
    (tmp_path / "venv/pyvenv.cfg").touch()
    program = tmp_path / "venv/bin/foveate"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -S "$@"\n')
    program.chmod(0o755)
    environ = {"PATH": f"{tmp_path}/venv/bin:/usr/bin:/bin", "VIRTUAL_ENV": f"{tmp_path}/venv"}
    seen = path.parent / "environment.json"
    look = f"import json, os; json.dump(dict(os.environ), open({str(seen)!r}, 'w'))"
    with pytest.raises(ServerError):
        find_or_start(["foveate", "-c", look], path, environ=environ)
    environment = json.loads(seen.read_text())
    assert environment["PATH"] == "/usr/bin:/bin"
    assert environment["FOVEATE_RUNTIME_FILE"] == str(path)
    assert "VIRTUAL_ENV" not in environment


def test_many_clients_start_one_server(path: Path) -> None:
    with ThreadPoolExecutor(6) as pool:
        addresses = set(pool.map(lambda _: find_or_start(COMMAND, path), range(6)))
    assert len(addresses) == 1
    assert len(path.with_name("starts").read_text().split()) == 1


def test_a_server_that_was_killed_is_started_anew(path: Path) -> None:
    first = find_or_start(COMMAND, path)
    server = read_runtime_file(path)
    assert server is not None
    os.kill(server.pid, signal.SIGKILL)
    path.with_name("starts").unlink()
    second = find_or_start(COMMAND, path)
    assert second.url != first.url or second == find_server(path)


def test_beside_a_suspended_server_no_other_one_is_started(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running_server, "PROBE_TIMEOUT", 0.2)
    find_or_start(COMMAND, path)
    server = read_runtime_file(path)
    assert server is not None
    write_runtime_file(path, replace(server, place=ProcessPlace.here()))
    os.kill(server.pid, signal.SIGSTOP)
    with pytest.raises(ConnectionLostError, match=rf"The server \(pid {server.pid}\) does not answer\.") as caught:
        find_or_start(COMMAND, path)
    assert f"kill -CONT {server.pid}" in caught.value.info.remedy
    assert path.with_name("starts").read_text().split() == [str(server.pid)]
    os.kill(server.pid, signal.SIGCONT)
    assert find_or_start(COMMAND, path) == server.address


def test_from_another_place_no_other_one_is_started_either(path: Path) -> None:
    """In a container or a sandbox its number says nothing; that it took the connection and is silent says all."""
    unshare = ["unshare", "--pid", "--fork", "--mount-proc"]
    if subprocess.run([*unshare, "true"], capture_output=True, check=False).returncode:
        pytest.skip("this user can make no pid namespace")
    find_or_start(COMMAND, path)
    server = read_runtime_file(path)
    assert server is not None
    write_runtime_file(path, replace(server, place=ProcessPlace.here()))
    os.kill(server.pid, signal.SIGSTOP)
    code = f"import sys; sys.path[:0] = {PATHS!r}" + textwrap.dedent(
        f"""
        from pathlib import Path
        from foveate_shared.connection import running_server
        from foveate_shared.connection.start_server import find_or_start
        from foveate_shared.errors import FoveateError
        running_server.PROBE_TIMEOUT = 0.2
        try:
            find_or_start({COMMAND!r}, Path({str(path)!r}))
        except FoveateError as error:
            print(error)
        """
    )
    told = subprocess.run([*unshare, sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.startswith(f"The server (pid {server.pid}) does not answer.")
    assert path.with_name("starts").read_text().split() == [str(server.pid)]


def test_the_last_words_of_a_server_that_ends_at_once(path: Path) -> None:
    with pytest.raises(ServerError, match="ended at once: OSError: no card") as caught:
        find_or_start([sys.executable, "-c", "raise OSError('no card')"], path)
    assert "server-start@" in caught.value.info.remedy
    with pytest.raises(ServerError, match=r"ended at once: FileNotFoundError: No such file or directory: '/gone'"):
        find_or_start([sys.executable, "-S", "-c", "open('/gone')"], path)


def test_a_server_that_never_gets_ready_is_ended(path: Path) -> None:
    code = "import os, time; print(os.getpid(), flush=True); time.sleep(60)"
    with pytest.raises(ServerError, match="not ready in time"):
        find_or_start([sys.executable, "-S", "-c", code], path, timeout=0.5)


@pytest.mark.parametrize("command", [[], ["/no/such/program"], ["\0"]])
def test_a_command_that_is_none(path: Path, command: list[str]) -> None:
    with pytest.raises(InputError, match=r"cannot be started: .*\(there is no such program\)"):
        find_or_start(command, path)


def test_a_program_that_is_none(path: Path, tmp_path: Path) -> None:
    (tmp_path / "text").write_text("")
    with pytest.raises(InputError, match=r"text \(it may not be executed\)"):
        find_or_start([str(tmp_path / "text")], path)
    (tmp_path / "text").chmod(0o755)
    with pytest.raises(InputError, match=r"text \(Exec format error\)"):
        find_or_start([str(tmp_path / "text")], path)


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(FoveateError, match="cannot be written"):
        find_or_start(COMMAND, tmp_path / "file" / "server.json")
