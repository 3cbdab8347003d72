"""Which jobs go without their owner's word: after `result_days` of the servers' own running time, or for want of room.

The machine's clock has no part in it: it jumps, and a result that took a night must not be gone for that. Nor does a
result go whose owner was never told of it: where such fill the quota, new jobs are refused.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable

from foveate_server.config.server_config import ServerConfig
from foveate_server.jobs.job import Job
from foveate_server.spool.database import Change, insert_expired, set_running_time
from foveate_server.spool.database_rows import ExpiredRow, Owner
from foveate_server.spool.store import Spool

REMEMBERED = 1000  # expired jobs of all owners, to be listed
ROOM_SHARE = 0.1  # of the quota that shall be free for what comes next

_DAY = 86_400  # seconds
_log = logging.getLogger(__name__)


class RunningTime:
    """For how long servers of one spool have run, over restarts; what a crash did not let be kept only delays."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._before = 0.0  # this server
        self._since = monotonic()

    def go_on(self, before: float) -> None:
        """Take how long earlier servers have run."""
        self._before = before

    def __call__(self) -> float:
        """Return the seconds."""
        return self._before + self._monotonic() - self._since


class Expiry:
    """Decides what goes, and remembers it. The manager carries it out."""

    def __init__(self, config: ServerConfig, spool: Spool, running: RunningTime) -> None:
        self._seconds = config.result_days * _DAY
        self._spool = spool
        self._running = running
        self._expired: list[ExpiredRow] = []  # oldest first

    async def start(self) -> None:
        """Go on with what the spool holds."""
        self._running.go_on(await self._spool.running_time())
        self._expired = await self._spool.expired()

    def of(self, owner: Owner) -> tuple[ExpiredRow, ...]:
        """Return the owner's jobs that expired, oldest first."""
        return tuple(row for row in self._expired if row.owner == owner)

    def due(self, jobs: Iterable[Job]) -> list[Job]:
        """Return the jobs that shall go now; `jobs` are all, oldest first."""
        oldest = self._running() - self._seconds
        idle = [job for job in jobs if job.summary_state not in {"queued", "running"}]
        due = [job for job in idle if job.touched < oldest and not job.is_unseen]
        missing = self._missing_room() - sum(map(self._size, due))
        for job in sorted(idle, key=lambda job: job.touched):
            if missing <= 0:
                break
            if job.ended and job.offered and job not in due:
                due.append(job)
                missing -= self._size(job)
        return due

    def remember(self, job: Job) -> Change:
        """Take that a job goes, and return what keeps that."""
        _log.info("job %s: expired", job.id)
        row = ExpiredRow(job.number, job.owner, job.id, job.submit.operation, job.row.created)
        self._expired = [*self._expired, row][-REMEMBERED:]
        return insert_expired(row, REMEMBERED)

    def keep_time(self) -> Change:
        """Return what keeps the running time."""
        return set_running_time(self._running())

    def _missing_room(self) -> float:
        account = self._spool.account
        return account.used - (1 - ROOM_SHARE) * account.quota

    def _size(self, job: Job) -> int:
        return self._spool.files(job.number).size()
