"""What the server adds to the engine's own work: a refocus as an editor asks for it, over the real websocket."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.diffusion.measuring import Setup, photo
from benchmarks.diffusion.refocus import checkpoints
from benchmarks.local_server import TIMED_SUITE, ArrayDocument, run_job, serving
from benchmarks.report import growing
from benchmarks.timed_engine import TIMES_VARIABLE, take_seconds

from foveate_shared.connection.client import Client
from foveate_shared.wire.protocol import JsonObject

_STEPS = 20  # of a run at full strength
_TINY_STEPS = 4
_STRENGTH = 0.5


def report(setup: Setup) -> Iterator[str]:
    """Yield a table of seconds for the first checkpoint of this run."""
    name, side = checkpoints(setup)[0]
    asked = _parameters(name, _STEPS if setup.full else _TINY_STEPS)
    yield (
        "## Through the server\n\n"
        f"{_STRENGTH} of {asked['num_inference_steps']} guided steps; a document of the native side, without\n"
        f"selection: medians of {setup.repeat} warm jobs. *Job* is from submit until the client holds the checked\n"
        "result, *engine* the part of it that the engine's calls took; previews are sent. *Cancel* is until the\n"
        "server's confirmation.\n\n"
    )
    columns = ["checkpoint", "what", "job, s", "engine, s", "job / engine (smallest)", "first progress, s"]
    yield from growing(columns, _rows(setup, asked, name, side))


def _rows(setup: Setup, asked: JsonObject, name: str, side: int) -> Iterator[list[str]]:
    with tempfile.TemporaryDirectory(prefix="foveate-benchmark-") as folder:
        cache, times = Path(folder) / "models", Path(folder) / "times"
        _add(setup.checkpoints.folder(name), name, cache)
        settings = {"FOVEATE_CACHE_DIR": str(cache), "FOVEATE_DEVICE": setup.device.type, TIMES_VARIABLE: str(times)}
        with serving(TIMED_SUITE, **settings) as client:
            yield _added(client, asked, side, times, setup.repeat)
            yield _cancelled(client, asked, side, setup.repeat)


def _add(folder: Path, name: str, cache: Path) -> None:
    """Add the checkpoint as a person does, to models of this run's own."""
    command = [sys.executable, "-m", "foveate_server", "models", "add", str(folder), "--name", name]
    subprocess.run(command, env={**os.environ, "FOVEATE_CACHE_DIR": str(cache)}, check=True, stdout=sys.stderr)


def _added(client: Client, asked: JsonObject, side: int, times: Path, repeat: int) -> list[str]:
    jobs, engines, starts = [], [], []
    for number in range(repeat + 1):
        timing = run_job(client, ArrayDocument(photo(side, side)), "refocus", asked)
        seconds = take_seconds(times)
        if number:  # the first one loads the checkpoint
            jobs.append(timing.total)
            engines.append(seconds)
            starts.append(timing.first_progress or 0.0)
    ratios = [job / engine for job, engine in zip(jobs, engines, strict=True)]
    ratio = f"**{statistics.median(ratios):.3f}** ({min(ratios):.3f})"
    middles = [f"{statistics.median(values):.3f}" for values in (jobs, engines, starts)]
    return [str(asked["model"]), f"refocus {side} px", *middles[:2], ratio, middles[2]]


def _cancelled(client: Client, asked: JsonObject, side: int, repeat: int) -> list[str]:
    found = []
    for _ in range(repeat):
        document = ArrayDocument(photo(side, side))
        timing = run_job(client, document, "refocus", asked, cancel_when=lambda status: status.fraction > 0.2)
        found += [] if timing.cancel is None else [timing.cancel]
    return [
        str(asked["model"]),
        "cancel, ms",
        f"{1000 * statistics.median(found):.0f} ({1000 * max(found):.0f})",
        "",
        "",
        "",
    ]


def _parameters(name: str, steps: int) -> JsonObject:
    return {
        "model": name,
        "prompt": "a face",
        "negative_prompt": "blurry",
        "strength": _STRENGTH,
        "num_inference_steps": steps,
        "seed": 1,
    }
