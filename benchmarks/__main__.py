"""All benchmarks, one after the other, each in a process of its own: python -m benchmarks [NAME ...].

What a benchmark prints, if it does not write its results itself, becomes benchmarks/results/NAME.new.md: beside the
committed results, to be compared with them and put in their place.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path

from benchmarks.report import RESULTS

_ROOT = Path(__file__).parents[1]
# The arguments of each run. Those that are not among the printing ones write their own results.
_RUNS: dict[str, list[list[str]]] = {
    "blur": [[]],
    "diffusion": [[]],
    "door": [[]],
    "editors": [[]],
    "fairness": [[]],
    "halo": [[]],
    "quality": [[]],
    "restore": [["speed"], ["memory"]],
    "serving": [[]],
    "startup": [[]],
}
_PRINTING = ("diffusion", "door", "fairness", "halo", "restore", "serving", "startup")


def run(name: str) -> bool:
    """Run one benchmark; return whether it went well."""
    print(f"{name} ...", flush=True)
    commands = [[sys.executable, "-m", f"benchmarks.{name}", *arguments] for arguments in _RUNS[name]]
    paths = [str(_ROOT), str(_ROOT / "tests"), *filter(None, [os.environ.get("PYTHONPATH")])]  # some use its doubles
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
    if name not in _PRINTING:
        return all(subprocess.run(command, check=False, env=environment).returncode == 0 for command in commands)
    path = RESULTS / f"{name}.new.md"
    with path.open("w", encoding="utf-8") as file:
        went_well = all(
            subprocess.run(command, check=False, env=environment, stdout=file).returncode == 0 for command in commands
        )
    print(path.read_text(encoding="utf-8"), flush=True)
    return went_well


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"{', '.join(_RUNS)}; all of them unless named")
    names = parser.parse_args().names or list(_RUNS)
    if unknown := set(names) - set(_RUNS):
        parser.error(f"there is no benchmark {', '.join(sorted(unknown))}")
    failed = [name for name in names if not run(name)]
    if failed:
        print(f"failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
