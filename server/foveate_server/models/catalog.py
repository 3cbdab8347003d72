"""The models at one moment, in one value: what clients are told of them, and what jobs look up."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from foveate_server.models.entry import ModelEntry
from foveate_server.models.find_by_hash import Pin, local_names
from foveate_server.models.model_requirement import ModelRequirement
from foveate_shared.wire.protocol import JsonObject, ModelInfo

_OWN_NETWORKS = ("rrdbnet", "srvgg")  # all of them convolve at one resolution
_X4PLUS_SIZE = 33_424_520  # bytes, in half precision: see the manifest


@dataclass(frozen=True)
class CatalogModel:
    """A model: what clients are told of it, and what is known of its files."""

    info: ModelInfo
    entry: ModelEntry | None = None  # None: it has no files, as those of the deterministic engine
    capabilities: frozenset[str] = frozenset()  # of a checkpoint: see families.family

    def __post_init__(self) -> None:
        if self.entry is not None and self.entry.name != self.info.name:
            raise ValueError(f"{self.info.name} would be told with the facts of {self.entry.name}")

    @property
    def facts(self) -> JsonObject:
        """Return what inspection found of its files."""
        return self.entry.facts if self.entry is not None else {}

    @property
    def usual_pace(self) -> float:
        """Return about how long it takes, relative to what operations.costs tells: to Real-ESRGAN x4plus.

        The time of a network of our own goes with its weights, and so with the size of its file. 1 where that file is
        larger, since it may have them in single precision, and for all other models.
        """
        if self.entry is None or self.entry.architecture not in _OWN_NETWORKS:
            return 1.0
        return min(1.0, self.entry.size / _X4PLUS_SIZE)

    def meets(self, requirement: ModelRequirement) -> bool:
        """Tell whether an operation with such a requirement takes it."""
        return requirement.is_met(self.info.kind, self.info.scale, self.capabilities)


@dataclass(frozen=True)
class Catalog:
    """All models, in the order in which clients see them: the default of each kind before all others of that kind."""

    models: tuple[CatalogModel, ...] = ()

    @cached_property
    def listing(self) -> tuple[ModelInfo, ...]:
        """Return what clients are told."""
        return tuple(model.info for model in self.models)

    @cached_property
    def by_name(self) -> Mapping[str, CatalogModel]:
        """Return all models by their names."""
        return {model.info.name: model for model in self.models}

    def of_kind(self, kind: str) -> dict[str, ModelInfo]:
        """Return the models of `kind` by name, the default first."""
        return {info.name: info for info in self.listing if info.kind == kind}

    def for_operation(self, operation: str, *kinds: str) -> list[ModelInfo]:
        """Return the models of these kinds that can do `operation`; of each kind, the default first."""
        return [info for info in self.listing if operation in info.operations and info.kind in kinds]

    @property
    def has_files(self) -> bool:
        """Tell whether any of the models has files, and so a hash."""
        return any(model.entry is not None for model in self.models)

    def by_hash(self, pins: Sequence[Pin]) -> dict[Pin, str]:
        """Return what each of `pins` is called here, which may be another name than in the recipe.

        Raises InputError, with the names and hashes of all that is missing, where any is.
        """
        return local_names([model.entry for model in self.models if model.entry is not None], pins)

    def told(self, tell: Callable[[CatalogModel], ModelInfo]) -> Catalog:
        """Return the same models, of each of which clients are told what `tell` says."""
        return Catalog(tuple(replace(model, info=tell(model)) for model in self.models))

    def serving(self, operations: Mapping[str, Sequence[ModelRequirement]]) -> Catalog:
        """Return the same models, each told with those of `operations` of whose requirements it meets one."""
        return self.told(
            lambda model: replace(
                model.info,
                operations=tuple(
                    name for name, requirements in operations.items() if any(map(model.meets, requirements))
                ),
            )
        )


LookUp = Callable[[], Catalog]  # looks at the models anew: may look at the disk, so it is called in a thread
