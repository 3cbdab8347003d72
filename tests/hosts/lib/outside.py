"""A `foveate` in the chroot for what editors run to its end, such as `foveate models add`.

The virtual environment is not in the chroot. So the program there is a script that has us run the real one outside,
and passes on what it says, its end included.
"""

from __future__ import annotations

import json
import os
import socketserver
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import IO

from hosts.lib.chroot import DIES_WITH_US, Chroot, Folder

_SCRIPT = """#!/usr/bin/python3
import json, socket, sys
with socket.create_connection(("127.0.0.1", {port})) as link, link.makefile("rw", encoding="utf-8") as lines:
    print(json.dumps(sys.argv[1:]), file=lines, flush=True)
    for line in lines:
        name, said = json.loads(line)
        if name == "status":
            sys.exit(said)
        print(said, end="", file=getattr(sys, name), flush=True)
sys.exit("the program outside has gone")
"""


class _Outside(socketserver.ThreadingTCPServer):
    daemon_threads = True

    def __init__(self, chroot: Chroot, env: Mapping[str, str]) -> None:
        super().__init__(("127.0.0.1", 0), _Call)
        self.chroot, self.env = chroot, env


class _Call(socketserver.StreamRequestHandler):
    server: _Outside

    def handle(self) -> None:
        self._lock = threading.Lock()
        words = [self._word(word) for word in json.loads(self.rfile.readline())]
        process = subprocess.Popen(
            [*DIES_WITH_US, sys.executable, "-m", "foveate_server", *words],
            env={**os.environ, **self.server.env},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
        )
        assert process.stdout is not None
        assert process.stderr is not None
        streams = {"stdout": process.stdout, "stderr": process.stderr}
        threads = [threading.Thread(target=self._pass_on, args=stream, daemon=True) for stream in streams.items()]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self._tell("status", process.wait())

    def _word(self, word: str) -> str:
        """Return an argument; a path as we see it."""
        return str(self.server.chroot.outside(word)) if word.startswith("/") else word

    def _pass_on(self, name: str, stream: IO[str]) -> None:
        with stream:
            for line in stream:
                self._tell(name, line)

    def _tell(self, name: str, said: object) -> None:
        with self._lock:
            self.wfile.write(json.dumps([name, said]).encode() + b"\n")


@contextmanager
def program_outside(chroot: Chroot, folder: Folder, env: Mapping[str, str]) -> Iterator[str]:
    """Give the path, as the chroot sees it, of a `foveate` that runs outside, with `env` in its environment."""
    with _Outside(chroot, env) as server:
        threading.Thread(target=server.serve_forever, name="outside", daemon=True).start()
        script = folder / "foveate"
        script.outside.write_text(_SCRIPT.replace("{port}", str(server.server_address[1])))
        script.outside.chmod(0o755)
        try:
            yield script.inside
        finally:
            server.shutdown()
