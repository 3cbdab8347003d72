"""Makes the diffusion engine from a worker's options."""

from __future__ import annotations

from pathlib import Path

from foveate_server.engines import precision
from foveate_server.engines.diffusion.engine import DiffusionEngine
from foveate_server.engines.diffusion.registered import RegisteredLibrary
from foveate_server.models.registry import Registry
from foveate_shared.protocol import JsonObject


def create(options: JsonObject) -> DiffusionEngine:
    """Return the engine for the worker's `options`. Raises ResourceError where the device is not there."""
    registry = Registry(Path(str(options["models_dir"])), offline=bool(options.get("offline", False)))
    device = precision.choose_device(str(options.get("device", "auto")))
    return DiffusionEngine(RegisteredLibrary(registry), device, threads=int(str(options.get("threads", 0))))
