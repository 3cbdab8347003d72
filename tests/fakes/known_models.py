"""A cache of a test's own with models that this machine has, as if they had been fetched there."""

from __future__ import annotations

import os
from pathlib import Path

from foveate_server.config.server_config import load_config
from foveate_server.models.registry import Registry, open_registry


def registry_with(cache_dir: Path, *names: str) -> Registry:
    """Make `cache_dir`; return a registry of what is in it: the models of these names."""
    cache_dir.mkdir(parents=True)
    known = open_registry(load_config(environment=os.environ))
    for name in names:
        (cache_dir / name).symlink_to(known.folder(name), target_is_directory=True)
    return Registry(cache_dir, offline=True)
