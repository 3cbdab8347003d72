"""The models that other packages bring: what the manifest is for ours. Each is fetched and verified as ours are."""

from __future__ import annotations

from functools import cache

from foveate_server.entry_points import Registered, load
from foveate_server.models.entry import ModelEntry, entry_from_mapping, entry_to_mapping
from foveate_server.models.manifest import embedded_entries, optional_entries
from foveate_shared.wire.protocol import DETECT, RESTORE

GROUP = "foveate.models"
_KINDS = (RESTORE, DETECT)  # of others, inspection finds what their files are: see models.recognition
_SOURCES = {"package": ("distribution", "version"), "hub": ("repository", "revision"), "url": ()}  # -> their options


def listed_entries() -> list[ModelEntry]:
    """Return the models of the manifest, then those of packages."""
    return list(registered().values.values())


@cache  # what is installed stays the same as long as a process runs
def registered() -> Registered[ModelEntry]:
    """Return the same by name, and what was left out."""
    return load(GROUP, (*embedded_entries(), *optional_entries()), check_model)


def check_model(value: object) -> ModelEntry:
    """Return `value` where it can be a package's model. Raises TypeError, ValueError or InputError, with the reason."""
    if not isinstance(value, ModelEntry):
        raise TypeError(f"a model is a {ModelEntry.__module__}.{ModelEntry.__name__}, not a {type(value).__name__}")
    if value.kind not in _KINDS:
        raise ValueError(f"a package brings models of {' and '.join(_KINDS)}, not of {value.kind}")
    if value.source.kind not in _SOURCES:
        raise ValueError(f"its source is none of {', '.join(_SOURCES)}")
    lacking = [option for option in _SOURCES[value.source.kind] if not value.source.options.get(option)]
    if lacking:
        raise ValueError(f"its source does not say its {' and '.join(lacking)}")
    if value.license_file is not None:
        raise ValueError("its licence is no file of ours: say its name in `license`")
    return entry_from_mapping(entry_to_mapping(value))
