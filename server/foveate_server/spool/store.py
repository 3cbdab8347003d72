"""The spool as the event loop sees it: one folder, locked, with a database and files behind threads."""

from __future__ import annotations

import asyncio
import os
import shutil
import uuid
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from foveate_server.spool.database import Change, Database, delete_unaccepted, put_window
from foveate_server.spool.database_rows import ExpiredRow, ItemRow, JobRow, StoredEvent, WindowRow
from foveate_server.spool.host_folder import take_folder
from foveate_server.spool.job_files import Account, JobFiles, Upload
from foveate_shared.errors import ServerError

Result = TypeVar("Result")


@dataclass(frozen=True)
class StoredJob:
    """All that is stored of a job, apart from its events."""

    row: JobRow
    items: list[ItemRow]
    windows: list[WindowRow]
    result: list[StoredEvent]  # those events that are parts of it


class Spool:
    """Jobs on disk. Database work happens in one thread, in the order in which it was asked for; file work in a few."""

    def __init__(self, folder: Path, quota: int) -> None:
        """Take `folder`, or this host's own beside it.

        Raises ServerError where another server has it, or it cannot be used.
        """
        try:
            folder, self._lock = take_folder(folder)
        except OSError as error:
            raise ServerError(
                "The job store {path} cannot be used: {reason}.",
                remedy="Make the folder writable, or give the server another data folder (FOVEATE_DATA_DIR).",
                path=folder,
                reason=error.strerror,
            ) from error
        self._folder = folder
        self.account = Account(folder, quota)
        try:
            shutil.rmtree(folder / "uploads", ignore_errors=True)
            (folder / "uploads").mkdir(mode=0o700)
            self._database = Database(folder / "jobs.sqlite3")
            os.chmod(folder / "jobs.sqlite3", 0o600)  # noqa: PTH101 - the folder is closed already; twice is safe
        except BaseException:
            self._lock.release()
            raise
        self._database_thread = ThreadPoolExecutor(1, thread_name_prefix="spool-database")
        self._file_threads = ThreadPoolExecutor(4, thread_name_prefix="spool-files")

    def close(self) -> None:
        """Let running work end, and give the folder back."""
        self._file_threads.shutdown()
        self._database_thread.shutdown()
        self._database.close()
        self._lock.release()

    async def in_files_thread(self, work: Callable[..., Result], *arguments: object) -> Result:
        """Do file work off the event loop."""
        return await asyncio.get_running_loop().run_in_executor(self._file_threads, work, *arguments)

    async def apply(self, changes: Sequence[Change]) -> None:
        """Carry out all changes, or none. Raises ResourceError (storage_full) where the disk is full."""
        await self._in_database_thread(self._database.apply, changes)

    async def events(self, number: int, since: int, limit: int) -> list[StoredEvent]:
        """Return a job's lasting events after number `since`, at most `limit`, with whole paths."""
        found = await self._in_database_thread(self._database.events, number, since, limit)
        folder = self.files(number).folder
        return [replace(event, files=tuple(folder / path for path in event.files)) for event in found]

    async def next_number(self) -> int:
        """Return the first number that no job had."""
        return await self._in_database_thread(self._database.next_number)

    async def running_time(self) -> float:
        """Return for how many seconds servers have run with this spool, as far as it was kept."""
        return await self._in_database_thread(self._database.running_time)

    async def expired(self) -> list[ExpiredRow]:
        """Return the jobs that expired, oldest first."""
        return await self._in_database_thread(self._database.expired)

    async def recover(self) -> list[StoredJob]:
        """Return all jobs after a start, oldest first, and delete files that no row names."""
        return await self._in_database_thread(self._recover)

    def files(self, number: int) -> JobFiles:
        """Return a job's folder."""
        return JobFiles(self._jobs / str(number), self.account)

    def open_upload(self, size: int) -> Upload:
        """Return a file for a blob of `size` bytes. Raises ResourceError (storage_full) where there is no room."""
        return Upload(self._folder / "uploads" / uuid.uuid4().hex, size, self.account)

    @property
    def _jobs(self) -> Path:
        return self._folder / "jobs"

    async def _in_database_thread(self, work: Callable[..., Result], *arguments: object) -> Result:
        return await asyncio.get_running_loop().run_in_executor(self._database_thread, work, *arguments)

    def _recover(self) -> list[StoredJob]:
        self._jobs.mkdir(mode=0o700, exist_ok=True)
        self._database.apply([delete_unaccepted()])
        stored = [self._recover_job(row) for row in self._database.jobs()]
        known = {str(job.row.number) for job in stored}
        for folder in self._jobs.iterdir():
            if folder.name not in known:
                shutil.rmtree(folder)
        return stored

    def _recover_job(self, row: JobRow) -> StoredJob:
        files = self.files(row.number)
        result = self._database.result(row.number)
        windows = [self._checked(row.number, window) for window in self._database.windows(row.number)]
        paths = [path for part in result for path in part.files]
        files.remove_orphans([window for window in windows if not window.wiped], paths)
        self.account.add(files.size())
        return StoredJob(row, self._database.items(row.number), windows, result)

    def _checked(self, number: int, window: WindowRow) -> WindowRow:
        """Return the row of a window, marked as wiped where its files are not complete (after a power cut)."""
        if window.wiped or self.files(number).has_window(window):
            return window
        wiped = replace(window, wiped=True)
        self._database.apply([put_window(number, wiped)])
        return wiped
