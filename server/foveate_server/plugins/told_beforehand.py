"""What a server of this machine would tell editors, without one: their menus and forms are made before any runs."""

from __future__ import annotations

import os

from foveate_server.config.server_config import load_config
from foveate_server.endpoint.described_operations import described
from foveate_server.engines.engine_specs import engine_of
from foveate_server.operations.operation import models_taken
from foveate_server.operations.registry import operations
from foveate_server.presets import load_presets
from foveate_shared.editor.known_server import Known


def told_beforehand() -> Known:
    """Return operations and models as the first server that is started here will. Raises FoveateError."""
    config, offered = load_config(environment=os.environ), operations()
    presets = load_presets(config.presets_file)
    infos = tuple(described(each, presets) for each in offered.values())
    return infos, engine_of(config).catalog().serving(models_taken(offered)).listing
