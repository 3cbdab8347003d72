"""Names engines for the server, which never loads one: nothing here imports torch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from foveate_server.config.server_config import ServerConfig
from foveate_server.engines.contract import EngineSpec
from foveate_server.engines.diffusion.checkpoint_traits import traits_of
from foveate_server.families.registry import families
from foveate_server.models.registry import Registry, open_registry
from foveate_shared.wire.protocol import JsonObject, ModelInfo


def restoration_spec(config: ServerConfig) -> EngineSpec:
    """Return how a worker gets the restoration engine alone, and what the server tells of its models."""
    registry = open_registry(config)
    return _spec(config, "foveate_server.engines.restoration.engine:create", registry.models, registry)


def suite_spec(config: ServerConfig) -> EngineSpec:
    """Return how a worker gets the engine that restores and renders, and what the server tells of its models."""
    registry = open_registry(config)
    return _spec(config, "foveate_server.engines.combined:create", lambda: _with_defaults(registry), registry)


def _spec(config: ServerConfig, factory: str, models: Callable[[], list[ModelInfo]], registry: Registry) -> EngineSpec:
    return EngineSpec(
        factory=factory,
        models=models,
        options={
            "models_dir": str(config.cache_dir),
            "offline": config.offline,
            "device": config.device,
            "threads": config.threads,
            "safety": config.safety,
        },
        entries=registry.entries,
    )


def _with_defaults(registry: Registry) -> list[ModelInfo]:
    """Return the models of `registry`, checkpoints with the sampling that the engine takes where none is asked for."""
    facts = {entry.name: entry.facts for entry in registry.entries()}
    return [
        replace(info, defaults={**_defaults(info.family, facts.get(info.name, {})), **info.defaults})
        if info.kind == "diffusion" and info.family in families()
        else info
        for info in registry.models()
    ]


def _defaults(family: str, facts: JsonObject) -> JsonObject:
    traits = traits_of(families()[family], facts)
    return {
        **traits.defaults.to_json(),
        "schedulers": list(families()[family].schedulers),
        "pixels": traits.native_side**2,
    }
