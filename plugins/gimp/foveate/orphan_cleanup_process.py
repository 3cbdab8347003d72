"""Ends the jobs of a plug-in that was killed: a small process that waits beside the plug-in.

The Cancel button of GIMP's progress bar kills a plug-in after 10 ms, and so does the end of GIMP: too soon to tell the
server anything. The pipe to this process then breaks, and it is this process that cancels what still runs. A complete
result that a person may have wanted is not lost: the server keeps it, and this process notes that it waits.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from . import processes

DONE = b"done\n"
WAIT = b"wait\n"
_PATIENCE = 10.0  # seconds for the server's answers
_ENDED = ("done", "failed", "cancelled")  # states of jobs


class Caretaker:
    """The plug-in's end of the pipe. A context manager around jobs: an exception leaves them to be ended."""

    def __init__(self, settings_path: Path, *jobs: str) -> None:
        """Start the process, in a session of its own, so that nobody kills it along with the plug-in."""
        entry = Path(__file__).with_name("foveate.py")
        self._process = subprocess.Popen(
            [sys.executable, str(entry), "--caretaker", str(settings_path), str(os.getppid()), *jobs],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def __enter__(self) -> Caretaker:
        return self

    def __exit__(self, failed: object, *_: object) -> None:
        if not failed:
            self._say(DONE)
        with contextlib.suppress(OSError):  # it was killed
            self._process.stdin.close()  # nobody waits for its end: it has nothing more to tell

    def results_wait(self) -> None:
        """Tell it that complete results wait for the person: whatever happens now, they are not to be lost."""
        self._say(WAIT)

    def _say(self, words: bytes) -> None:
        with contextlib.suppress(OSError):
            self._process.stdin.write(words)
            self._process.stdin.flush()


def main(settings_path: str, gimp: str, *jobs: str) -> int:
    """Wait for the plug-in to end; end its jobs where it did not say that all is done. Return the exit status.

    `gimp` is the process that the plug-in belongs to. Where it still runs, and no result waited for the person, it was
    its Cancel button: nothing of the jobs is left then.
    """
    said = set()
    for line in iter(sys.stdin.buffer.readline, b""):
        said.add(line)
    if DONE in said:
        return 0
    keep = WAIT in said or not processes.CAN_TELL or not processes.is_alive(int(gimp))
    return 0 if end_jobs(Path(settings_path), jobs, keep=keep) else 1


def end_jobs(settings_path: Path, jobs: Sequence[str], *, keep: bool, patience: float = _PATIENCE) -> bool:
    """Cancel jobs at the server that the settings name; return whether it has confirmed that for all.

    With `keep`, those that are done stay there, and their records say so. A server that does not run is not started
    for this.
    """
    from . import _shared as shared  # noqa: PLC0415 - only now: the usual case ends without

    values = shared.settings.load(settings_path)

    def find() -> shared.websocket.ServerAddress:
        return values.remote or shared.running_server.find_server(shared.open_connection.runtime_file(values))

    with shared.client.Client(find, values.client_id, shared.protocol.Peer("foveate-gimp", "caretaker")) as client:
        ending = _Ending(client, settings_path, jobs, keep=keep)
        for message in _messages(client, time.monotonic() + patience):
            ending.take(message)
            if ending.is_complete:
                return True
    return False


def _messages(client: object, deadline: float) -> Iterator[object]:
    """Yield what the server says, until the deadline or until it refuses."""
    from . import _shared as shared  # noqa: PLC0415 - as above

    while time.monotonic() < deadline:
        client.wait(0.1)
        for event in client.poll():
            if getattr(event, "state", None) is shared.client.ConnectionState.REFUSED:
                return
            if (message := getattr(event, "message", None)) is not None:
                yield message


class _Ending:
    """What has become of each job."""

    def __init__(self, client: object, settings_path: Path, jobs: Sequence[str], *, keep: bool) -> None:
        from . import _shared as shared  # noqa: PLC0415 - as above
        from . import running_job_files  # noqa: PLC0415 - as above

        self._protocol, self._records = shared.protocol, running_job_files
        self._client = client
        self._folder = running_job_files.folder_of(settings_path)
        self._open = set(jobs)
        self._keep = keep

    @property
    def is_complete(self) -> bool:
        """Tell whether all have ended."""
        return not self._open

    def take(self, message: object) -> None:
        """Take what the server says."""
        protocol = self._protocol
        if isinstance(message, protocol.Welcome):
            self._client.list_jobs()
        elif isinstance(message, protocol.Jobs):
            self._look_at({summary.job: summary for summary in message.jobs})
        elif isinstance(message, (*protocol.FINAL_EVENTS, protocol.Problem)) and message.job in self._open:
            self._end(message.job, is_done=isinstance(message, protocol.Done))

    def _look_at(self, listed: dict[str, object]) -> None:
        for job in list(self._open):
            summary = listed.get(job)
            if summary is not None and summary.state in _ENDED:
                self._end(job, is_done=summary.state == "done")
                continue
            if summary is not None:  # so that this connection hears of it, and of no more than that
                self._client.post(self._protocol.Resume(job, summary.seq))
            self._client.post(self._protocol.Cancel(job))

    def _end(self, job: str, *, is_done: bool) -> None:
        self._open.discard(job)
        if is_done and self._keep:
            self._records.mark_left(self._folder, job)
            return
        self._client.post(self._protocol.Ack(job))
        self._records.forget(self._folder, job)
