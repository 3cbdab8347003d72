"""What clients are told of models: in the registry's order, the one to take by default first of its kind."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from foveate_server.families.registry import families
from foveate_server.models.catalog import Catalog, CatalogModel
from foveate_server.models.compatibility import fitting_families
from foveate_server.models.entry import ADDITIONS, ModelEntry
from foveate_server.models.training_size import trained_side
from foveate_shared.wire.protocol import DIFFUSION, JsonObject, ModelInfo

_SILENT = ("config",)  # kinds that are no one's choice


def tell(
    entries: Sequence[ModelEntry], is_available: Callable[[ModelEntry], bool], is_default: Callable[[ModelEntry], bool]
) -> Catalog:
    """Return the catalog of `entries`; the default of each kind comes before all others of that kind."""
    told = [entry for entry in entries if entry.kind not in _SILENT]
    for entry in [each for each in told if is_default(each)]:
        first = next(place for place, each in enumerate(told) if each.kind == entry.kind)
        told.remove(entry)
        told.insert(first, entry)
    return Catalog(
        tuple(CatalogModel(_info(entry, available=is_available(entry)), entry, _capabilities(entry)) for entry in told)
    )


def _info(entry: ModelEntry, *, available: bool) -> ModelInfo:
    return ModelInfo(
        entry.name,
        entry.title,
        (),
        entry.scale,
        available,
        entry.license,
        kind=entry.kind,
        family=entry.family,
        fits=fitting_families(entry) if entry.kind in ADDITIONS else (),
        defaults=_defaults(entry),
    )


def _capabilities(entry: ModelEntry) -> frozenset[str]:
    """Return what a checkpoint can do."""
    known = entry.kind == DIFFUSION and entry.family in families()
    return families()[entry.family].capabilities if known else frozenset()


def _defaults(entry: ModelEntry) -> JsonObject:
    """Return what a client can show before a job: see PROTOCOL.md, "Models"."""
    told: JsonObject = {}
    words = entry.facts.get("trigger_words")
    if entry.kind in ("lora", "embedding") and isinstance(words, list) and words:
        told["trigger_words"] = words
    if entry.kind == DIFFUSION and entry.family in families():
        side = trained_side(entry.facts, families()[entry.family].side_for(entry.facts.get("prediction")))
        told["pixels"] = side * side
        steps = entry.facts.get("steps")
        if isinstance(steps, int) and steps > 0:
            told["num_inference_steps"] = steps
    return told
