"""Work that cannot be interrupted, such as reading gigabytes, done beside a thread that stays responsive."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from concurrent.futures import Future, wait
from dataclasses import dataclass
from threading import Thread
from typing import Generic, Protocol, TypeVar

from foveate_server.engines.contract import Ticker

T = TypeVar("T")
_TICK_SECONDS = 0.1


class SignsOfLife(Protocol):
    """As much of a ticker as who waits needs."""

    def check(self) -> None:
        """See engines.contract.Ticker."""


class Background(Generic[T]):
    """Makes one thing at a time. Who is cancelled while waiting leaves at once; what was begun is kept for later."""

    def __init__(self) -> None:
        self._begun: tuple[Hashable, Future[T]] | None = None  # may still be under way; for the caller's thread alone

    def result(self, key: Hashable, make: Callable[[], T], ticker: SignsOfLife) -> T:
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

    def _await(self, future: Future[T], ticker: SignsOfLife) -> None:
        while not wait([future], timeout=_TICK_SECONDS).done:
            ticker.check()


@dataclass(frozen=True)
class Waiting:
    """A ticker for who waits: each sign of life says at what stage the wait is."""

    whole: Ticker
    stage: str

    def check(self) -> None:
        """See engines.contract.Ticker."""
        self.whole.progress(self.stage, 0.0)


def _started(make: Callable[[], T]) -> Future[T]:
    future: Future[T] = Future()

    def work() -> None:
        try:
            future.set_result(make())
        except BaseException as error:
            future.set_exception(error)

    Thread(target=work, name="loading", daemon=True).start()
    return future
