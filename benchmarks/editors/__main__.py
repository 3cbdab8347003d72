"""What the plugins cost in real editors: python -m benchmarks.editors [gimp|krita|blender ...] [--sides N ...].

A real editor on a screen that nobody sees, the real server outside of it with the deterministic engine, and the real
plugin between them. Each editor is measured in a process of its own and rewrites its section of results/editors.md.
It needs what `make test-hosts` needs, and a machine without other work.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path

from benchmarks.editors.editor import EDITORS, SIDES

ROOT = Path(__file__).parents[2]


def measure(name: str, arguments: list[str]) -> bool:
    """Measure one editor; return whether it went well. What drives the editors is the tests' own, in `tests/hosts`."""
    path = os.pathsep.join(str(ROOT / part) for part in ("tests", "."))
    command = [sys.executable, "-m", "benchmarks.editors.measure", name, *arguments]
    return subprocess.run(command, check=False, env={**os.environ, "PYTHONPATH": path}, cwd=ROOT).returncode == 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("editors", nargs="*", metavar="EDITOR", help=f"{', '.join(EDITORS)}; all of them unless named")
    parser.add_argument("--sides", nargs="*", type=int, default=SIDES, metavar="N", help="pixels of the selections")
    parser.add_argument("--repeat", type=int, default=5, metavar="N", help="jobs of which the medians are told")
    options = parser.parse_args()
    names = options.editors or EDITORS
    if unknown := set(names) - set(EDITORS):
        parser.error(f"there is no editor {', '.join(sorted(unknown))}")
    arguments = ["--repeat", str(options.repeat), "--sides", *map(str, options.sides)]
    failed = [name for name in names if not measure(name, arguments)]
    if failed:
        print(f"failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
