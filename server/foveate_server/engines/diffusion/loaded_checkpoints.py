"""Checkpoints in memory: as many as a budget allows, and the least recently used one leaves."""

from __future__ import annotations

import gc
from collections import OrderedDict
from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from foveate_server.engines.diffusion.apply_additions import Wardrobe
from foveate_server.engines.diffusion.denoiser import PipelineDenoiser
from foveate_server.engines.diffusion.footprint import Footprint


@dataclass
class Resident:
    """A loaded checkpoint."""

    denoiser: PipelineDenoiser
    wardrobe: Wardrobe
    footprint: Footprint
    settled: bool = False  # all of it is on the device; only the engine changes that
    runs: int = 0  # that are under way with it, of which all but one gave way

    @property
    def size(self) -> int:
        """Return the bytes of its weights."""
        return self.footprint.weights

    def settle(self, *, on_device: bool) -> None:
        """Have all of it on the device, or let its parts wait in main memory until each is needed."""
        if on_device != self.settled:
            self.denoiser.settle(on_device=on_device)
            self.settled = on_device


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

    @contextmanager
    def in_use(self, resident: Resident) -> Iterator[None]:
        """Keep `resident` as long as a run with it lasts."""
        resident.runs += 1
        try:
            yield
        finally:
            resident.runs -= 1

    def make_room(self, size: int) -> bool:
        """Let checkpoints go until another one of `size` bytes fits in, or none is left; tell whether that is enough.

        It is not where one that is in use is left.
        """
        while sum(resident.size for resident in self._all.values()) + size > self._budget:
            idle = next((key for key, resident in self._all.items() if not resident.runs), None)
            if idle is None:
                return not self._all
            del self._all[idle]
            gc.collect()  # modules and hooks refer to each other
        return True

    def keep_only(self, resident: Resident) -> bool:
        """Let all others go that are not in use; return whether there were any."""
        others = [key for key, other in self._all.items() if other is not resident and not other.runs]
        for key in others:
            del self._all[key]
        gc.collect()
        return bool(others)

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
