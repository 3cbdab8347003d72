"""The manifest: models that come with Foveate, as `manifest.toml` lists them."""

from __future__ import annotations

import sys
from importlib.resources import files

from foveate_server.models.entry import ModelEntry, entry_from_mapping

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

_PACKAGE = "foveate_server.models"
_OPTIONAL = ("safety", "config")


def embedded_entries() -> list[ModelEntry]:
    """Return the models that Foveate works with by itself, in order; the first restorer is the default."""
    return [entry for entry in _entries() if entry.kind not in _OPTIONAL]


def optional_entries() -> list[ModelEntry]:
    """Return the other models of the manifest: fetched where a setting or another model wants them."""
    return [entry for entry in _entries() if entry.kind in _OPTIONAL]


def _entries() -> list[ModelEntry]:
    text = (files(_PACKAGE) / "manifest.toml").read_text(encoding="utf-8")
    return [entry_from_mapping(table) for table in tomllib.loads(text)["model"]]


def license_text(name: str) -> str:
    """Return the text of a licence file that an entry names."""
    return (files(_PACKAGE) / "licenses" / name).read_text(encoding="utf-8")
