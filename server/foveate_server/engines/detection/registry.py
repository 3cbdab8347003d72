"""The detectors that there are: ours, then those of other packages. Nothing here loads a network."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Any

from foveate_server.engines.contract import Detector
from foveate_server.engines.detection.faces import FACES
from foveate_server.engines.values import Finding
from foveate_server.entry_points import Registered, load

GROUP = "foveate.detectors"
_OWN: tuple[Detector[Any], ...] = (FACES,)
_NAME = re.compile(r"[a-z][a-z0-9_-]{0,63}")  # a word of the command line, and of outcomes


def detectors() -> Mapping[str, Detector[Any]]:
    """Return all detectors by name."""
    return registered().values


@cache  # what is installed stays the same as long as a process runs
def registered() -> Registered[Detector[Any]]:
    """Return all detectors, and what was left out."""
    return load(GROUP, _OWN, check_detector)


def check_detector(value: object) -> Detector[Any]:
    """Return `value` where it is a whole detector. Raises TypeError or ValueError with what it lacks."""
    if not isinstance(value, Detector):
        raise TypeError(f"a detector is a {Detector.__module__}.{Detector.__name__}, not a {type(value).__name__}")
    told: Any = value  # a stranger's: its types are not checked yet
    if not isinstance(told.name, str) or not _NAME.fullmatch(told.name):
        raise ValueError(f"{told.name!r} is no name: small letters, digits, - and _")
    for field in ("title", "summary", "looking", "looking_part", "found", "found_one", "none"):
        if not isinstance(word := getattr(told, field), str) or not word.strip():
            raise ValueError(f"`{field}` says nothing")
    if not isinstance(told.finding, type) or not issubclass(told.finding, Finding):
        raise TypeError(f"`finding` is no kind of {Finding.__module__}.{Finding.__name__}")
    if not callable(told.create):
        raise TypeError("`create` cannot be called")
    return value
