"""What the status page and the metrics show: filled by the application, without prompts, pixels, paths or tokens."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from foveate_server.entry_points import LeftOut


@dataclass(frozen=True)
class JobStatus:
    """A job that has not ended, or ended a short while ago."""

    job: str
    operation: str
    owner: str  # the name of the token; never the token
    state: str  # as in protocol.JobSummary
    fraction: float = 0.0  # of the whole job, 0 to 1
    stage: str = ""  # a short phrase, such as "restoring"
    position: int | None = None  # 1 is next; only where state is "queued"
    created: float = 0.0  # seconds since the epoch
    seconds_left: float | None = None
    number: int = 0  # the server's own, of all owners' jobs
    client: str = ""  # the client's id, where the reader has the same token: who has both is the job's owner


@dataclass(frozen=True)
class ErrorStatus:
    """An error that some job or the worker ended with."""

    time: float  # seconds since the epoch
    code: str
    message: str
    job: str | None = None


@dataclass(frozen=True)
class ServerStatus:
    """One look at the server."""

    version: str
    started: float  # seconds since the epoch
    device: str = "not used yet"  # such as "cpu: AMD EPYC"
    worker: str = "idle"  # "idle" or "running"
    model: str | None = None  # the one that ran last
    device_memory: int | None = None  # bytes that the worker holds; None where unknown
    device_memory_total: int | None = None  # bytes
    worker_restarts: int = 0
    clients: int = 0  # open connections
    jobs: tuple[JobStatus, ...] = ()  # running ones first, then by position
    errors: tuple[ErrorStatus, ...] = ()  # newest first, a handful
    spool_bytes: int = 0
    spool_quota: int = 0
    job_counts: dict[str, int] = field(default_factory=dict)  # of all kept jobs, by state
    left_out: tuple[LeftOut, ...] = ()  # what installed packages offer, and this server cannot take

    @property
    def is_idle(self) -> bool:
        """Tell whether nobody is there and nothing is to be done; jobs that wait for their client's pixels may wait."""
        return self.clients == 0 and not any(job.state in {"queued", "running"} for job in self.jobs)


StatusSource = Callable[[], ServerStatus]
