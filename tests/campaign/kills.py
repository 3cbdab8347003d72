"""Kills the server, a worker, the client or the connection at random moments, and looks for what was lost.

A round is one job. While it runs, up to three times something is killed: the server is started again as its users'
editors do it, a client that was killed is followed by `foveate jobs resume`. However it went, the job must end as done,
with the very samples of the undisturbed one, and leave nothing at the server.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random

import numpy as np

from campaign.cut_connections import Connections
from campaign.jobs import DisturbedJob, choose
from campaign.server_under_test import ServerUnderTest
from foveate_server.picture_files.read import read_picture
from foveate_shared.jobs.job_flow import JobState

VICTIMS = ("server", "worker", "client", "connection")
MOST_KILLS = 3  # of a job
# An item that a server's end interrupted three times fails, as it should; of its worker's deaths it survives three.
MOST_OF_A_KIND = {"server": 2}
COMMAND_SECONDS = 300
COMMAND_START_SECONDS = 0.4  # a command's own start, in which nothing is under way yet


@dataclass
class Killing:
    """What has happened so far."""

    kills: Counter[str] = field(default_factory=Counter)
    jobs: int = 0
    losses: list[str] = field(default_factory=list)

    @property
    def spared(self) -> list[str]:
        """Return who has not been killed yet."""
        return [victim for victim in VICTIMS if not self.kills[victim]]


class KillingField:
    """A server whose jobs are disturbed."""

    def __init__(self, server: ServerUnderTest, jobs: tuple[DisturbedJob, ...], random: Random) -> None:
        self._server, self._jobs, self._random = server, jobs, random
        self._undisturbed: dict[DisturbedJob, tuple[np.ndarray, float]] = {}  # samples, seconds
        self._of_commands: dict[DisturbedJob, np.ndarray] = {}  # a file may have another profile than what was saved
        self._files = server.place.folder / "pictures"
        self.seen = Killing()

    def rounds(self, kills: int) -> Iterator[Killing]:
        """Disturb jobs until there were so many kills, each victim's among them; yield what has happened after each."""
        while sum(self.seen.kills.values()) < kills or self.seen.spared:
            self._round()
            yield self.seen

    def _round(self) -> None:
        job = choose(self._random, self._jobs)
        expected, seconds = self._expected(job)
        wanted = self._victims()
        moments = sorted(self._random.uniform(0, 1.3 * seconds) for _ in wanted)
        planned = f"{job.operation} {job.parameters} {list(zip(wanted, moments, strict=True))}"
        try:
            if "client" in wanted:
                problem = self._with_a_killed_command(job, moments[wanted.index("client")])
            else:
                problem = self._with_a_client_of_ours(job, expected, wanted, moments)
        except Exception as error:
            problem = f"{type(error).__name__}: {error}"
        if not self._server.is_alive:
            self._server.start()
        self.seen.jobs += 1
        if not problem and (left := self._server.left_behind()):
            problem = f"left at the server: {', '.join(left)}"
        if problem:
            self.seen.losses.append(f"{planned}: {problem}")

    def _victims(self) -> list[str]:
        """Return who is to be killed during a job: one after the other until all were, so that a few kills do."""
        if spared := self.seen.spared:
            return spared[:1]
        return [self._random.choice(VICTIMS) for _ in range(self._random.randint(1, MOST_KILLS))]

    def _expected(self, job: DisturbedJob) -> tuple[np.ndarray, float]:
        if job not in self._undisturbed:
            for _ in range(2):  # the second one knows how long it takes once all is loaded
                began = time.monotonic()
                with self._server.client("undisturbed") as client:
                    ended = job.run(client)
                if ended.state is not JobState.DONE or ended.samples is None:
                    raise RuntimeError(f"{job.operation} fails undisturbed: {ended.said}")
                self._undisturbed[job] = ended.samples, time.monotonic() - began
        return self._undisturbed[job]

    def _with_a_client_of_ours(
        self, job: DisturbedJob, expected: np.ndarray, wanted: list[str], moments: list[float]
    ) -> str:
        connections = Connections()
        with connections.watched(), self._server.client("disturbed") as client:
            over = threading.Event()
            killer = threading.Thread(target=self._kill_all, args=(wanted, moments, over, connections))
            killer.start()
            try:
                ended = job.run(client)
            finally:
                over.set()
                killer.join()
        return ended.problem(expected)

    def _kill_all(
        self, wanted: list[str], moments: list[float], over: threading.Event, connections: Connections
    ) -> None:
        began, killed = time.monotonic(), Counter[str]()
        for victim, moment in zip(wanted, moments, strict=True):
            if over.wait(max(0.0, began + moment - time.monotonic())):
                break
            if killed[victim] < MOST_OF_A_KIND.get(victim, MOST_KILLS) and self._act(victim, connections):
                killed[victim] += 1
        self.seen.kills += killed

    def _act(self, victim: str, connections: Connections) -> bool:
        if victim == "worker":
            return self._server.kill_worker()
        if victim == "connection":
            return connections.cut()
        self._server.kill()
        self._server.start()
        return True

    def _with_a_killed_command(self, job: DisturbedJob, moment: float) -> str:
        """Kill a command, and get what it began as its user would: by resuming the job, or else by the same command."""
        shutil.rmtree(self._files, ignore_errors=True)
        self._files.mkdir()
        before, after = (self._files / f"{name}{job.suffix}" for name in ("before", "after"))
        command = job.arguments(before, after)
        if job not in self._of_commands:
            self._command(*command)
            self._of_commands[job] = read_picture(after).samples
            after.unlink()
        expected = self._of_commands[job]
        process = self._server.place.start(*command)
        try:
            _, errors = process.communicate(timeout=COMMAND_START_SECONDS + moment)
            if process.returncode:  # by itself
                return f"the command ended with {process.returncode}: {errors[-500:]}"
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            self.seen.kills["client"] += 1
        if not after.exists():
            listed = json.loads(self._command("jobs", "--json"))["jobs"]
            if listed:
                place = command[3 : command.index("--rect") + 2] if "--rect" in command else []
                self._command("jobs", "resume", listed[0]["job"], str(before), str(after), *place, "--quiet")
            else:  # it was killed before there was a job
                self._command(*command)
        for left in json.loads(self._command("jobs", "--json"))["jobs"]:  # killed when it had written all, and not told
            self._command("jobs", "cancel", left["job"], "--quiet")
        samples = read_picture(after).samples
        return "" if np.array_equal(samples, expected) else f"{int((samples != expected).sum())} samples differ"

    def _command(self, *arguments: str) -> str:
        process = self._server.place.start(*arguments)
        output, errors = process.communicate(timeout=COMMAND_SECONDS)
        if process.returncode:
            raise RuntimeError(f"foveate {' '.join(arguments[:2])} ended with {process.returncode}: {errors[-500:]}")
        return output
