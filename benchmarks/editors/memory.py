"""How much memory an editor and its plug-in took at most, by what Linux tells of processes."""

from __future__ import annotations

import threading
from pathlib import Path

from benchmarks.editors.editor import new_processes

PAUSE = 0.01  # seconds between two looks at processes that may end
_FORGET_PEAK = "5"  # proc(5), clear_refs: the peak becomes what is resident now


class Peaks:
    """Looks at an editor's process, and at those that it starts, while the block lasts. A context manager."""

    def __init__(self, process: int) -> None:
        self._process = process
        self._before = new_processes(process, ())
        self._started: dict[int, int] = {}  # peak in kB by process, of those that were started meanwhile
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self.before = self.editor = self.plugin = 0  # MB: the editor at rest, its peak, and the plug-in's processes'

    def __enter__(self) -> Peaks:
        Path(f"/proc/{self._process}/clear_refs").write_text(_FORGET_PEAK)
        self.before = _megabytes(_status(self._process, "VmRSS"))
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closed.set()
        self._thread.join()
        self.editor = _megabytes(_status(self._process, "VmHWM"))
        self.plugin = _megabytes(sum(self._started.values()))

    def _watch(self) -> None:
        while not self._closed.wait(PAUSE):
            for child in new_processes(self._process, self._before):
                if peak := _status(child, "VmHWM"):  # the newest: at first, a process still shares its parent's memory
                    self._started[child] = peak


def _status(process: int, name: str) -> int:
    """Return a value of kB in the status of a process; 0 where it has ended."""
    try:
        lines = Path(f"/proc/{process}/status").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith(f"{name}:")), 0)


def _megabytes(kilobytes: int) -> int:
    return round(kilobytes * 1024 / 1e6)
