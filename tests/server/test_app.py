"""The whole server with real worker processes: what a kill -9 of either costs."""

import asyncio
import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest

from fakes.jobs import EXTENT, crop, submit_of
from fakes.painting import inverted, strips
from fakes.raw_client import RawClient
from foveate_server import app
from foveate_server.app import Variants, create_app
from foveate_server.config.server_config import ServerConfig
from foveate_server.engines.deterministic.engine import deterministic_spec
from foveate_server.executors.local import LocalExecutor
from foveate_server.net.run_service import ServedApplication, run_service
from foveate_server.spool import host_folder
from foveate_shared.connection.running_server import read_runtime_file
from foveate_shared.errors import FoveateError
from foveate_shared.wire.protocol import (
    Ack,
    Cancel,
    Cancelled,
    Done,
    ItemEnded,
    Jobs,
    ListJobs,
    Patch,
    Progress,
    Resume,
    Started,
)

OPERATIONS = "fakes.painting:operations"
TESTS = Path(__file__).parents[1]
TOKEN = "fvt_test"

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals")


def patches_of(client):
    return {d.message.bounds: bytes(d.payloads[0]) for d in client.deliveries if isinstance(d.message, Patch)}


@pytest.fixture
def gate(tmp_path):
    """A file for which all items from the third on wait."""
    path = tmp_path / "gate"
    path.write_text("")
    return path


@pytest.fixture
def site(config, gate, start_server):
    """An application in this process, its workers outside."""
    environment = {"PYTHONPATH": str(TESTS), "PAINT_GATE": str(gate)}
    engine = deterministic_spec()
    executor = LocalExecutor(engine, operations=OPERATIONS, environment=environment)
    app = create_app(config, engine, token=TOKEN, variants=Variants(operations=OPERATIONS, executor=executor))
    yield start_server(app, config).url, app, executor
    gate.unlink(missing_ok=True)


def begin(client, **fields):
    """Submit a job whose third item waits, and return its id once that item is at work."""
    submit = submit_of(items=4, wait=True, **fields)
    client.send(submit)
    while not [event for event in client.of(Progress) if event.stage == "waiting"]:
        for request in getattr(client.next(), "requests", ()):
            client.answer(submit.job, request)
    return submit.job


def test_a_killed_worker_costs_nothing(site, gate):
    url, _, executor = site
    with RawClient(url, TOKEN) as client:
        job = begin(client)
        gate.unlink()
        os.kill(executor.pids[0], signal.SIGKILL)
        done = client.finish(job)
        assert isinstance(done, Done)
        assert [outcome.status for outcome in done.outcomes] == ["done"] * 4
        assert patches_of(client) == {bounds: inverted(crop(bounds)) for bounds in strips(EXTENT.bounds, 4)}
        assert executor.status().replaced == 1


def test_a_cancel_reaches_the_worker(site):
    url, _, executor = site
    with RawClient(url, TOKEN) as client:
        job = begin(client)
        pid = executor.pids
        client.send(Cancel(job))
        client.until(Cancelled)
        second = submit_of()
        client.send(second)
        assert isinstance(client.finish(second.job), Done)
        assert executor.pids == pid  # it listened, and was not replaced


async def test_old_garbage_is_taken_away_every_now_and_then(monkeypatch):
    collected = asyncio.Event()
    monkeypatch.setattr(app, "COLLECTION_SECONDS", 0)
    monkeypatch.setattr(app, "collect_all", collected.set)
    chore = asyncio.create_task(app._collect_garbage())
    await asyncio.wait_for(collected.wait(), 60)
    collected.clear()
    await asyncio.wait_for(collected.wait(), 60)
    chore.cancel()


async def test_only_one_server_has_the_spool(site, config, monkeypatch):
    monkeypatch.setattr(host_folder, "PATIENCE", 0.1)
    second = create_app(config, deterministic_spec(), token=TOKEN, variants=Variants(operations=OPERATIONS))

    with pytest.raises(FoveateError, match="Another server"):
        async with second.starlette.router.lifespan_context(second.starlette):
            raise AssertionError("it started")


# --- a server process ---

CHILD = """
import sys
sys.path.insert(0, sys.argv[1])
import test_app
from pathlib import Path
test_app.child(Path(sys.argv[2]))
"""


def config_in(folder):
    names = {name: folder / name for name in ("data_dir", "cache_dir", "log_dir", "runtime_file")}
    return ServerConfig(**names)


def child(folder):
    """Run in a process of its own."""
    engine = deterministic_spec()

    def build(config, token):
        app = create_app(config, engine, token=token, variants=Variants(operations=OPERATIONS))
        return ServedApplication(app, app.status)

    run_service(config_in(folder), build, lambda line: sys.stdout.write(f"{line}\n") and sys.stdout.flush())


@contextmanager
def server_process(folder, gate):
    """A server as `foveate serve` runs it; yields the process, its address and its token."""
    environment = {**os.environ, "PYTHONPATH": str(TESTS), "PAINT_GATE": str(gate)}
    command = [sys.executable, "-c", CHILD, str(Path(__file__).parent), str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        try:
            assert "ready" in process.stdout.readline()
            running = read_runtime_file(config_in(folder).runtime_file)
            yield process, running.url, running.token
        finally:
            process.kill()


def test_a_killed_server_loses_nothing_that_was_finished(tmp_path, gate):
    with server_process(tmp_path, gate) as (process, url, token):
        client = RawClient(url, token)
        job = begin(client)
        seen = client.lasting[-1].seq
        assert len(client.of(ItemEnded)) == 2
        process.send_signal(signal.SIGKILL)
        process.wait()
        client.socket.close()
    gate.unlink()
    with server_process(tmp_path, gate) as (process, url, token):
        with RawClient(url, token) as client:
            client.send(Resume(job, seen))
            done = client.finish(job)
            assert [outcome.status for outcome in done.outcomes] == ["done"] * 4
            assert {event.item for event in client.of(Started)} <= {"i3", "i4"}
            assert len(patches_of(client)) == 2
        with RawClient(url, token) as client:  # as if the client had lost all it had
            client.send(Resume(job))
            client.answer = lambda *_: None
            client.finish(job)
            patches = patches_of(client)
            assert patches == {bounds: inverted(crop(bounds)) for bounds in patches}
            assert sum(bounds.area for bounds in patches) == EXTENT.area
            client.send(Ack(job))
            client.send(ListJobs(1))
            assert client.until(Jobs).jobs == ()
        process.terminate()
        assert process.wait(20) == 0
    assert not list((tmp_path / "data_dir" / "spool" / "jobs").iterdir())


def test_a_stopped_server_goes_on_where_it_was(tmp_path, gate):
    with server_process(tmp_path, gate) as (process, url, token):
        with RawClient(url, token) as client:
            job = begin(client)
            process.terminate()
            _, close_code = client.closing()
            assert close_code in {1001, 1012}
        assert process.wait(20) == 0
    gate.unlink()
    with server_process(tmp_path, gate) as (_, url, token), RawClient(url, token) as client:
        client.send(Resume(job, 10))
        assert isinstance(client.finish(job), Done)


def test_it_starts_without_what_only_workers_downloads_and_pairing_need():
    unwanted = {"torch", "onnxruntime", "scipy.ndimage", "requests", "cryptography"}
    code = f"import sys, foveate_server.app; print(*{unwanted} & set(sys.modules))"
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, timeout=200)
    assert printed.stdout.strip() == b""
