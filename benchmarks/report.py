"""What every benchmark says of itself: when, where, with which versions and by which command; and its tables."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timezone
from importlib.metadata import version
from pathlib import Path

RESULTS = Path(__file__).parent / "results"
_CPU_FACTS = Path("/proc/cpuinfo")


def cpu_model() -> str:
    """Return the processor's name as the system tells it."""
    if _CPU_FACTS.exists():
        for line in _CPU_FACTS.read_text(encoding="utf-8").splitlines():
            name, _, value = line.partition(":")
            if name.strip() == "model name":
                return value.strip()
    return platform.processor() or platform.machine()


def header(benchmark: str, packages: Sequence[str]) -> str:
    """Return one paragraph about this run of `benchmark` (its module's name); call it before measuring, for the load.

    Raises PackageNotFoundError for a package that is not installed.
    """
    versions = ", ".join(f"{name} {version(name)}" for name in packages)
    load = f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "unknown"
    command = " ".join(["python -m", f"benchmarks.{benchmark}", *sys.argv[1:]])
    return (
        f"{datetime.now(timezone.utc):%Y-%m-%d %H:%M} UTC; {cpu_model()}, {os.cpu_count()} cores; "
        f"{platform.system()} {platform.release()}, Python {platform.python_version()}, {versions}; "
        f"load before: {load}. Command: `{command}`\n"
    )


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table in Markdown."""
    return "".join(growing(columns, rows))


def growing(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Yield the lines of a table in Markdown, each as soon as its row is there."""
    for cells in (columns, ["---"] * len(columns)):
        yield _line(cells)
    yield from map(_line, rows)


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |\n"
