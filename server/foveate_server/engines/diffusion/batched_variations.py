"""Variations of one wish: a device makes several at once in little more time than one, and each waits for its job.

Jobs that differ by their seeds alone name all of these seeds. The first of them to run makes the batch that its seed
lies in; the others find their pictures here. A batch is always the same seeds in the same order, so that a replay of
one of the jobs gives the same bytes.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from dataclasses import dataclass, replace

from foveate_server.engines.diffusion_request import DiffusionRequest
from foveate_server.engines.values import Image
from foveate_shared.wire.protocol import JsonObject

_BUDGET = 512 << 20  # bytes of pictures that may wait


@dataclass(frozen=True)
class Made:
    """Pictures that were made for a request, one per seed, and how many of them at once."""

    seeds: tuple[int, ...]
    images: tuple[Image, ...]
    at_once: int | None = None  # None: as many as there are, alone


class Siblings:
    """Pictures that were made ahead, each until it is asked for; the oldest leave where there are too many."""

    def __init__(self, budget: int = _BUDGET) -> None:
        """`budget` is in bytes."""
        self._budget = budget
        self._waiting: OrderedDict[tuple[str, int], Made] = OrderedDict()

    def take(self, key: str, seed: int) -> Made | None:
        """Return the picture of a seed, which is forgotten then; None where it must be made."""
        return self._waiting.pop((key, seed), None)

    def part(self, key: str, seed: int, made: Made) -> Made:
        """Return the picture of `seed` out of a batch, and let the others wait."""
        for each, image in zip(made.seeds, made.images, strict=True):
            self._waiting[key, each] = Made((each,), (image,), made.at_once)
        wanted = self._waiting.pop((key, seed))
        while sum(waiting.images[0].nbytes for waiting in self._waiting.values()) > self._budget:
            self._waiting.popitem(last=False)
        return wanted

    def clear(self) -> None:
        """Forget all."""
        self._waiting.clear()


def batch_for(request: DiffusionRequest, size: int) -> tuple[int, ...]:
    """Return the seeds that are run for a request: its own, or those of the batch of its siblings that it lies in.

    `size` is how many pictures are made at once.
    """
    if not request.siblings:
        return request.seeds
    first = request.siblings.index(request.seeds[0]) // size * size
    return request.siblings[first : first + size]


def key_of(request: DiffusionRequest, checkpoint: str, additions: JsonObject) -> str:
    """Return what two requests share that differ by their seeds alone.

    `checkpoint` and `additions` are the hashes of what renders: names may come to mean another file.
    """
    pixels = [request.image] if request.mask is None else [request.image, request.mask]
    digests = [hashlib.sha256(each.tobytes()).hexdigest() for each in pixels]
    bare = replace(request, image=request.image[:0, :0], mask=None, seeds=())
    return repr((digests, request.image.shape, bare, checkpoint, additions))
