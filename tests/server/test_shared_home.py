"""Two machines with one home, as two namespaces of host names, processes and networks on one folder."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest

MACHINE = """
import fcntl, os, socket, struct, sys
name, path = sys.argv[1:]
socket.sethostname(name)
with socket.socket() as any_socket:  # a new network is down: SIOCSIFFLAGS, IFF_UP and IFF_RUNNING
    fcntl.ioctl(any_socket, 0x8914, struct.pack("16sH14x", b"lo", 0x41))
from pathlib import Path
from foveate_shared.connection.client import Client
from foveate_shared.connection.inquiry import Inquiry
from foveate_shared.connection.running_server import find_running_server
from foveate_shared.connection.start_server import find_or_start
from foveate_shared.wire.protocol import Peer
path = Path(path)
find_or_start([sys.executable, "-m", "foveate_server", "serve", "--quiet"], path)
print("started", flush=True)
sys.stdin.readline()
server = find_running_server(path)
with Client(server.address, "test", Peer("test", "1")) as client:
    Inquiry(client).welcome()
print(server.place.host, flush=True)
"""
ALONE = ["unshare", "--pid", "--uts", "--net", "--fork", "--mount-proc", "--kill-child"]  # what is in it ends with it


@pytest.mark.skipif(sys.platform != "linux", reason="namespaces are Linux's")
def test_each_of_two_machines_with_one_home_has_its_own_server(tmp_path: Path):
    if subprocess.run([*ALONE, "true"], capture_output=True, check=False).returncode:
        pytest.skip("this user can make no namespaces")
    environment = {
        **os.environ,
        "FOVEATE_DATA_DIR": str(tmp_path / "data"),
        "FOVEATE_LOG_DIR": str(tmp_path / "log"),
        "FOVEATE_ENGINE": "foveate_server.engines.deterministic.engine:configured_spec",
    }
    path = tmp_path / "run/server.json"
    with ExitStack() as stack:
        machines = {}
        for name in ("studio", "laptop"):  # at once: who comes first has the path, and neither waits for the other
            command = [*ALONE, sys.executable, "-c", MACHINE, name, str(path)]
            machine = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
            )
            machines[name] = stack.enter_context(machine)
            stack.callback(machine.kill)
        for machine in machines.values():
            assert machine.stdout is not None
            assert machine.stdout.readline() == "started\n"
        found = {name: machine.communicate("look\n", timeout=200)[0].strip() for name, machine in machines.items()}
    assert found == {"studio": "studio", "laptop": "laptop"}
    assert {"server.json"} < {each.name for each in (tmp_path / "run").iterdir()}
    assert len(list((tmp_path / "run").glob("server*.json"))) == 2
    assert len(list((tmp_path / "run").glob("server@*.lock"))) == 2
    assert len(list((tmp_path / "data").glob("spool*/jobs.sqlite3"))) == 2
