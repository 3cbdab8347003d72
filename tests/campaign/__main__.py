"""Attacks, kills and wears out real servers for as long as one likes, and counts what was lost.

    PYTHONPATH=tests:. python -m campaign PART [--rounds N] [--minutes M] [--seed S] [--record]

Parts: kills, real-kills (with the real restorer and a tiny checkpoint), frames, attacks, soak, fairness. A round is ten
kills, ten thousand frames, fifty attacks, sixty jobs, or twenty small jobs beside large ones. A part of one will do, as
in CI: then each victim is killed once at least, at one kind of job, each kind of attack comes once, there are as many
jobs as it takes to see that each of them leaves a file or a thread behind (see :mod:`campaign.soak`), and the large
jobs are less large. Exit status 1 where anything was lost. --record adds a line to benchmarks/results/reliability.md.
"""

from __future__ import annotations

import argparse
import math
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from random import Random

from benchmarks.report import RESULTS, cpu_model

from campaign.attacker import Attacker
from campaign.attacks import ATTACKS
from campaign.fairness import LARGE, LESS_LARGE, Crossing
from campaign.frames import Fuzzer
from campaign.jobs import EXACT_JOBS, REAL_JOBS, DisturbedJob, choose
from campaign.kills import VICTIMS, KillingField
from campaign.real_models import SUITE, models_in
from campaign.server_under_test import ServerUnderTest
from campaign.soak import Soak
from fakes.workplace import EXACT

RESULT = RESULTS / "reliability.md"
BRISK = "fakes.engines:brisk"  # some seconds for each of the jobs
PATIENT = {"FOVEATE_RATES_FAILED_LOGINS_PER_MINUTE": "1000000"}  # so that each wrong proof is told that it is wrong
KILLS_OF_A_ROUND = 10
FRAMES_OF_A_ROUND = 10_000
ATTACKS_OF_A_ROUND = 50
JOBS_OF_A_ROUND = 60
VISITS_OF_A_ROUND = 20


@dataclass(frozen=True)
class Report:
    """What a part has done so far."""

    done: str
    losses: tuple[str, ...]


def kills(folder: Path, rounds: float, random: Random) -> Iterator[Report]:
    """Kill whatever works at jobs of the exact engine."""
    with ServerUnderTest(folder, BRISK) as server:
        yield from _killing(EXACT_JOBS, server, rounds, random)


def real_kills(folder: Path, rounds: float, random: Random) -> Iterator[Report]:
    """Kill whatever works at jobs of a real restorer and of a tiny checkpoint."""
    with ServerUnderTest(folder, SUITE, models_in(folder)) as server:
        yield from _killing(REAL_JOBS, server, rounds, random)


def _killing(
    jobs: tuple[DisturbedJob, ...], server: ServerUnderTest, rounds: float, random: Random
) -> Iterator[Report]:
    field = KillingField(server, jobs if rounds >= 1 else (choose(random, jobs),), random)
    for seen in field.rounds(math.ceil(rounds * KILLS_OF_A_ROUND)):
        counts = ", ".join(f"{seen.kills[victim]} of the {victim}" for victim in VICTIMS)
        done = f"{sum(seen.kills.values())} kills ({counts}) in {seen.jobs} jobs"
        yield Report(done, (*seen.losses, *server.complaints()))


def frames(folder: Path, rounds: float, random: Random) -> Iterator[Report]:
    """Send frames that nobody should."""
    with ServerUnderTest(folder, EXACT, PATIENT) as server:
        for seen in Fuzzer(server, random).rounds(math.ceil(rounds * FRAMES_OF_A_ROUND)):
            done = (
                f"{seen.frames} frames ({seen.strangers} without a token, {seen.proofs} of them looked at as proofs) "
                f"over {seen.connections} connections, {seen.jobs} jobs beside"
            )
            yield Report(done, (*seen.losses, *server.complaints()))


def attacks(folder: Path, rounds: float, random: Random) -> Iterator[Report]:
    """Attack the door, and what is behind it."""
    with ServerUnderTest(folder, EXACT, PATIENT) as server:
        for seen in Attacker(server, random).rounds(ATTACKS, math.ceil(rounds * ATTACKS_OF_A_ROUND)):
            done = f"{seen.attacks.total()} attacks of {len(seen.attacks)} kinds"
            yield Report(done, (*seen.losses, *server.complaints()))


def soak(folder: Path, rounds: float, random: Random) -> Iterator[Report]:
    """Keep a server busy."""
    with ServerUnderTest(folder, EXACT) as server:
        for seen in Soak(server, random).rounds(math.ceil(rounds * JOBS_OF_A_ROUND)):
            last = ", ".join(f"{name} {course[-1]:.0f}" for name, course in seen.courses.items())
            yield Report(f"{seen.jobs} jobs; at the end: {last}", (*seen.losses, *server.complaints()))


def fairness(folder: Path, rounds: float, random: Random) -> Iterator[Report]:
    """Let small jobs meet large ones."""
    with ServerUnderTest(folder, SUITE, models_in(folder)) as server:
        large = LARGE if rounds >= 1 else LESS_LARGE
        for seen in Crossing(server, random, large).rounds(math.ceil(rounds * VISITS_OF_A_ROUND)):
            done = (
                f"{seen.small} small jobs beside {seen.large} large ones, {seen.in_the_midst} done in their midst, "
                f"after {seen.longest:.1f} s at most"
            )
            yield Report(done, (*seen.losses, *server.complaints()))


PARTS = {
    "kills": kills,
    "real-kills": real_kills,
    "frames": frames,
    "attacks": attacks,
    "soak": soak,
    "fairness": fairness,
}


def main() -> int:
    """Run a part; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("part", choices=PARTS)
    parser.add_argument("--rounds", type=float, default=1)
    parser.add_argument("--minutes", type=float, default=math.inf, help="end then, if not before")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(2**31))
    parser.add_argument("--record", action="store_true")
    options = parser.parse_args()
    began, report = time.monotonic(), Report("nothing", ())
    told = 0  # losses
    sys.stdout.write(f"{options.part}: seed {options.seed}\n")
    with tempfile.TemporaryDirectory(prefix="foveate-campaign-") as folder:
        for report in PARTS[options.part](Path(folder), options.rounds, Random(options.seed)):
            sys.stdout.write("".join(f"lost: {loss}\n" for loss in report.losses[told:]))
            told = len(report.losses)
            sys.stdout.write(f"{report.done}, {told} lost\n")
            sys.stdout.flush()
            if time.monotonic() > began + 60 * options.minutes:
                break
    if options.record:
        _record(options.part, options.seed, report, time.monotonic() - began)
    return bool(report.losses)


def _record(part: str, seed: int, report: Report, seconds: float) -> None:
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=True).stdout
    cells = (
        f"{datetime.now(timezone.utc):%Y-%m-%d %H:%M}", commit.strip(), part, str(seed), report.done,
        f"{seconds / 60:.0f} min", str(len(report.losses)), cpu_model(),
    )  # fmt: skip
    with RESULT.open("a", encoding="utf-8") as file:
        file.write(f"| {' | '.join(cells)} |\n")


if __name__ == "__main__":
    sys.exit(main())
