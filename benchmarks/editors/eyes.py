"""Watches a part of a screen by its memory, to tell when it showed something new."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

PAUSE = 0.002  # seconds between two looks
STRIDE = 4  # pixels: only each fourth one of each fourth row is looked at
_HEADER_WORDS = 25  # of the X window dump format, version 7: big-endian, 32 bits each
_HEADER_SIZE, _WIDTH, _HEIGHT, _ROW_BYTES, _COLORS = 0, 4, 5, 12, 19  # where they stand in the header
_COLOR_BYTES = 12


def screen_memory(path: Path) -> NDArray[np.uint8]:
    """Return the screen that Xvfb keeps in a file, as (height, width, 4); it changes as the screen does."""
    header = np.fromfile(path, ">u4", _HEADER_WORDS)
    start = int(header[_HEADER_SIZE]) + int(header[_COLORS]) * _COLOR_BYTES
    rows, row_bytes = int(header[_HEIGHT]), int(header[_ROW_BYTES])
    whole = np.memmap(path, np.uint8, "r", start, (rows, row_bytes // 4, 4))
    return whole[:, : int(header[_WIDTH])]


class Eyes:
    """Looks at a box of the screen while the block lasts. A context manager."""

    def __init__(self, screen: NDArray[np.uint8], box: tuple[int, int, int, int]) -> None:
        """`box`: x, y, width, height in pixels of the screen."""
        x, y, width, height = box
        self._part = screen[y : y + height : STRIDE, x : x + width : STRIDE]
        self._seen = [(time.monotonic(), self._part.copy())]
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Eyes:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closed.set()
        self._thread.join()

    def wait_until_still(self, seconds: float = 0.5, timeout: float = 30.0) -> None:
        """Wait until nothing new was shown for some time. Fails after `timeout` seconds."""
        deadline = time.monotonic() + timeout
        begun = time.monotonic()
        while time.monotonic() - max(begun, self._seen[-1][0]) < seconds:
            assert time.monotonic() < deadline, "the screen does not come to rest"
            time.sleep(PAUSE)

    @property
    def has_changed(self) -> bool:
        """Tell whether the box shows something else than in the beginning."""
        return not np.array_equal(self._seen[0][1], self._seen[-1][1])

    @property
    def settled(self) -> float:
        """Return when it showed for the first time what it shows now, in seconds of time.monotonic()."""
        assert self.has_changed, "nothing new was shown"
        return self._seen[-1][0]

    def _watch(self) -> None:
        while not self._closed.wait(PAUSE):
            now = self._part.copy()
            if not np.array_equal(now, self._seen[-1][1]):
                self._seen.append((time.monotonic(), now))
