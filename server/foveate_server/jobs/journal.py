"""Writes what happens, in order, and lets it be told only afterwards."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from foveate_server.spool.database import Change
from foveate_server.spool.store import Spool
from foveate_shared.errors import ResourceError

RETRY_SECONDS = 1.0  # until a full disk is tried again

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _JournalEntry:
    changes: Sequence[Change]
    then: Callable[[], None]
    written: asyncio.Future[None]


class Journal:
    """A queue in front of the database: entries that wait together are written in one transaction.

    Where the disk is full nothing is dropped: the journal waits for room, and all that hangs on it waits with it.
    (Uploads stop long before, see spool.job_files.DISK_RESERVE.)
    """

    def __init__(self, spool: Spool) -> None:
        self._spool = spool
        self._entries: deque[_JournalEntry] = deque()
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to write."""
        self._task = asyncio.create_task(self._run(), name="journal")

    async def stop(self) -> None:
        """Write what waits, and stop. A disk that is full now keeps the rest from being written."""
        if self._task is None:
            return
        if self._entries:
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(asyncio.shield(self._entries[-1].written), 2 * RETRY_SECONDS)
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        self._task = None

    def write(self, changes: Sequence[Change], then: Callable[[], None] = lambda: None) -> asyncio.Future[None]:
        """Queue `changes` for one transaction; `then` is called once they are written, in the order of the calls.

        Without changes it only keeps its place in that order.
        """
        written: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        if not changes and not self._entries:
            then()
            written.set_result(None)
            return written
        self._entries.append(_JournalEntry(changes, then, written))
        self._wake.set()
        return written

    async def write_one_by_one(self, pieces: Iterable[Sequence[Change]]) -> None:
        """Write each of `pieces` in a transaction of its own, and whatever comes meanwhile in between."""
        for piece in pieces:
            await self.write(piece)

    async def _run(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._entries:
                await self._write_batch(list(self._entries))

    async def _write_batch(self, batch: list[_JournalEntry]) -> None:
        changes = [change for entry in batch for change in entry.changes]
        try:
            if changes:
                await self._spool.apply(changes)
        except ResourceError:
            _log.error("the disk is full: jobs wait until there is room")
            await asyncio.sleep(RETRY_SECONDS)
        except Exception as error:
            await self._isolate(batch, error)
        else:
            for entry in batch:
                # Taken out only now, so that what comes meanwhile queues up behind.
                self._entries.popleft()
                _tell(entry)

    async def _isolate(self, batch: list[_JournalEntry], error: Exception) -> None:
        """Let an entry that cannot be written hurt no other one."""
        if len(batch) == 1:
            _log.error("an entry of the journal cannot be written", exc_info=error)
            self._entries.popleft()
            _settle(batch[0], error)
            return
        for entry in batch:
            while self._entries and self._entries[0] is entry:
                await self._write_batch([entry])


def _tell(entry: _JournalEntry) -> None:
    try:
        entry.then()
    except Exception:
        _log.exception("telling of an event failed")
    _settle(entry, None)


def _settle(entry: _JournalEntry, error: Exception | None) -> None:
    if entry.written.done():  # its caller was cancelled
        return
    if error is None:
        entry.written.set_result(None)
    else:
        entry.written.set_exception(error)
        entry.written.exception()  # most callers do not wait: it is logged already
