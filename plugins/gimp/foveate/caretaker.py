"""Ends a job whose plug-in was killed: a small process that waits beside the plug-in.

The Cancel button of GIMP's progress bar kills a plug-in after 10 ms, and so does the end of GIMP: too soon to tell the
server anything. The pipe to this process then breaks, and it is this process that cancels the job.
"""

from __future__ import annotations

import contextlib
import subprocess
import sys
import time
from pathlib import Path

DONE = b"done\n"
_PATIENCE = 10.0  # seconds for the server's answer


class Caretaker:
    """The plug-in's end of the pipe. A context manager around jobs: an exception leaves them to be cancelled."""

    def __init__(self, settings_path: Path, *jobs: str) -> None:
        """Start the process, in a session of its own, so that nobody kills it along with the plug-in."""
        entry = Path(__file__).with_name("foveate.py")
        self._process = subprocess.Popen(
            [sys.executable, str(entry), "--caretaker", str(settings_path), *jobs],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def __enter__(self) -> Caretaker:
        return self

    def __exit__(self, failed: object, *_: object) -> None:
        with contextlib.suppress(OSError):  # it was killed
            if not failed:
                self._process.stdin.write(DONE)
            self._process.stdin.close()  # nobody waits for its end: it has nothing more to tell


def main(settings_path: str, *jobs: str) -> int:
    """Wait for the plug-in to end; cancel its jobs where it did not say that all is done. Return the exit status."""
    if sys.stdin.buffer.readline() == DONE:
        return 0
    ended = [end_job(Path(settings_path), job) for job in jobs]
    return 0 if all(ended) else 1


def end_job(settings_path: Path, job: str, patience: float = _PATIENCE) -> bool:
    """Cancel a job at the server that the settings name; return whether the server confirmed it.

    A server that does not run is not started for this.
    """
    from . import _shared as shared  # noqa: PLC0415 - only now: the usual case ends without

    values = shared.settings.load(settings_path)

    def find() -> shared.transport.ServerAddress:
        return values.remote or shared.discovery.find_server(shared.startup.runtime_file(values))

    with shared.client.Client(find, values.client_id, shared.protocol.Peer("foveate-gimp", "caretaker")) as client:
        client.post(shared.protocol.Resume(job))  # so that this connection hears of it
        client.post(shared.protocol.Cancel(job))
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline:
            client.wait(0.1)
            for event in client.poll():
                if getattr(event, "state", None) is shared.client.ConnectionState.REFUSED:
                    return False
                message = getattr(event, "message", None)
                if isinstance(message, (*shared.protocol.FINAL_EVENTS, shared.protocol.Problem)):
                    client.post(shared.protocol.Ack(job))
                    return True
    return False
