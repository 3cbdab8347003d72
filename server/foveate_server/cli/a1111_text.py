"""The text `parameters` that the tools around Stable Diffusion read: two prompts and a line of settings."""

from __future__ import annotations

from typing import Any

from foveate_server.cli.file_recipe import hashes_of_additions
from foveate_shared.geometry import Extent
from foveate_shared.wire.protocol import JsonObject

_HASH_LENGTH = 10  # digits of a SHA-256 that those tools show


def words_for(recipe: JsonObject, extent: Extent, *, has_recipe: bool = True) -> str | None:
    """Return what becomes of a picture's text: the result's own, "" for none, None where an older one is still true."""
    text = parameters_text(recipe, extent)
    return text if has_recipe or text is None else ""


def parameters_text(recipe: JsonObject, extent: Extent) -> str | None:
    """Return the text for a picture of `extent` that a checkpoint made; None where none did."""
    values: Any = recipe.get("parameters")
    model: Any = recipe.get("model")
    if not isinstance(values, dict) or not isinstance(model, dict) or not model.get("family"):
        return None
    loras = values.get("loras") or []
    prompt = " ".join([_words(values, "prompt"), *(f"<lora:{e['name']}:{e.get('weight', 1):g}>" for e in loras)])
    negative = _words(values, "negative_prompt")
    lines = [prompt.strip(), *([f"Negative prompt: {negative}"] if negative else []), _settings(recipe, values, extent)]
    return "\n".join(lines)


def _words(values: dict[str, Any], name: str) -> str:
    """Return the job's words; where it had none, those for anything that is no face."""
    usual = (values.get("subject_prompts") or {}).get("other") or {}
    text = values.get(name) or ("" if values.get("prompt") else usual.get(name, ""))
    return " ".join(str(text).split())


def _settings(recipe: JsonObject, values: dict[str, Any], extent: Extent) -> str:
    model: Any = recipe["model"]
    told = {
        "Steps": values.get("num_inference_steps"),
        "Sampler": values.get("scheduler"),
        "CFG scale": values.get("guidance_scale"),
        "Seed": values.get("seed"),
        "Size": f"{extent.width}x{extent.height}",
        "Model hash": str(model.get("sha256", ""))[:_HASH_LENGTH],
        "Model": model.get("name"),
        "VAE": values.get("vae"),
        "Denoising strength": values.get("strength"),
        "Lora hashes": _hashes(recipe, [str(entry["name"]) for entry in values.get("loras") or []]),
        "TI hashes": _hashes(recipe, [str(name) for name in values.get("embeddings") or []]),
        "Version": f"Foveate {recipe.get('foveate', '')}".strip(),
    }
    return ", ".join(f"{name}: {_quoted(value)}" for name, value in told.items() if value not in (None, ""))


def _hashes(recipe: JsonObject, names: list[str]) -> str:
    known = hashes_of_additions(recipe)
    return ", ".join(f"{name}: {known[name][:_HASH_LENGTH]}" for name in names if name in known)


def _quoted(value: object) -> str:
    text = f"{value:g}" if isinstance(value, float) else str(value)
    return f'"{text}"' if "," in text or ":" in text else text
