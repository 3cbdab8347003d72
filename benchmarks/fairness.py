"""How long a small job waits beside large ones of other owners, and what giving way costs the large one.

    PYTHONPATH=tests python -m benchmarks.fairness [wait] [checkpoint] [cost] [--repeat N]

A server process with the real weights, and a client per owner; what it costs is measured with the engine alone. Prints
Markdown.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event

import numpy as np
import torch
from benchmarks.local_server import REAL, ArrayDocument, Connect, Timing, run_job, serving_owners
from benchmarks.report import header, table
from benchmarks.serving import FAST_MODEL, PHOTO_MODEL, photo

from foveate_server.config.server_config import load_config
from foveate_server.engines.diffusion.quiet_libraries import quiet
from foveate_server.engines.restoration.engine import RestorationEngine
from foveate_server.engines.values import Image, Pinned
from foveate_server.models.adding.from_path import add_path
from foveate_server.models.adding.make_entry import AddOptions
from foveate_server.models.registry import open_registry
from foveate_shared.jobs.job_flow import JobProgress

LARGE, SMALL = 1500, (280, 300)  # pixels: the sides of what is enlarged, and height and width of what is refocused
_PATIENCE = 600.0  # seconds, for a large job to begin
_RENDERED = {"model": "sd15-middle", "num_inference_steps": 4, "strength": 1.0, "seed": 1}  # on 384 x 384 pixels
_VISITS = 4  # small ones in the midst of a large one
_CASES = ((FAST_MODEL, 448), (PHOTO_MODEL, 112))  # a model, and the side of a picture that is large for it


# --- what a small job waits for --------------------------------------------------------------------------------------


def report_wait(options: argparse.Namespace) -> None:
    print("## What a small job waits for\n")
    print(
        f"Large: an upscale of {LARGE} x {LARGE} pixels with x4plus by each of so many owners; one runs,\n"
        f"the others wait with their pixels sent. Small: a refocus of {SMALL[1]} x {SMALL[0]} pixels with x4plus\n"
        f"by another owner, {options.repeat} times, each after the large one had its share. *Waits*: from submit\n"
        "until the client is told that it runs; its pixels are sent and stored on the way. *Takes*: until its\n"
        "result is there, with the large one lying still. Median (largest), seconds.\n"
    )
    rows = []
    for owners in (0, 1, 20):
        with serving_owners(REAL) as connect, large_jobs(connect, owners), connect("small") as client:
            document = ArrayDocument(photo(512, blur=1.5)[: SMALL[0], : SMALL[1]])

            def small(client: object = client, document: ArrayDocument = document) -> Timing:
                return run_job(client, document, "refocus", {"model": PHOTO_MODEL, "strength": 1.0})

            if not owners:
                small()  # starts the engine
            found = []
            for number in range(options.repeat):
                found.append(small())
                if owners and number + 1 < options.repeat:
                    Event().wait(0.6 * found[-1].total)
        waits, totals = [timing.started or 0.0 for timing in found], [timing.total for timing in found]
        rows.append([str(owners), spread(waits, 2), spread(totals), f"{os.getloadavg()[0]:.1f}"])
        print(*rows[-1], sep=" | ", file=sys.stderr)
    print(table(["large jobs under way", "waits, s", "takes, s", "load after"], rows), flush=True)


def report_checkpoint(options: argparse.Namespace) -> None:
    from fakes.full_size import Checkpoints
    from fakes.known_models import registry_with

    print("\n## What a small job waits for beside a checkpoint\n")
    print(
        "Large: a refocus of 384 x 384 pixels with random weights of SD1.5's build: its text encoder and autoencoder,\n"
        "its network with half of the channels; 4 steps, loaded before. Small: a refocus of 48 x 48 pixels with\n"
        "animevideov3 by another owner, again and again, three seconds after the one before. *Waits* as above, of\n"
        "those that began while the large one was under way.\n"
    )
    with TemporaryDirectory(prefix="foveate-fairness-") as folder:
        cache = Path(folder, "cache")
        registry = registry_with(cache, "centerface", FAST_MODEL)
        with quiet():
            made = Checkpoints(Path(folder), torch.device("cpu")).folder(_RENDERED["model"])
            add_path(registry, made, AddOptions(name=_RENDERED["model"]))
        models = {"FOVEATE_CACHE_DIR": str(cache), "FOVEATE_OFFLINE": "1"}
        with serving_owners(REAL, **models) as connect, connect("small") as client:
            large, small = ArrayDocument(photo(384)), ArrayDocument(photo(512)[200:248, 200:248])
            run_job(client, small, "refocus", {"model": FAST_MODEL})  # starts the engine
            run_job(client, large, "refocus", {**_RENDERED, "num_inference_steps": 1})  # loads the checkpoint
            waits: list[float] = []
            with ThreadPoolExecutor(1) as threads, connect("large") as other:
                running = Event()

                def look(status: JobProgress) -> bool:
                    if status.seconds_left is not None:
                        running.set()
                    return False

                began = time.perf_counter()
                job = threads.submit(run_job, other, large, "refocus", _RENDERED, cancel_when=look)
                assert running.wait(_PATIENCE), "no large job runs"
                while not job.done():
                    waits.append(run_job(client, small, "refocus", {"model": FAST_MODEL}).started or 0.0)
                    Event().wait(3.0)
                job.result()
                seconds = time.perf_counter() - began
    columns = ["small jobs", "waits, s", "the large one takes, s", "load after"]
    print(
        table(columns, [[str(len(waits)), spread(waits, 2), f"{seconds:.0f}", f"{os.getloadavg()[0]:.1f}"]]), flush=True
    )


@contextmanager
def large_jobs(connect: Connect, owners: int) -> Iterator[None]:
    """Have so many owners' large jobs under way: one runs, the others wait for their turns."""
    ended, ready = Event(), [Event() for _ in range(owners)]
    parameters = {"model": PHOTO_MODEL, "scale": 4}

    def run(number: int) -> None:
        with connect(f"large-{number}") as client:

            def look(status: JobProgress) -> bool:
                if status.position is not None or status.seconds_left is not None:  # told once it computes
                    ready[number].set()
                return ended.is_set()

            run_job(client, ArrayDocument(photo(LARGE)), "upscale", parameters, cancel_when=look)

    with ThreadPoolExecutor(max(1, owners)) as threads:
        jobs = [threads.submit(run, number) for number in range(owners)]
        try:
            assert all(event.wait(_PATIENCE) for event in ready), "no large job runs"
            yield
        finally:
            ended.set()
            for job in jobs:
                job.result()


