"""The real restorer and a tiny checkpoint, in a cache of their own."""

from __future__ import annotations

from pathlib import Path

from fakes.checkpoints import TinyCheckpoints
from fakes.known_models import registry_with
from foveate_server.engines.diffusion.quiet_libraries import quiet
from foveate_server.models.adding.from_path import add_path
from foveate_server.models.adding.make_entry import AddOptions

SUITE = "foveate_server.engines.engine_specs:suite_spec"
RESTORER, CHECKPOINT = "realesr-animevideov3", "tiny"


def models_in(folder: Path) -> dict[str, str]:
    """Make the cache in `folder`; return the environment in which a server has it."""
    cache = folder / "cache"
    registry = registry_with(cache, "centerface", RESTORER)
    with quiet():
        add_path(registry, TinyCheckpoints(folder).folder("sd1"), AddOptions(name=CHECKPOINT))
    return {"FOVEATE_CACHE_DIR": str(cache), "FOVEATE_OFFLINE": "1"}
