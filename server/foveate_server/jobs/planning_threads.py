"""Where plans are made: in threads of their own, so that neither a greeting nor a check waits for one.

All threads share one interpreter, in turns of net.run_service.SWITCH_SECONDS. A huge plan takes seconds of it, and
beside six of them even the event loop would wait for its turns; one after the other they end no later. So huge plans
have one thread among them, in which the owners take turns; any other plan begins at once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar
from weakref import WeakValueDictionary

from foveate_server.spool.database_rows import Owner
from foveate_shared.errors import ErrorCode, ServerError

HUGE_AREA = 16_384 * 16_384  # pixels of a region: the plan of a smaller one takes a few hundredths of a second at most

T = TypeVar("T")


class PlanningThreads:
    """Those of one server."""

    def __init__(self, connections: int) -> None:
        """Each of the `connections` carries out one request at a time, so that as many threads are always enough."""
        self._any = ThreadPoolExecutor(connections, thread_name_prefix="foveate-plan")
        self._huge = ThreadPoolExecutor(1, thread_name_prefix="foveate-huge-plan")
        self._stopped = False
        # An owner has one plan in the queue of the huge ones. Kept as long as somebody holds one, or waits for it.
        self._turns: WeakValueDictionary[Owner, asyncio.Lock] = WeakValueDictionary()

    async def run(self, owner: Owner, area: int, plan: Callable[[], T]) -> T:
        """Return what `plan` returns for a region of `area` pixels.

        Raises whatever it raises, and ServerError (shutting_down) where it has not begun when the threads stop.
        """
        if area < HUGE_AREA:
            return await self._run(self._any, plan)
        turn = self._turns.setdefault(owner, asyncio.Lock())
        async with turn:
            return await self._run(self._huge, plan)

    async def _run(self, threads: ThreadPoolExecutor, plan: Callable[[], T]) -> T:
        def begin() -> T:
            self._check_stopped()
            return plan()

        self._check_stopped()
        return await asyncio.get_running_loop().run_in_executor(threads, begin)

    def _check_stopped(self) -> None:
        if self._stopped:
            raise ServerError(
                "The server is shutting down.", code=ErrorCode.SHUTTING_DOWN, remedy="Submit it again once it runs."
            )

    def stop(self) -> None:
        """Begin no more; a plan that is being made goes on, and those that wait are refused."""
        self._stopped = True
        for threads in (self._any, self._huge):
            threads.shutdown(wait=False)  # what waits begins, to say why it does not