# --- what giving way costs -------------------------------------------------------------------------------------------


@dataclass
class VisitedTicker:
    """Lets others in at its `visits`-th chances to give way, and takes the time until each of these chances."""

    visits: dict[int, Callable[[], None]] = field(default_factory=dict)
    chances: int = 0
    seconds: float = 0.0  # of the processor, that the visits took
    longest: float = 0.0  # of the clock, from one chance to the next
    _left: float = field(default_factory=time.perf_counter)

    def check(self) -> None:
        """Never cancelled."""

    def give_way(self) -> bool:
        """See engines.contract.Ticker."""
        if self.chances:  # the first one comes after the weights were loaded
            self.longest = max(self.longest, time.perf_counter() - self._left)
        self.chances += 1
        visit = self.visits.get(self.chances)
        if visit is not None:
            began = time.process_time()
            visit()
            self.seconds += time.process_time() - began
        self._left = time.perf_counter()
        return visit is not None

    def progress(self, stage: str, fraction: float, step: int = 0, steps: int = 0) -> None:
        """Told to nobody."""

    def get_ready(self, stage: str, seconds: float) -> None:
        """Told to nobody."""

    def note(self, text: str) -> None:
        """Told to nobody."""


def report_cost(options: argparse.Namespace) -> None:
    print("\n## What giving way costs the large one\n")
    print(
        f"The engine restores a picture alone, and with {_VISITS} visits in its midst, each of which restores\n"
        f"48 x 48 pixels with the same model; {options.repeat} times in turns, median (largest). *Cost*: the\n"
        "smallest of the processor's times of visited runs, without those of their visits, over the smallest of\n"
        "the undisturbed ones: other programs' load makes times longer, never shorter. *Longest*: seconds of the\n"
        "clock between two chances to give way. The results were compared bit by bit.\n"
    )
    engine = RestorationEngine(open_registry(load_config(environment=os.environ)), torch.device("cpu"))
    rows = [cost(engine, model, side, options.repeat) for model, side in _CASES]
    columns = ["large one", "undisturbed, s of the processor", "visits, s", "cost", "chances to give way", "longest, s"]
    print(table([*columns, "load after"], rows), flush=True)


def cost(engine: RestorationEngine, model: str, side: int, repeat: int) -> list[str]:
    large, small = as_image(photo(side)), as_image(photo(512)[200:248, 200:248])

    def render(image: Image, ticker: VisitedTicker) -> bytes:
        return engine.upscale(image, model, exact=False, pinned=Pinned(), ticker=ticker).image.tobytes()

    first = VisitedTicker()
    expected = render(large, first)  # loads the weights, and counts the chances
    visits = [first.chances * (number + 1) // (_VISITS + 1) for number in range(_VISITS)]
    alone, visited, guests, longest = [], [], [], first.longest
    for _ in range(repeat):
        ticker = VisitedTicker()
        began = time.process_time()
        render(large, ticker)
        alone.append(time.process_time() - began)
        longest = max(longest, ticker.longest)
        ticker = VisitedTicker(dict.fromkeys(visits, lambda: render(small, VisitedTicker()) and None))
        began = time.process_time()
        assert render(large, ticker) == expected, "another result"
        visited.append(time.process_time() - began - ticker.seconds)
        guests.append(ticker.seconds)
    ratio = min(visited) / min(alone) - 1
    cells = [f"{model}, {side} x {side}", spread(alone), spread(guests), f"**{100 * ratio:.1f} %**"]
    return [*cells, str(first.chances), f"{longest:.2f}", f"{os.getloadavg()[0]:.1f}"]


def as_image(pixels: np.ndarray) -> Image:
    return (pixels / np.float32(255)).astype(np.float32)


def spread(found: list[float], digits: int = 1) -> str:
    return f"{statistics.median(found):.{digits}f} ({max(found):.{digits}f})"


def main() -> None:
    reports = {"wait": report_wait, "checkpoint": report_checkpoint, "cost": report_cost}
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", metavar="part", help="wait, checkpoint or cost; all unless named")
    parser.add_argument("--repeat", type=int, default=5)
    options = parser.parse_args()
    if unknown := set(options.parts) - set(reports):
        parser.error(f"there is no part {', '.join(sorted(unknown))}")
    print("# Nobody waits behind a large job\n")
    print(header("fairness", ("torch", "numpy")))
    for name in options.parts or reports:
        reports[name](options)


if __name__ == "__main__":
    main()
