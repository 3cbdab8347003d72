"""What shapes do not show: how a checkpoint was trained to be sampled, and words from metadata."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from foveate_shared.wire.protocol import JsonObject

_VARIANTS: Mapping[str, re.Pattern[str]] = {
    name: re.compile(rf"(?<![a-z]){name}(?![a-z])", re.IGNORECASE)
    for name in ("lcm", "dmd2", "turbo", "lightning", "hyper", "schnell")
}
_COMMON = ("turbo", "lightning", "hyper")  # which a LoRA may be called for what it shows, too
_FILLERS = re.compile(r"loras?|sdxl|sd|xl|flux|dev|base|alpha|steps?|[^a-z]", re.IGNORECASE)  # that say nothing of that
_GLUED = re.compile(r"lora|sdxl", re.IGNORECASE)  # to names of variants, without a space
_STEPS = re.compile(r"(?<![0-9])([0-9]{1,2})[-_ ]?steps?(?![a-z])", re.IGNORECASE)
_HINTS = ("modelspec.title", "modelspec.tags", "modelspec.usage_hint", "ss_output_name", "ss_sd_model_name")
_PREDICTIONS: Mapping[str, str] = {"epsilon": "epsilon", "eps": "epsilon", "v_prediction": "v", "v": "v"}
_MAX_WORDS = 5
_COMMON_SHARE = 0.6  # of the most frequent tag's count: tags above it belong to what was taught


def few_steps(name: str, metadata: Mapping[str, str]) -> JsonObject:
    """Return `variant` and `steps` as far as metadata, and then the file's name, give them away.

    The weights of a Turbo or Lightning checkpoint have the very shapes of those that they were distilled from, so
    that a person can correct this with --variant.
    """
    for text in (*(metadata.get(key, "") for key in _HINTS), name):
        variant = next((variant for variant, pattern in _VARIANTS.items() if pattern.search(text)), "")
        if variant:
            steps = _STEPS.search(text)
            return {"variant": variant, "steps": int(steps[1]) if steps else 0}
    return {"variant": "", "steps": 0}


def few_steps_of_lora(name: str, metadata: Mapping[str, str]) -> JsonObject:
    """Return `variant` and `steps` of a LoRA by its title or names; what it was trained on says nothing of that.

    A word that also means other things counts where a number of steps goes with it, or nothing else does.
    """
    for text in (metadata.get("modelspec.title", ""), metadata.get("ss_output_name", ""), name):
        found = few_steps(_GLUED.sub(" ", text), {})
        variant = str(found["variant"])
        if variant and (variant not in _COMMON or found["steps"] or _FILLERS.sub("", text).lower() == variant):
            return found
    return {"variant": "", "steps": 0}


def prediction_of(metadata: Mapping[str, str]) -> str:
    """Return what the metadata says that the network predicts; empty where it says nothing."""
    if metadata.get("ss_v_parameterization", "").lower() == "true":
        return "v"
    return _PREDICTIONS.get(metadata.get("modelspec.prediction_type", "").lower(), "")


def trigger_words(metadata: Mapping[str, str]) -> list[str]:
    """Return the words that a LoRA or embedding listens to: those that its maker named, else its commonest tags."""
    named = metadata.get("modelspec.trigger_phrase", "")
    if named.strip():
        return [word.strip() for word in named.split(",") if word.strip()][:_MAX_WORDS]
    counts = _tag_counts(metadata.get("ss_tag_frequency", ""))
    most = max(counts.values(), default=0)
    common = [tag for tag, count in counts.items() if count >= _COMMON_SHARE * most]
    return sorted(common, key=lambda tag: (-counts[tag], tag))[:_MAX_WORDS]


def base_of(metadata: Mapping[str, str]) -> str:
    """Return what the metadata calls the model that something was trained on."""
    keys = ("modelspec.architecture", "ss_base_model_version", "ss_sd_model_name")
    return next((metadata[key] for key in keys if metadata.get(key) not in (None, "", "None")), "")


def _tag_counts(text: str) -> dict[str, int]:
    """Return how often each tag of `ss_tag_frequency` stands in the captions: {folder: {tag: count}} as JSON."""
    counts: dict[str, int] = {}
    try:
        for tags in json.loads(text or "{}").values():
            for tag, count in tags.items():
                counts[tag.strip()] = counts.get(tag.strip(), 0) + int(count)
    except (ValueError, TypeError, AttributeError):
        return {}  # metadata is anyone's text
    counts.pop("", None)
    return counts
