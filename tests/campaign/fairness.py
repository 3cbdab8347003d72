"""Has small jobs come at random moments while a large one of another owner runs: none may wait for the end of it.

All results must be those of undisturbed runs, to the bit, the large one's, too, which gave way again and again.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from random import Random

import numpy as np

from campaign.jobs import DisturbedJob, Ended, choose
from campaign.real_models import RESTORER
from campaign.server_under_test import ServerUnderTest
from foveate_shared.geometry import Bounds

LARGE = DisturbedJob("upscale", parameters={"scale": 4, "target": "new", "model": RESTORER}, side=1024)
LESS_LARGE = replace(LARGE, side=512)  # for a short run: a few seconds on two cores
LONG_SECONDS = {LARGE: 15.0, LESS_LARGE: 5.0}  # near its end, a large job is not interrupted
MOST_PAUSE = {LARGE: 2.0, LESS_LARGE: 1.0}  # seconds until the next one, at most
SMALL = tuple(
    DisturbedJob("refocus", rect=Bounds(8, 8, side, side), parameters={"model": RESTORER}, side=side + 16)
    for side in (24, 48, 80)
)


@dataclass
class Fairness:
    """What has happened so far."""

    large: int = 0
    small: int = 0
    in_the_midst: int = 0  # of the small ones
    longest: float = 0.0  # seconds that a small one took beside a large one
    losses: list[str] = field(default_factory=list)


class Crossing:
    """A server on which small jobs meet large ones."""

    def __init__(self, server: ServerUnderTest, random: Random, large: DisturbedJob = LARGE) -> None:
        """`large` is LARGE or LESS_LARGE."""
        self._server, self._random, self._large = server, random, large
        self.seen = Fairness()

    def rounds(self, jobs: int) -> Iterator[Fairness]:
        """Run so many small jobs; yield what has happened after each large one."""
        expected = {job: self._run(job, "undisturbed").samples for job in (self._large, *SMALL)}
        with ThreadPoolExecutor(1) as threads:
            while self.seen.small < jobs:
                large = threads.submit(self._run, self._large, "large")
                began, visits = time.monotonic(), 0
                while not large.done() and self.seen.small < jobs:
                    time.sleep(self._random.uniform(0.0, MOST_PAUSE[self._large]))
                    visits += self._visit(expected, large.done)
                self.seen.large += 1
                self._judge("large", large.result(), expected[self._large])
                if not visits and time.monotonic() - began > LONG_SECONDS[self._large]:
                    self.seen.losses.append("nobody came in while a large job ran")
                yield self.seen

    def _visit(self, expected: dict[DisturbedJob, np.ndarray | None], has_ended: Callable[[], bool]) -> bool:
        """Run a small job; return whether it was done before the large one was."""
        job = choose(self._random, SMALL)
        began = time.monotonic()
        ended = self._run(job, "small")
        self._judge("small", ended, expected[job])
        self.seen.small += 1
        if has_ended():
            return False
        self.seen.in_the_midst += 1
        self.seen.longest = max(self.seen.longest, time.monotonic() - began)
        return True

    def _run(self, job: DisturbedJob, owner: str) -> Ended:
        with self._server.client(owner) as client:
            return job.run(client)

    def _judge(self, name: str, ended: Ended, expected: np.ndarray | None) -> None:
        problem = "undisturbed, it fails" if expected is None else ended.problem(expected)
        if problem:
            self.seen.losses.append(f"{name}: {problem}")
