"""The families that there are: ours in the order in which people meet them, then those of other packages."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from foveate_server.entry_points import Registered, load
from foveate_server.families import flux1, sd1, sd2, sd3, sdxl
from foveate_server.families.family import Family

GROUP = "foveate.families"
_OWN = tuple(module.FAMILY for module in (sd1, sd2, sdxl, sd3, flux1))


def families() -> Mapping[str, Family]:
    """Return all families by name."""
    return registered().values


@cache  # what is installed stays the same as long as a process runs
def registered() -> Registered[Family]:
    """Return all families, and what was left out."""
    return load(GROUP, _OWN, _check)


def _check(value: object) -> Family:
    if not isinstance(value, Family):
        raise TypeError(f"a family is a {Family.__module__}.{Family.__name__}, not a {type(value).__name__}")
    return value
