"""Names engines for the server, which never loads one: nothing here imports torch."""

from __future__ import annotations

from dataclasses import replace

from foveate_server.config.server_config import ServerConfig
from foveate_server.engines.contract import EngineSpec
from foveate_server.engines.diffusion.checkpoint_traits import traits_of
from foveate_server.families.registry import families
from foveate_server.models.catalog import CatalogModel, LookUp
from foveate_server.models.registry import open_registry
from foveate_shared.wire.protocol import JsonObject, ModelInfo


def restoration_spec(config: ServerConfig) -> EngineSpec:
    """Return how a worker gets the restoration engine alone, and what the server tells of its models."""
    return _spec(config, "foveate_server.engines.restoration.engine:create", open_registry(config).catalog)


def suite_spec(config: ServerConfig) -> EngineSpec:
    """Return how a worker gets the engine that restores and renders, and what the server tells of its models."""
    registry = open_registry(config)
    return _spec(config, "foveate_server.engines.combined:create", lambda: registry.catalog().told(_with_defaults))


def _spec(config: ServerConfig, factory: str, catalog: LookUp) -> EngineSpec:
    return EngineSpec(
        factory=factory,
        catalog=catalog,
        options={
            "models_dir": str(config.cache_dir),
            "offline": config.offline,
            "device": config.device,
            "threads": config.threads,
            "safety": config.safety,
        },
    )


def _with_defaults(model: CatalogModel) -> ModelInfo:
    """Return what clients are told of `model`: of a checkpoint also the sampling where none is asked for."""
    info = model.info
    if info.kind != "diffusion" or info.family not in families():
        return info
    return replace(info, defaults={**_defaults(info.family, model.facts), **info.defaults})


def _defaults(family: str, facts: JsonObject) -> JsonObject:
    traits = traits_of(families()[family], facts)
    return {
        **traits.defaults.to_json(),
        "schedulers": list(families()[family].schedulers),
        "pixels": traits.native_side**2,
    }
