"""Names engines for the server, which never loads one: nothing here imports torch."""

from __future__ import annotations

from foveate_server.config import ServerConfig
from foveate_server.engines.base import EngineSpec
from foveate_server.models.registry import open_registry


def restoration_spec(config: ServerConfig) -> EngineSpec:
    """Return how a worker gets the restoration engine alone, and what the server tells of its models."""
    return _spec(config, "foveate_server.engines.restore:create")


def suite_spec(config: ServerConfig) -> EngineSpec:
    """Return how a worker gets the engine that restores and renders, and what the server tells of its models."""
    return _spec(config, "foveate_server.engines.suite:create")


def _spec(config: ServerConfig, factory: str) -> EngineSpec:
    return EngineSpec(
        factory=factory,
        models=open_registry(config).models,
        options={
            "models_dir": str(config.cache_dir),
            "offline": config.offline,
            "device": config.device,
            "threads": config.threads,
        },
    )
