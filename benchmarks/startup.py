"""How long things take to start: commands, the server, its engine, a checkpoint's library; and what collecting costs.

    python -m benchmarks.startup --rounds 7

Each is a process of its own, and the median of the rounds is told. The floor is Python itself. "Collecting" imports the
same with the garbage collector at work, side by side: what `foveate_server.lasting_imports` spares. Results are printed
as Markdown.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from benchmarks.local_server import DETERMINISTIC, serving
from benchmarks.report import header, table

_PACKAGES = ("torch", "diffusers", "transformers", "numpy")
_IMPORTS = {
    "the command line": "import foveate_server.cli.main",
    "the server's code": "import foveate_server.app",
    "the engine's (torch)": "import foveate_server.engines.combined",
    "a checkpoint's (diffusers)": "import diffusers; diffusers.StableDiffusionPipeline",
}


@dataclass(frozen=True)
class Cost:
    """What one start took, in seconds."""

    wall: float
    processor: float


def of(start: Callable[[], None]) -> Cost:
    """Run `start`, which waits for the processes that it begins."""
    before, began = _spent(), time.monotonic()
    start()
    return Cost(time.monotonic() - began, _spent() - before)


def _spent() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def python(code: str) -> None:
    """Run some Python, without what it prints."""
    subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def server() -> None:
    """Start a server, connect to it, and end it."""
    with serving(DETERMINISTIC):
        pass


def median(costs: list[Cost]) -> Cost:
    """Return the medians of several."""
    return Cost(*(statistics.median(getattr(cost, name) for cost in costs) for name in ("wall", "processor")))


def side_by_side(rounds: int, *starts: Callable[[], None]) -> list[Cost]:
    """Return the medians of starts that take turns, after one round that does not count: files are cached then."""
    for start in starts:
        start()
    taken = [[of(start) for start in starts] for _ in range(rounds)]
    return [median([costs[place] for costs in taken]) for place in range(len(starts))]


def import_rows(rounds: int) -> list[list[str]]:
    """Return a row for each library: resting, collecting, and their ratio."""
    rows = []
    for name, code in _IMPORTS.items():
        some = side_by_side(rounds, partial(python, f"import gc; gc.disable(); {code}"), partial(python, code))
        cells = [f"{cost.wall:.2f} s ({cost.processor:.2f} s)" for cost in some]
        rows.append([name, *cells, f"{some[0].processor / some[1].processor:.2f}"])
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    rounds = parser.parse_args().rounds
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    print("## What starting takes\n")
    print(header("startup", _PACKAGES))
    nothing, ready = side_by_side(rounds, lambda: python("pass"), server)
    starts = {"Python alone, the floor": nothing, "a server, until a client is connected, and its end": ready}
    rows = [[name, f"{cost.wall:.2f} s", f"{cost.processor:.2f} s"] for name, cost in starts.items()]
    print(table(("start", "time", "of the processor"), rows))
    columns = ("import", "the collector rests (of the processor)", "it collects", "ratio of the processor's")
    print(table(columns, import_rows(rounds)))


if __name__ == "__main__":
    main()
