"""Signs of life from a thread of its own, while the main one is in something that gives none, such as an import."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread

TELL_SECONDS = 0.5


@contextmanager
def keep_telling(tell: Callable[[], None], seconds: float = TELL_SECONDS) -> Iterator[None]:
    """Call `tell`, from another thread, every so many `seconds` until the block ends."""
    ended = Event()

    def work() -> None:
        while not ended.wait(seconds):
            tell()

    thread = Thread(target=work, name="telling", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
