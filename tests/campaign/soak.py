"""Runs job after job on one server and looks whether memory, open files or threads grow, or jobs are left behind."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from statistics import median

import numpy as np

from campaign.jobs import EXACT_JOBS, DisturbedJob, choose
from campaign.server_under_test import ServerUnderTest

CLIENTS = 3
# Growth is that of the last third over the second one: in the first one things are loaded.
LEAST_JOBS = 24  # from which on one file or thread that each job leaves can be told from what jobs happen to hold
MANY_JOBS = 60  # from which on a share can be, too
GROWTH = 1.1
SLACK = {"MB": 4.0, "files": 2.0, "threads": 1.0}
SLACK_OF_FEW = {"MB": 24.0, "files": 4.0, "threads": 4.0}  # without a share: half of a leak of one per job


@dataclass
class Soaking:
    """What has happened so far."""

    jobs: int = 0
    courses: dict[str, list[float]] = field(default_factory=dict)
    losses: list[str] = field(default_factory=list)

    def grown(self) -> list[str]:
        """Return what has grown; nothing where that cannot be told yet."""
        found: list[str] = []
        if self.jobs < LEAST_JOBS:
            return found
        growth, slack = (1.0, SLACK_OF_FEW) if self.jobs < MANY_JOBS else (GROWTH, SLACK)
        for name, course in self.courses.items():
            third = len(course) // 3
            before, after = median(course[third : 2 * third]), median(course[-third:])
            if after > before * growth + slack[name.split()[-1]]:
                found.append(f"{name}: {before:.1f}, then {after:.1f}")
        return found


class Soak:
    """Keeps a server busy."""

    def __init__(self, server: ServerUnderTest, random: Random) -> None:
        self._server, self._random = server, random
        self.seen = Soaking()

    def rounds(self, jobs: int) -> Iterator[Soaking]:
        """Run so many jobs, and as many as it takes to tell growth; yield what has happened after each."""
        jobs = max(jobs, LEAST_JOBS)
        first: dict[DisturbedJob, np.ndarray] = {}  # what each gave when it ran first
        for number in range(jobs):
            job = choose(self._random, EXACT_JOBS)
            with self._server.client(f"client-{number % CLIENTS}") as client:
                ended = job.run(client)
            if ended.samples is not None:
                first.setdefault(job, ended.samples)
            problem = ended.problem(first[job]) if job in first else ended.said or "it made no picture"
            if not problem and (left := self._server.left_behind()):
                problem = f"left at the server: {', '.join(left)}"
            if problem:
                self.seen.losses.append(problem)
            self.seen.jobs += 1
            self._measure()
            if number == jobs - 1:
                self.seen.losses += self.seen.grown()
            yield self.seen

    def _measure(self) -> None:
        pids = {"server": [self._server.pid], "worker": self._server.workers()}
        for name, found in pids.items():
            if found:
                self._note(f"{name} MB", sum(map(_megabytes, found)))
                self._note(f"{name} files", sum(len(list(Path(f"/proc/{pid}/fd").iterdir())) for pid in found))
                self._note(f"{name} threads", sum(len(list(Path(f"/proc/{pid}/task").iterdir())) for pid in found))

    def _note(self, name: str, value: float) -> None:
        self.seen.courses.setdefault(name, []).append(value)


def _megabytes(pid: int) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0.0
