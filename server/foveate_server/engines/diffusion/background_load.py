"""Work that cannot be interrupted, such as reading gigabytes, done beside a thread that stays responsive."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from concurrent.futures import Future, wait
from threading import Thread
from typing import Generic, TypeVar

from foveate_server.engines.contract import Ticker

T = TypeVar("T")
_TICK_SECONDS = 0.1


class Background(Generic[T]):
    """Makes one thing at a time. Who is cancelled while waiting leaves at once; what was begun is kept for later."""

    def __init__(self) -> None:
        self._begun: tuple[Hashable, Future[T]] | None = None  # may still be under way; for the caller's thread alone

    def result(self, key: Hashable, make: Callable[[], T], ticker: Ticker) -> T:
        """Return what `make` returns, or what was begun for the same `key`; raises what it raises.

        Raises CancelledJobError within a tenth of a second.
        """
        if self._begun is not None and self._begun[0] != key:
            self._await(self._begun[1], ticker)  # two at once would need the memory of both
            self._begun = None
        if self._begun is None:
            self._begun = key, _started(make)
        future = self._begun[1]
        self._await(future, ticker)
        self._begun = None
        return future.result()

    def _await(self, future: Future[T], ticker: Ticker) -> None:
        while not wait([future], timeout=_TICK_SECONDS).done:
            ticker.check()


def _started(make: Callable[[], T]) -> Future[T]:
    future: Future[T] = Future()

    def work() -> None:
        try:
            future.set_result(make())
        except BaseException as error:
            future.set_exception(error)

    Thread(target=work, name="loading", daemon=True).start()
    return future
