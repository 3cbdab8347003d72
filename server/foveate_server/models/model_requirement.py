"""Which models an operation takes, said by what models are and can do: no model is known by the names of operations."""

from __future__ import annotations

from dataclasses import dataclass

from foveate_shared.wire.protocol import DETECT, DIFFUSION, RESTORE


@dataclass(frozen=True)
class ModelRequirement:
    """Models of a kind that an operation can work with."""

    kind: str  # see foveate_server.models.entry.KINDS
    least_scale: int = 1  # output pixels per input pixel, along one axis
    capabilities: frozenset[str] = frozenset()  # all of which a checkpoint's family must have: see families.family

    def is_met(self, kind: str, scale: int, capabilities: frozenset[str]) -> bool:
        """Tell whether a model of this kind and scale, which can do all this, is taken."""
        return kind == self.kind and scale >= self.least_scale and self.capabilities <= capabilities


RESTORERS = ModelRequirement(RESTORE)  # of any scale: what is soft becomes clear
ENLARGERS = ModelRequirement(RESTORE, least_scale=2)  # restorers whose result is larger
DETECTORS = ModelRequirement(DETECT)


def checkpoints(*capabilities: str) -> ModelRequirement:
    """Return the requirement of checkpoints whose families have all of `capabilities`."""
    return ModelRequirement(DIFFUSION, capabilities=frozenset(capabilities))
