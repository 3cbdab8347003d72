"""A server process as `foveate serve` runs it: ready, found by clients, ended by a signal."""

from __future__ import annotations

import gc
import os
import queue
import signal
import stat
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette

from foveate_server.config.server_config import ServerConfig
from foveate_server.net.gate import Gate
from foveate_server.net.http_server import bind
from foveate_server.net.named_tokens import Authenticator
from foveate_server.net.pairing import pair
from foveate_server.net.run_service import IdleWatch, PublishedFile, ServedApplication, run_service
from foveate_server.net.security_middleware import SecurityMiddleware
from foveate_server.status.metrics import Metrics
from foveate_server.status.page_sessions import Sessions
from foveate_server.status.report import JobStatus, ServerStatus
from foveate_server.status.routes import StatusPage
from foveate_shared.connection.running_server import RunningServer, find_server, read_runtime_file, write_runtime_file
from foveate_shared.errors import ConnectionLostError, ErrorCode, InputError, ResourceError, ServerError

CHILD = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
import test_run_service
test_run_service.child(Path(sys.argv[2]))
"""


def source() -> ServerStatus:
    return ServerStatus("1", 0.0)


def build(config: ServerConfig, token: str, lifespan=None, source=source) -> ServedApplication:
    """Make a service with nothing but its shell."""
    sessions = Sessions()
    routes = StatusPage(source, sessions, Metrics()).routes()
    gate = Gate(config, Authenticator(config.tokens_file, token), sessions)
    return ServedApplication(SecurityMiddleware(Starlette(routes=routes, lifespan=lifespan), gate), source)


def config_in(folder: Path) -> ServerConfig:
    names = {name: folder / name for name in ("data_dir", "cache_dir", "log_dir", "runtime_file")}
    return ServerConfig(**names)


def child(folder: Path) -> None:
    """Run in a process of its own."""
    sys.stdout.reconfigure(line_buffering=True)
    run_service(config_in(folder), build, lambda line: sys.stdout.write(f"{line}\n"))


@contextmanager
def process(folder: Path) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", CHILD, str(Path(__file__).parent), str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as started:
        try:
            yield started
        finally:
            started.kill()


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
@pytest.mark.parametrize("sig", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_and_leaves_nothing_but_logs(tmp_path: Path, sig: signal.Signals):
    config = config_in(tmp_path)
    with process(tmp_path) as server:
        assert server.stdout is not None
        line = server.stdout.readline()
        running = read_runtime_file(config.runtime_file)
        assert running is not None
        assert line == f"Foveate is ready at {running.url} (Ctrl+C ends it).\n"
        assert running.pid == server.pid
        assert stat.S_IMODE(config.runtime_file.stat().st_mode) == 0o600
        address = find_server(config.runtime_file)
        with pytest.raises(InputError, match=f"runs already at {running.url}") as caught:
            run_service(config, build, lambda _: None)
        assert caught.value.info.code is ErrorCode.CONFLICT
        server.send_signal(sig)
        rest, _ = server.communicate(timeout=200)
        assert (server.returncode, rest) == (0, "")
    assert not config.runtime_file.exists()
    log = next(config.log_dir.iterdir()).read_text("utf-8")
    assert "ready at" in log
    assert log.endswith(": ended\n")
    assert address.token not in log


def test_a_killed_server_is_followed_by_a_new_one(tmp_path: Path):
    config = config_in(tmp_path)
    with process(tmp_path) as first:
        assert first.stdout is not None
        assert first.stdout.readline()
        os.kill(first.pid, signal.SIGKILL if sys.platform != "win32" else signal.SIGTERM)
        first.wait(20)
    assert config.runtime_file.exists()
    with pytest.raises(ConnectionLostError):
        find_server(config.runtime_file)
    with serving(config) as url:
        assert find_server(config.runtime_file).url == url


def test_the_runtime_file_is_written_again_where_it_is_gone_or_anothers(tmp_path: Path, caplog):
    path = tmp_path / "server.json"
    ours = RunningServer("http://127.0.0.1:1", "t", os.getpid(), "1", 1.0)
    file = PublishedFile(path, ours)
    for spoil in (path.exists, lambda: path.write_text("{}"), lambda: write_runtime_file(path, replace(ours, pid=1))):
        spoil()
        file.keep()
        assert read_runtime_file(path) == ours
    stamp = path.stat().st_mtime_ns
    file.keep()
    assert path.stat().st_mtime_ns == stamp
    path.unlink()
    path.mkdir()
    caplog.clear()
    file.keep()
    assert "cannot be written again" in caplog.text


def test_a_running_server_does_so(tmp_path: Path):
    with process(tmp_path) as server:
        assert server.stdout is not None
        assert server.stdout.readline()
        path = config_in(tmp_path).runtime_file
        before = read_runtime_file(path)
        path.unlink()
        while not path.exists():
            with pytest.raises(subprocess.TimeoutExpired):
                server.wait(0.05)
        assert read_runtime_file(path) == before


def test_a_taken_port_is_a_sentence_and_changes_nothing(config: ServerConfig):
    with bind(config) as other, pytest.raises(ConnectionLostError, match="another program has it"):
        run_service(replace(config, port=other.getsockname()[1]), build, lambda _: None)
    assert not config.runtime_file.exists()


def test_a_thread_that_computes_gives_way_sooner_than_usual(config: ServerConfig):
    usual = sys.getswitchinterval()
    with serving(config):
        assert sys.getswitchinterval() < usual / 5
    assert sys.getswitchinterval() == usual


def test_nobody_waits_for_a_full_collection_of_garbage_in_the_midst_of_a_plan(config: ServerConfig):
    usual = gc.get_threshold()
    with serving(config):
        assert gc.get_freeze_count()
        assert gc.get_threshold()[-1] > 1000 * usual[-1]
    assert gc.get_threshold() == usual


def test_other_machines_are_not_served_without_tls(config: ServerConfig):
    with pytest.raises(InputError, match="nothing would be encrypted"):
        run_service(replace(config, host="0.0.0.0"), build, lambda _: None)  # noqa: S104
    assert not config.log_dir.exists()


@pytest.mark.parametrize(
    ("raised", "expected", "sentence"),
    [
        (ResourceError("There is no GPU."), ResourceError, "There is no GPU."),
        (ValueError("bug"), ServerError, "The server could not start. The reason is at the end of"),
    ],
)
def test_a_failed_start_is_a_sentence(config: ServerConfig, raised: Exception, expected: type, sentence: str):
    @asynccontextmanager
    async def lifespan(app: Starlette):
        raise raised
        yield

    with pytest.raises(expected, match=sentence):
        run_service(config, lambda config, token: build(config, token, lifespan), lambda _: None)
    assert not config.runtime_file.exists()
    assert type(raised).__name__ in next(config.log_dir.iterdir()).read_text("utf-8")


def test_with_tls_the_runtime_file_names_the_certificate(config: ServerConfig):
    paired, pairing = pair(config, "127.0.0.1")
    with serving(replace(paired, host="127.0.0.1", port=0)) as url:
        assert url.startswith("https://")
        found = find_server(config.runtime_file)  # connects, and accepts the pinned certificate alone
        assert (found.url, found.fingerprint) == (url, pairing.fingerprint)


def test_it_ends_by_itself_when_idle(config: ServerConfig):
    with serving(config) as url, httpx.Client(trust_env=False) as client:
        assert client.get(f"{url}/status.css").status_code == 200
    assert not config.runtime_file.exists()


@contextmanager
def serving(config: ServerConfig) -> Iterator[str]:
    """Run a server in a thread: it has a client as long as the context lasts, then it has to end by itself."""
    lines: queue.Queue[str] = queue.Queue()
    clients = [1]

    def build_busy(config: ServerConfig, token: str) -> ServedApplication:
        return build(config, token, source=lambda: ServerStatus("1", 0.0, clients=clients[0]))

    config = replace(config, idle_exit_minutes=0.001)
    thread = threading.Thread(target=run_service, args=(config, build_busy, lines.put), daemon=True)
    thread.start()
    yield lines.get(timeout=200).split()[4]
    clients[0] = 0
    thread.join(20)
    assert not thread.is_alive()


@pytest.mark.parametrize(
    ("status", "over"),
    [
        (ServerStatus("1", 0.0), True),
        (ServerStatus("1", 0.0, clients=1), False),
        (ServerStatus("1", 0.0, jobs=(JobStatus("a", "faces", "local", "queued"),)), False),
        (ServerStatus("1", 0.0, jobs=(JobStatus("a", "faces", "local", "running"),)), False),
        (ServerStatus("1", 0.0, jobs=(JobStatus("a", "faces", "local", "waiting"),)), True),
        (ServerStatus("1", 0.0, jobs=(JobStatus("a", "faces", "local", "done"),)), True),
    ],
)
def test_idle_means_no_clients_and_no_work(status: ServerStatus, over: bool):
    now = [0.0]
    watch = IdleWatch(lambda: status, 60.0, lambda: now[0])
    now[0] = 59.0
    assert not watch.is_over()
    now[0] = 61.0
    assert watch.is_over() is over


def test_the_time_counts_from_the_last_client():
    now, clients = [0.0], [1]
    watch = IdleWatch(lambda: ServerStatus("1", 0.0, clients=clients[0]), 60.0, lambda: now[0])
    now[0] = 100.0
    assert not watch.is_over()
    clients[0] = 0
    now[0] = 159.0
    assert not watch.is_over()
    now[0] = 160.0
    assert watch.is_over()


def test_zero_means_never():
    asked: list[int] = []
    watch: Callable[[], bool] = IdleWatch(lambda: asked.append(1) or source(), 0.0).is_over
    assert not watch()
    assert asked == []
