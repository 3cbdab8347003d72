"""What distinguishes a checkpoint from others of its family: from inspection's facts and its own configuration."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

from foveate_server.families.family import Family, FamilyDefaults, Prediction
from foveate_server.models.training_size import trained_side
from foveate_shared.wire.protocol import JsonObject


@dataclass(frozen=True)
class Traits:
    """How a checkpoint was trained to be sampled."""

    prediction: Prediction
    native_side: int  # image pixels
    defaults: FamilyDefaults
    variant: str = ""  # "lcm", "turbo", "lightning", "hyper", "dmd2", "schnell", or none
    scheduler_options: Mapping[str, Any] | None = None  # beyond its own scheduler configuration


def traits_of(family: Family, facts: Mapping[str, Any]) -> Traits:
    """Return the traits of a checkpoint of `family` of which inspection found `facts`; empty ones are guessed."""
    prediction = cast("Prediction", facts.get("prediction") or family.prediction)
    variant = str(facts.get("variant") or "")
    few = family.variants.get(variant)
    own = family.inpainting if facts.get("inpainting") and family.inpainting is not None else family.defaults
    defaults = own if few is None else few.defaults
    steps = int(facts.get("steps") or 0)
    if few is not None and steps:
        defaults = replace(defaults, num_inference_steps=steps)
    return Traits(
        prediction=prediction,
        native_side=trained_side(facts, family.side_for(prediction)),
        defaults=defaults,
        variant=variant if few is not None else "",
        scheduler_options=None if few is None else few.scheduler_options,
    )


def few_step_facts(facts: Mapping[str, Any]) -> JsonObject:
    """Return those facts of a LoRA that say how it makes pictures in few steps."""
    return {key: facts[key] for key in ("variant", "steps") if facts.get(key)}


def with_loras(traits: Traits, family: Family, loras: Sequence[Mapping[str, Any]]) -> Traits:
    """Return `traits` as the first of `loras`, by their facts, that was made for few steps wants a run to go."""
    for facts in loras:
        own = traits_of(family, few_step_facts(facts))
        if own.variant:
            return replace(traits, defaults=own.defaults, variant=own.variant, scheduler_options=own.scheduler_options)
    return traits


def settled(traits: Traits, facts: Mapping[str, Any], scheduler: Mapping[str, Any]) -> Traits:
    """Return `traits` with what only the configuration of the checkpoint's `scheduler` tells."""
    known = {"epsilon": "epsilon", "v_prediction": "v"}
    told = known.get(str(scheduler.get("prediction_type")))
    if facts.get("prediction") or told is None:
        return traits
    return replace(traits, prediction=cast("Prediction", told))
