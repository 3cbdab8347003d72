"""The real restorer and a tiny checkpoint, in a cache of their own."""

from __future__ import annotations

import os
from pathlib import Path

from fakes.checkpoints import TinyCheckpoints
from foveate_server.config.server_config import load_config
from foveate_server.engines.diffusion.quiet_libraries import quiet
from foveate_server.models.adding.from_path import add_path
from foveate_server.models.adding.make_entry import AddOptions
from foveate_server.models.registry import Registry, open_registry

SUITE = "foveate_server.engines.engine_specs:suite_spec"
RESTORER, CHECKPOINT = "realesr-animevideov3", "tiny"


def models_in(folder: Path) -> dict[str, str]:
    """Make the cache in `folder`; return the environment in which a server has it."""
    cache = folder / "cache"
    cache.mkdir(parents=True)
    known = open_registry(load_config(environment=os.environ))
    for name in ("centerface", RESTORER):
        (cache / name).symlink_to(known.folder(name), target_is_directory=True)
    registry = Registry(cache, offline=True)
    with quiet():
        add_path(registry, TinyCheckpoints(folder).folder("sd1"), AddOptions(name=CHECKPOINT))
    return {"FOVEATE_CACHE_DIR": str(cache), "FOVEATE_OFFLINE": "1"}
