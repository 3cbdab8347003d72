"""The families that there are: ours in the order in which people meet them, then those of other packages."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

from foveate_server.entry_points import Registered, load
from foveate_server.families import flux1, sd1, sd2, sd3, sdxl
from foveate_server.families.family import Family

GROUP = "foveate.families"
_OWN = tuple(module.FAMILY for module in (sd1, sd2, sdxl, sd3, flux1))
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")
_REFERENCE = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_][\w.]*")


def families() -> Mapping[str, Family]:
    """Return all families by name."""
    return registered().values


@cache  # what is installed stays the same as long as a process runs
def registered() -> Registered[Family]:
    """Return all families, and what was left out."""
    return load(GROUP, _OWN, check_family)


def check_family(value: object) -> Family:
    """Return `value` where it is a family whose numbers agree. Raises TypeError or ValueError with what does not."""
    if not isinstance(value, Family):
        raise TypeError(f"a family is a foveate_server.families.family.Family, not a {type(value).__name__}")
    if not _NAME.fullmatch(value.name):
        raise ValueError(f"{value.name!r} is no name of up to 32 lower-case letters, digits and dashes")
    for reference in filter(None, (value.adapter, value.recognizer)):
        if not _REFERENCE.fullmatch(reference):
            raise ValueError(f"{reference!r} does not name something as package.module:name")
    if len(value.latent_colors) != value.latent_channels:
        raise ValueError(f"it has {value.latent_channels} latent channels, and colours for {len(value.latent_colors)}")
    if value.native_side % value.multiple or value.multiple % value.factor:
        raise ValueError("its native side is no multiple of `multiple`, or that none of `factor`")
    if value.defaults.scheduler not in value.schedulers:
        raise ValueError(f"its default scheduler {value.defaults.scheduler!r} is none of its schedulers")
    return value
