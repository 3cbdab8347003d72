"""Records what each operation takes, part by part, for the tests of progress.

    PYTHONPATH=tests python -m benchmarks.record_progress [NAME ...]

Runs the jobs of tests/fakes/progress_cases.py with the real weights, in float32 and on one thread, and writes
tests/recordings/progress. Seconds are those of the processor: they stay the same on a machine that has other work.
"""

from __future__ import annotations

import argparse
import os
import time

import torch

from fakes.documents import run_job
from fakes.progress_cases import CASES
from fakes.recorded_engine import RECORDINGS, Recording, RecordingEngine
from foveate_server.config.server_config import load_config
from foveate_server.engines.restoration.engine import create
from foveate_shared.wire.protocol import JsonObject


def _record(name: str) -> Recording:
    case = CASES[name]
    options: JsonObject = {
        "models_dir": str(load_config(environment=os.environ).cache_dir),
        "device": "cpu",
        "threads": 1,
    }
    engine = RecordingEngine(create(options), time.process_time)
    run_job(case.document(), engine, case.operation, **case.parameters)
    return engine.recording()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    names = tuple(CASES)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"{', '.join(names)}; all of them unless named")
    wanted = parser.parse_args().names or names
    if unknown := set(wanted) - set(names):
        parser.error(f"there is no recording {', '.join(sorted(unknown))}")
    torch.set_num_threads(1)
    for name in wanted:
        recording = _record(name)
        recording.save(RECORDINGS / f"{name}.json")
        print(f"{name}: {recording.seconds:.1f} s, {len(recording.calls)} calls", flush=True)


if __name__ == "__main__":
    main()
