"""Wait for something outside this process that tells nobody when it happens."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

PAUSE = 0.05  # seconds between two looks

T = TypeVar("T")


def wait_until(look: Callable[[], T], timeout: float, what: str) -> T:
    """Return the first true value that `look` returns. Fails after `timeout` seconds."""
    __tracebackhide__ = True
    deadline = time.monotonic() + timeout
    while not (found := look()):
        if time.monotonic() >= deadline:
            raise AssertionError(f"{what} did not come within {timeout} s")
        time.sleep(PAUSE)
    return found
