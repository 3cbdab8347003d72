"""What the command line says of models."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from foveate_server.models.entry import ModelEntry
    from foveate_server.models.registry import Registry

Row = dict[str, Any]  # JSON

_KINDS: Mapping[str, str] = {
    "restore": "restorer",
    "detect": "detector",
    "diffusion": "checkpoint",
    "lora": "LoRA",
    "embedding": "embedding",
    "vae": "VAE",
    "preview": "preview VAE",
    "safety": "classifier",
    "config": "configuration",
}
_VARIANTS: Mapping[str, str] = {
    "lcm": "LCM",
    "dmd2": "DMD2",
    "hyper": "Hyper",
    "turbo": "Turbo",
    "lightning": "Lightning",
}


def rows(registry: Registry) -> list[Row]:
    """Return every model as JSON; configurations of families are left out, as nobody chooses them."""
    return [row(registry, entry) for entry in registry.entries() if entry.kind != "config"]


def row(registry: Registry, entry: ModelEntry) -> Row:
    """Return one model as JSON: what clients are told of it by itself, and what only this machine knows."""
    from foveate_server.models.client_listing import tell

    told = tell([entry], registry.is_available, lambda _: False).listing
    by_itself = {key: value for key, value in asdict(told[0]).items() if key != "operations"} if told else {}
    return {
        **(by_itself or {"name": entry.name, "title": entry.title, "kind": entry.kind}),
        "family": entry.family,
        "available": registry.is_available(entry),
        "license": entry.license,
        "size": entry.size,
        "default": _is_default(registry, entry),
        "sha256": entry.sha256,
        "reference": entry.reference,
        "facts": dict(entry.facts),
    }


def _is_default(registry: Registry, entry: ModelEntry) -> bool:
    return entry.kind in ("restore", "detect", "diffusion") and registry.default(entry.kind).name == entry.name


def table(models: list[Row]) -> Iterator[str]:
    """Return the lines of a list; a star marks what is taken where no model is named. Servers tell no sizes."""
    names = max([len(model["name"]) for model in models], default=0)
    for model in models:
        state = "ready" if model["available"] else "fetched at first use"
        mark = "*" if model.get("default") else " "
        kind = _KINDS.get(model["kind"], model["kind"])
        about = f"{kind:11} {model['family']:6} {size(model['size']) if 'size' in model else '':>8}"
        yield f"{mark} {model['name']:{names}} {about}  {state:21} {model['title']}"


def added(entry: ModelEntry) -> Iterator[str]:
    """Return what to say of a model that was just added."""
    from foveate_server.models.adding.make_entry import listed

    yield f"{entry.name}: {_KINDS[entry.kind]}, {entry.title}, {size(entry.size)}."
    if entry.license:
        yield f"Its licence: {entry.license}."
    missing = _texts(entry.facts.get("missing"))
    if missing:
        yield f"It comes without {listed(missing)}: that is taken from {entry.reference}."
    words = ", ".join(_texts(entry.facts.get("trigger_words")))
    if entry.kind == "restore":
        yield f"It enlarges {entry.scale} times. Use it with --model {entry.name}."
    elif entry.kind == "diffusion":
        yield f"Use it with --model {entry.name}, or make it the default: foveate models default {entry.name}"
    elif entry.kind == "lora":
        yield f"Use it with --lora {entry.name}" + (f"; it listens to: {words}." if words else ".")
        if left_out := _embeddings(entry.facts):
            yield f"It leaves out {left_out} in the same file: add it as a file of its own."
    elif entry.kind == "embedding":
        yield f"Use it with --embedding {entry.name}, and its word in the prompt: {entry.name}"
    elif entry.kind == "vae":
        yield f"Use it with --vae {entry.name}."
    elif entry.kind == "preview":
        yield _of_preview(entry)


def _of_preview(entry: ModelEntry) -> str:
    from foveate_server.families.registry import families
    from foveate_server.models.compatibility import fitting_families

    titles = [families()[name].title for name in fitting_families(entry)]
    if entry.family:
        return f"Checkpoints of {' and '.join(titles)} show with it what they are making, by themselves."
    *others, last = titles
    return f"Which of {', '.join(others)} and {last} it was made for shows in its colours when it is first used."


def inspection(registry: Registry, entry: ModelEntry) -> Row:
    """Return all that is known of a model as JSON, and which of the models here it fits."""
    from foveate_server.models.compatibility import misfit
    from foveate_server.models.entry import ADDITIONS

    fits, misfits = [], {}
    for other in registry.entries():
        addition, checkpoint = (entry, other) if other.kind == "diffusion" else (other, entry)
        if checkpoint.kind == "diffusion" and addition.kind in ADDITIONS:
            reason = misfit(addition, checkpoint)
            if reason:
                misfits[other.name] = reason
            else:
                fits.append(other.name)
    return {**row(registry, entry), "fits_here": fits, "misfits": misfits}


def inspection_lines(told: Row) -> Iterator[str]:
    """Return what :func:`inspection` found, for a person."""
    facts = told["facts"]
    yield f"{told['name']}: {_KINDS[told['kind']]}, {told['title']}"
    named = {
        "Family": _family(told),
        "Base": facts.get("base", ""),
        "Precision": facts.get("precision", ""),
        "Size": size(told["size"]),
        "Few steps": _few_steps(facts),
        "Predicts": {"epsilon": "noise", "v": "v", "flow": "flow"}.get(facts.get("prediction", ""), ""),
        "Lacks": ", ".join(_texts(facts.get("missing"))),
        "Configured by": told["reference"],
        "Rank": facts.get("rank", ""),
        "Changes": ", ".join(_texts(facts.get("targets"))),
        "Leaves out": _embeddings(facts),
        "Vectors": facts.get("vectors", ""),
        "Listens to": ", ".join(_texts(facts.get("trigger_words"))),
        "Licence": told["license"],
        "SHA-256": told["sha256"],
        "Fits": ", ".join(told["fits_here"]),
    }
    for label, value in named.items():
        if value not in ("", None):
            yield f"  {label + ':':15}{value}"
    for reason in told["misfits"].values():
        yield f"  Not: {reason}"


def _family(told: Row) -> str:
    from foveate_server.families.registry import families

    if told["family"]:
        return families()[told["family"]].title
    return "" if told["kind"] == "restore" else "not told by its shapes"


def size(count: int) -> str:
    """Return bytes for a person: "6.9 GB"."""
    for unit, factor in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if count >= factor:
            return f"{count / factor:.1f} {unit}"
    return f"{count} B"


def _few_steps(facts: Mapping[str, Any]) -> str:
    variant = facts.get("variant", "")
    if not variant:
        return ""
    named = _VARIANTS.get(variant, variant)
    return f"{named}, {facts['steps']} steps" if facts.get("steps") else named


def _embeddings(facts: Mapping[str, Any]) -> str:
    """Return what is told of the embeddings in a LoRA's file."""
    words = _texts(facts.get("bundled_words"))
    return f"the embedding {', '.join(words)}" if words else ""


def _texts(value: object) -> list[str]:
    return [str(part) for part in value] if isinstance(value, list) else []
