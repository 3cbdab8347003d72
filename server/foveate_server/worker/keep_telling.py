"""Signs of life from a thread of its own, while the main one is in something that gives none, such as an import."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread

TELL_SECONDS = 0.5
MOST_TIMES = 1200  # ten minutes: who hangs for longer must be found out by whoever waits for signs of life


@contextmanager
def keep_telling(tell: Callable[[], None], seconds: float = TELL_SECONDS, most: int = MOST_TIMES) -> Iterator[None]:
    """Call `tell`, from another thread, every so many `seconds` until the block ends, but no more than `most` times."""
    ended = Event()

    def work() -> None:
        for _ in range(most):
            if ended.wait(seconds):
                return
            tell()

    thread = Thread(target=work, name="telling", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
