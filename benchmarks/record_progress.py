"""Records what each operation takes, part by part, for the tests of progress.

    PYTHONPATH=tests python -m benchmarks.record_progress [NAME ...]

Runs the jobs of tests/fakes/progress_cases.py with the real weights, those with a checkpoint with random ones in its
published size, in float32 and on one thread, and writes tests/recordings/progress. Each job runs in a process of its
own, from before torch is imported. Seconds are those of the processor: they stay the same on a machine that has other
work. The checkpoint is built once, in the cache's folder `full-size`.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from typing import Any

from fakes.documents import run_job
from fakes.progress_cases import CASES, SIDES
from fakes.recorded_engine import RECORDINGS, Recording, RecordingEngine
from foveate_server.config.server_config import load_config


def _record(name: str) -> Recording:
    case = CASES[name]
    began = time.process_time()
    engine = _engine(batches=case.batches)
    recorder = RecordingEngine(engine, time.process_time)
    starting = time.process_time() - began
    run_job(case.document(), recorder, case.operation, **case.parameters)
    return recorder.recording(starting)


def _engine(*, batches: bool) -> Any:
    """Return the suite's engine, whose checkpoints are those of fakes.full_size."""
    import torch

    from foveate_server.engines.combined import SuiteEngine
    from foveate_server.engines.detection.detectors import Detectors
    from foveate_server.engines.restoration.engine import RestorationEngine
    from foveate_server.engines.safety_scores import Judge
    from foveate_server.models.registry import open_registry

    torch.set_num_threads(1)
    config, cpu = load_config(environment=os.environ), torch.device("cpu")
    registry = open_registry(config)

    def create_diffusion() -> Any:
        from fakes.full_size import Checkpoints
        from foveate_server.engines.diffusion.engine import DiffusionEngine

        library = Checkpoints(config.cache_dir / "full-size", cpu, SIDES)
        return DiffusionEngine(library, cpu, threads=1, batches=batches)

    restoration = RestorationEngine(registry, cpu, threads=1)
    return SuiteEngine(restoration, create_diffusion, Detectors.of(registry, 1), Judge(registry, "off", 1))


def _build(name: str) -> None:
    """Build a checkpoint, so that no recording holds the time that this takes."""
    import torch

    from fakes.full_size import Checkpoints

    Checkpoints(load_config(environment=os.environ).cache_dir / "full-size", torch.device("cpu")).folder(name)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    names = tuple(CASES)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"{', '.join(names)}; all of them unless named")
    parser.add_argument("--here", action="store_true", help="in this process, whose imports are not recorded")
    options = parser.parse_args()
    wanted = options.names or names
    if unknown := set(wanted) - set(names):
        parser.error(f"there is no recording {', '.join(sorted(unknown))}")
    for name in wanted:
        if not options.here:
            subprocess.run([sys.executable, "-m", "benchmarks.record_progress", "--here", name], check=True)
            continue
        if checkpoint := CASES[name].checkpoint:
            subprocess.run(
                [sys.executable, "-c", f"from {__spec__.name} import _build; _build({checkpoint!r})"], check=True
            )
        recording = _record(name)
        recording.save(RECORDINGS / f"{name}.json")
        print(f"{name}: {recording.seconds:.1f} s, {len(recording.calls)} calls", flush=True)


if __name__ == "__main__":
    main()
