"""Names engines for the server, which never loads one: nothing here imports torch."""

from __future__ import annotations

from dataclasses import replace
from pkgutil import resolve_name

from foveate_server.config.server_config import ServerConfig
from foveate_server.engines.contract import EngineSpec
from foveate_server.engines.diffusion.checkpoint_traits import few_step_facts, traits_of
from foveate_server.families.registry import families
from foveate_server.models.catalog import CatalogModel
from foveate_server.models.registry import open_registry
from foveate_shared.errors import InputError
from foveate_shared.forms.checkpoint_choices import FEW_STEP_SAMPLING
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
    """Return what clients are told of `model`: of a checkpoint also the sampling where none is asked for.

    Of a LoRA, too, that was made for few steps: no other says anything of the sampling.
    """
    info = model.info
    if info.family not in families() or info.kind not in ("diffusion", "lora"):
        return info
    told = _defaults(info.family, model.facts) if info.kind == "diffusion" else _few_steps(info.family, model.facts)
    return replace(info, defaults={**told, **info.defaults})


def _defaults(family: str, facts: JsonObject) -> JsonObject:
    traits = traits_of(families()[family], facts)
    return {
        **traits.defaults.to_json(),
        "schedulers": list(families()[family].schedulers),
        "pixels": traits.native_side**2,
    }


def _few_steps(family: str, facts: JsonObject) -> JsonObject:
    traits = traits_of(families()[family], few_step_facts(facts))
    told = traits.defaults.to_json() if traits.variant else {}
    return {name: told[name] for name in FEW_STEP_SAMPLING if name in told}
