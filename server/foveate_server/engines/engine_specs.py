"""Names engines for the server, which never loads one: nothing here imports torch."""

from __future__ import annotations

from dataclasses import replace
from pkgutil import resolve_name

from foveate_server.config.server_config import ServerConfig
from foveate_server.engines.contract import EngineSpec
from foveate_server.engines.diffusion.checkpoint_traits import traits_of
from foveate_server.families.registry import families
from foveate_server.models.catalog import CatalogModel
from foveate_server.models.registry import open_registry
from foveate_shared.errors import InputError
from foveate_shared.wire.protocol import JsonObject, ModelInfo

START_SECONDS = 3.6  # to import torch and what detectors need, as recorded: see tests/recordings/progress


def engine_of(config: ServerConfig) -> EngineSpec:
    """Return how workers get their engine. Raises InputError where the setting names none."""
    try:
        factory = resolve_name(config.engine)
    except (ImportError, AttributeError, ValueError) as error:
        raise InputError(
            f"The engine {config.engine!r} cannot be found: {error}.",
            remedy="Leave the setting `engine` out, or name a function as package.module:function.",
        ) from None
    spec: EngineSpec = factory(config)
    return spec


def suite_spec(config: ServerConfig) -> EngineSpec:
    """Return how a worker gets its engine, and what the server tells of the models."""
    registry = open_registry(config)
    return EngineSpec(
        factory="foveate_server.engines.combined:create",
        catalog=lambda: registry.catalog().told(_with_defaults),
        options={
            "models_dir": str(config.cache_dir),
            "offline": config.offline,
            "device": config.device,
            "threads": config.threads,
            "safety": config.safety,
        },
        start_seconds=START_SECONDS,
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
