"""Diffusion beside plain diffusers, with the same random weights: python -m benchmarks.diffusion [PART ...].

    python -m benchmarks.diffusion                     all parts, tiny networks unless there is a GPU
    python -m benchmarks.diffusion codec --full        one part at the published sizes
    python -m benchmarks.diffusion --limit 90 --out DIR  at most so many seconds a part; DIR/diffusion-PART.md each

Every part runs in a process of its own, the most telling first; each row is written as soon as it is measured, so that
a part which takes too long leaves those that it has. Checkpoints are built once per run (9 GB on disk at the published
sizes).
"""

from __future__ import annotations

import argparse
import importlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

PARTS = ("refocus", "codec", "canvas", "floor", "latency", "serving")
_PACKAGES = ("torch", "diffusers", "transformers", "numpy")
_SILENCE = {
    "DIFFUSERS_VERBOSITY": "error",
    "TRANSFORMERS_VERBOSITY": "error",
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "PYTHONWARNINGS": "ignore",
}
_ROOT = Path(__file__).parents[2]


def main() -> int:
    options = _options()
    if options.inside:
        for text in _found(options.parts[0], options):
            print(text, end="", flush=True)
        return 0
    with tempfile.TemporaryDirectory(prefix="foveate-benchmark-") as folder:
        checkpoints = options.checkpoints or folder
        failed = [part for part in options.parts or PARTS if not _apart(part, checkpoints, options)]
    if failed:
        print(f"failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"{', '.join(PARTS)}; all of them unless named")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda")
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--full", action="store_true", default=None, help="the published sizes: the default on a GPU")
    size.add_argument("--tiny", action="store_false", dest="full", help="tiny networks: the default on a CPU")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--limit", type=float, default=None, metavar="SECONDS", help="of one part")
    parser.add_argument("--out", type=Path, default=None, metavar="DIR")
    parser.add_argument(
        "--checkpoints", type=Path, default=None, metavar="DIR", help="where they are kept between runs"
    )
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if unknown := set(options.parts) - set(PARTS):
        parser.error(f"there is no part {', '.join(sorted(unknown))}")
    return options


def _apart(part: str, checkpoints: Path | str, options: argparse.Namespace) -> bool:
    """Run one part in a process of its own; return whether it went well."""
    command = [sys.executable, "-m", "benchmarks.diffusion", part, "--inside"]
    command += ["--device", options.device, "--repeat", str(options.repeat), "--checkpoints", str(checkpoints)]
    if options.full is not None:
        command.append("--full" if options.full else "--tiny")
    paths = [str(_ROOT), str(_ROOT / "tests"), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = {**os.environ, **_SILENCE, "PYTHONPATH": os.pathsep.join(paths), "HF_HUB_OFFLINE": "1"}
    environment.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # spinning threads are many times slower on a busy machine
    start = time.monotonic()
    with _written(part, options.out) as file:
        try:
            done = subprocess.run(command, env=environment, stdout=file, check=False, timeout=options.limit)
            ended = "" if done.returncode == 0 else f"exit status {done.returncode}"
        except subprocess.TimeoutExpired:
            ended = f"not done within {options.limit:.0f} s"
        file.seek(0, os.SEEK_END)
        if ended:
            file.write(f"\nThe rest is missing: {ended}.\n".encode())
        file.seek(0)
        print(file.read().decode(), flush=True)
    print(f"{part}: {time.monotonic() - start:.0f} s; {ended or 'done'}", file=sys.stderr, flush=True)
    return not ended


def _written(part: str, out: Path | None) -> IO[bytes]:
    """Return a file for what the part finds: where the options say, else a nameless one."""
    if out is None:
        return tempfile.TemporaryFile()
    out.mkdir(parents=True, exist_ok=True)
    return (out / f"diffusion-{part}.md").open("w+b")


def _found(part: str, options: argparse.Namespace) -> Iterator[str]:
    """Yield what the part finds, in Markdown, bit by bit."""
    from benchmarks.diffusion.measuring import Setup
    from benchmarks.report import header

    from fakes.full_size import Checkpoints
    from foveate_server.engines import device_precision

    device = device_precision.choose_device(options.device)
    full = device.type != "cpu" if options.full is None else options.full
    setup = Setup(device, Checkpoints(options.checkpoints, device), full, options.repeat)
    yield f"# Diffusion: {part}\n\n{header('diffusion', _PACKAGES)}\n{setup.describe()}\n\n"
    yield from importlib.import_module(f"benchmarks.diffusion.{part}").report(setup)


if __name__ == "__main__":
    sys.exit(main())
