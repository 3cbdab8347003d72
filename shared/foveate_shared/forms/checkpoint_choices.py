"""Which models there are for a form: checkpoints, what does a job where nothing is chosen, and what can be added.

All of it follows from the server's answer to list_models; its order counts: the default of each kind comes first.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..wire.protocol import DIFFUSION, RENDERING_KINDS, RESTORE, Json, JsonObject, ModelInfo

ADDED = {"loras": "lora", "embeddings": "embedding", "vae": "vae"}  # parameters -> the kind of model that they name

FEW_STEP_SAMPLING = ("num_inference_steps", "guidance_scale", "scheduler")  # what a LoRA for few steps says of a job


def is_checkpoint(model: ModelInfo | None) -> bool:
    """Tell whether a prompt can be given to a model."""
    return model is not None and model.kind == DIFFUSION


def has_checkpoint(models: Sequence[ModelInfo]) -> bool:
    """Tell whether a checkpoint was added: a form shows nothing of prompts before that."""
    return any(model.kind == DIFFUSION and model.operations for model in models)


def models_for(models: Sequence[ModelInfo], operation: str) -> tuple[ModelInfo, ...]:
    """Return the models that can do an operation, those of kinds that are not known apart."""
    return tuple(model for model in models if operation in model.operations and model.kind in RENDERING_KINDS)


def restorers_for(models: Sequence[ModelInfo], operation: str) -> tuple[ModelInfo, ...]:
    """Return the restorers that can do an operation, which also work before a checkpoint does."""
    return tuple(model for model in models_for(models, operation) if model.kind == RESTORE)


def model_for(models: Sequence[ModelInfo], operation: str, wanted: str = "") -> ModelInfo | None:
    """Return the model that a job would use: `wanted`, else the server's own choice; None where there is none.

    A wanted model that is not there (any more) is nobody's choice: None.
    """
    fitting = models_for(models, operation)
    if wanted:
        return next((model for model in fitting if model.name == wanted), None)
    return next(iter(fitting), None)


def additions(models: Sequence[ModelInfo], parameter: str, checkpoint: ModelInfo | None) -> tuple[ModelInfo, ...]:
    """Return what `parameter` ("loras", "embeddings" or "vae") can name with a checkpoint."""
    if checkpoint is None or not is_checkpoint(checkpoint):
        return ()
    kind = ADDED[parameter]
    return tuple(model for model in models if model.kind == kind and checkpoint.family in model.fits)


def usual_weight(lora: ModelInfo) -> float:
    """Return the weight at which a LoRA is added where nobody says another."""
    weight = lora.defaults.get("weight")
    return float(weight) if isinstance(weight, (int, float)) and not isinstance(weight, bool) else 1.0


def few_step_sampling(lora: ModelInfo) -> JsonObject:
    """Return how pictures are made with a LoRA for few steps, by parameter; empty for any other."""
    told = {name: lora.defaults[name] for name in FEW_STEP_SAMPLING if name in lora.defaults}
    return told if lora.kind == ADDED["loras"] and len(told) == len(FEW_STEP_SAMPLING) else {}


def sampling_with(models: Sequence[ModelInfo], loras: Sequence[str]) -> JsonObject:
    """Return what the LoRAs of these names say of the sampling, as a job has it that says nothing of it."""
    named = [model for name in loras for model in models if model.name == name]
    return next(filter(None, map(few_step_sampling, named)), {})


def names_that_count(entries: Json) -> tuple[str, ...]:
    """Return the names in a job's list of LoRAs, without those whose weight is nothing."""
    return tuple(name for name, weight in weights_of(entries).items() if weight != 0)


def trigger_words(addition: ModelInfo) -> tuple[str, ...]:
    """Return the words that a LoRA or an embedding answers to in a prompt."""
    words = addition.defaults.get("trigger_words")
    return tuple(str(word) for word in words) if isinstance(words, list) else ()


def weights_of(entries: Json) -> dict[str, float | None]:
    """Return the names that a list of additions has, with their weights; None where an entry says none."""
    listed = entries if isinstance(entries, list) else []
    objects = [entry if isinstance(entry, dict) else {"name": entry} for entry in listed]
    weights = ((str(entry.get("name")), entry.get("weight")) for entry in objects)
    return {name: float(weight) if isinstance(weight, (int, float)) else None for name, weight in weights}


def with_loras(weights: Sequence[tuple[str, float]]) -> list[JsonObject]:
    """Return the parameter `loras` for names and weights, in their order."""
    return [{"name": name, "weight": weight} for name, weight in weights]
