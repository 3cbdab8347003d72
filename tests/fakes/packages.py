"""Packages of strangers, as pip leaves them in a folder that Python looks in."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import EntryPoint, distributions
from pathlib import Path


def put_package(folder: Path, name: str, group: str, points: Mapping[str, str], source: str = "") -> None:
    """Install `name` 1.0: `points` maps the names of the group's entry points to values of its module `source`.

    The module is called as the package is, with underscores; a point's value is the name of what it names there.
    """
    module = name.replace("-", "_")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{module}.py").write_text(source)
    info = folder / f"{module}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    lines = [f"{point} = {module}:{value}" for point, value in points.items()]
    (info / "entry_points.txt").write_text("\n".join([f"[{group}]", *lines]) + "\n")


def points_in(folder: Path, group: str) -> list[EntryPoint]:
    """Return the entry points of the packages in `folder`."""
    found = distributions(path=[str(folder)])
    return [point for each in found for point in each.entry_points.select(group=group)]
