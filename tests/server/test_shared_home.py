"""Two machines with one home, as two namespaces of host names, processes and networks on one folder."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest

from foveate_shared.connection.process_place import MACHINE_ID

MACHINE = """
import fcntl, os, socket, struct, subprocess, sys
name, machine, path = sys.argv[1:]
socket.sethostname(name)
if os.path.exists("/etc/machine-id"):
    subprocess.run(["mount", "--bind", machine, "/etc/machine-id"], check=True)
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
print(server.place.host, server.machine, flush=True)
"""
ALONE = [
    "unshare",
    "--pid",
    "--uts",
    "--net",
    "--mount",
    "--fork",
    "--mount-proc",
    "--kill-child",
]  # what is in it ends with it


@pytest.mark.parametrize("names", [("studio", "laptop"), ("localhost", "localhost")])
@pytest.mark.skipif(sys.platform != "linux", reason="namespaces are Linux's")
def test_each_of_two_machines_with_one_home_has_its_own_server(tmp_path: Path, names: tuple[str, str]):
    if subprocess.run([*ALONE, "true"], capture_output=True, check=False).returncode:
        pytest.skip("this user can make no namespaces")
    if len(set(names)) == 1 and not MACHINE_ID.exists():
        pytest.skip("this system gives machines no ids")
    environment = {
        **os.environ,
        "FOVEATE_DATA_DIR": str(tmp_path / "data"),
        "FOVEATE_LOG_DIR": str(tmp_path / "log"),
        "FOVEATE_ENGINE": "foveate_server.engines.deterministic.engine:configured_spec",
    }
    path = tmp_path / "run/server.json"
    with ExitStack() as stack:
        machines = []
        for number, name in enumerate(names):  # at once: who comes first has the path, and neither waits for the other
            machine_id = tmp_path / f"machine-id-{number}"
            machine_id.write_text(f"{number}" * 32 + "\n")
            command = [*ALONE, sys.executable, "-c", MACHINE, name, str(machine_id), str(path)]
            machine = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
            )
            machines.append(stack.enter_context(machine))
            stack.callback(machine.kill)
        for machine in machines:
            assert machine.stdout is not None
            assert machine.stdout.readline() == "started\n"
        found = [machine.communicate("look\n", timeout=200)[0].split() for machine in machines]
    assert tuple(name for name, _ in found) == names
    assert len({key for _, key in found}) == 2
    assert {"server.json"} < {each.name for each in (tmp_path / "run").iterdir()}
    assert len(list((tmp_path / "run").glob("server*.json"))) == 2
    assert len(list((tmp_path / "run").glob("server@*.lock"))) == 2
    assert len(list((tmp_path / "data").glob("spool*/jobs.sqlite3"))) == 2
