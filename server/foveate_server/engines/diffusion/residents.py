"""Checkpoints in memory: as many as a budget allows, and the least recently used one leaves."""

from __future__ import annotations

import gc
from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass

from foveate_server.engines.diffusion.additions import Wardrobe
from foveate_server.engines.diffusion.denoiser import PipelineDenoiser


@dataclass(frozen=True)
class Resident:
    """A loaded checkpoint."""

    denoiser: PipelineDenoiser
    wardrobe: Wardrobe
    size: int  # bytes of its weights


class Residents:
    """The loaded checkpoints of one device. A single one may exceed the budget."""

    def __init__(self, budget: int) -> None:
        """`budget` is in bytes."""
        self._budget = budget
        self._all: OrderedDict[Hashable, Resident] = OrderedDict()  # the most recently used one last

    def get(self, key: Hashable) -> Resident | None:
        """Return the checkpoint known by `key`, which counts as used."""
        if key in self._all:
            self._all.move_to_end(key)
        return self._all.get(key)

    def make_room(self, size: int) -> None:
        """Let checkpoints go until another one of `size` bytes fits in, or none is left."""
        while self._all and sum(resident.size for resident in self._all.values()) + size > self._budget:
            self._all.popitem(last=False)
            gc.collect()  # modules and hooks refer to each other

    def add(self, key: Hashable, resident: Resident) -> None:
        """Keep `resident`; see :meth:`make_room`."""
        self._all[key] = resident

    def all(self) -> list[Resident]:
        """Return them, the most recently used one first."""
        return list(reversed(self._all.values()))

    def clear(self) -> None:
        """Let all of them go."""
        self._all.clear()
        gc.collect()
