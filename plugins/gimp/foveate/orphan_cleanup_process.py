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
from collections.abc import Sequence
from pathlib import Path

from . import processes

DONE = b"done\n"
WAIT = b"wait\n"
_PATIENCE = 10.0  # seconds for the server's answers


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
        """Tell it that results or finished parts wait for the person: whatever happens now, they are not to be lost."""
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
    """See foveate_shared.editor.end_jobs."""
    from . import _shared as shared  # noqa: PLC0415 - only now: the usual case ends without

    peer = shared.protocol.Peer("foveate-gimp", "caretaker")
    return shared.end_jobs.end_jobs(settings_path, peer, jobs, keep=keep, patience=patience)
