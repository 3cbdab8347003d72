"""Results that were applied and undone: whoever tries one variation after the other wants them back.

Redo brings an image back only until something else is done; the result itself is kept, as long as there is room.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ..jobs.host import Result
from ..jobs.job_list import JobEntry

KEPT_BYTES = 1 << 29  # of results that were applied


def is_undone(entry: JobEntry) -> bool:
    """Tell whether a result was applied, its layer or image is gone, and it can be had again."""
    result = entry.flow.result
    return entry.is_applied and result is not None and bool(result.patches) and entry.host.is_undone


def forget_oldest(entries: Sequence[JobEntry], most: int = KEPT_BYTES) -> None:
    """Forget pixels of results that were applied, where those of newer ones (`entries` begin with them) fill the room.

    Their recipes are kept.
    """
    room = most
    for entry in entries:
        result = entry.flow.result
        if entry.is_applied and result is not None:
            room -= _size(result)
            if room < 0:
                entry.flow.result = replace(result, patches=())


def _size(result: Result) -> int:
    images = (image for patch in result.patches for image in (patch.pixels, patch.coverage))
    return sum(len(image.data) for image in images if image is not None)
