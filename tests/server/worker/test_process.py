"""The worker as a process: what it is without a server, and without torch."""

import subprocess
import sys

import pytest

from foveate_server.engines.deterministic.engine import deterministic_spec
from foveate_server.tasks.messages import Launch, Ready, Released, ReleaseMemory, decode_report, encode

COMMAND = [sys.executable, "-m", "foveate_server.worker"]
NO_OPERATIONS = "builtins:dict"
SPEC = deterministic_spec()


@pytest.fixture
def worker():
    with subprocess.Popen(COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        yield process
        process.kill()


def _tell(worker, *orders):
    for order in orders:
        worker.stdin.write(encode(order))
    worker.stdin.flush()


def test_it_obeys_until_its_server_is_gone(worker):
    _tell(worker, Launch(SPEC.factory, SPEC.options, NO_OPERATIONS, preload=True), ReleaseMemory())
    assert decode_report(worker.stdout.readline()) == Ready()
    assert decode_report(worker.stdout.readline()) == Released()
    worker.stdin.close()
    assert worker.wait(20) == 0
    assert worker.stdout.read() == b""
    assert worker.stderr.read() == b""


def test_it_ends_where_nobody_launches_it(worker):
    worker.stdin.close()
    assert worker.wait(20) == 0


@pytest.mark.parametrize("first", [b"hello\n", encode(ReleaseMemory()), b'{"RunTask":{}}\n'])
def test_it_ends_where_somebody_else_talks_to_it(worker, first):
    worker.stdin.write(first)
    worker.stdin.flush()
    assert worker.wait(20) == 1
    assert worker.stdout.read() == b""
    assert b"Error" in worker.stderr.read()


def test_it_ends_at_an_order_that_makes_no_sense(worker):
    _tell(worker, Launch(SPEC.factory, SPEC.options, NO_OPERATIONS))
    assert decode_report(worker.stdout.readline()) == Ready()
    worker.stdin.write(b"nonsense\n")
    worker.stdin.flush()
    assert worker.wait(20) == 0
    assert b"an order could not be understood" in worker.stderr.read()


def test_an_engine_that_cannot_be_loaded_ahead_does_not_stop_it(worker):
    _tell(worker, Launch("no_such_module:create", {}, NO_OPERATIONS, preload=True), ReleaseMemory())
    assert decode_report(worker.stdout.readline()) == Ready()
    assert decode_report(worker.stdout.readline()) == Released()


def test_it_does_without_torch_until_an_engine_brings_it():
    code = (
        "import sys, foveate_server.worker.__main__, foveate_server.engines.deterministic.engine;"
        "print(*({'torch', 'onnxruntime'} & set(sys.modules)))"
    )
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, timeout=200)
    assert printed.stdout.strip() == b""
