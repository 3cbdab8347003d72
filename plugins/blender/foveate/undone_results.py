"""Results that were applied and undone: whoever tries one variation after the other wants them back.

Redo brings an image back only until something else is done; the result itself is kept, as long as there is room.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ._shared import host, job_list

KEPT_BYTES = 1 << 29  # of results that were applied


def is_undone(entry: job_list.JobEntry) -> bool:
    """Tell whether a result was applied, its image is gone, and it can be had again."""
    result = entry.flow.result
    return entry.is_applied and result is not None and bool(result.patches) and entry.host.is_undone


def bring_back(entry: job_list.JobEntry) -> None:
    """Make the image of a result once more. Raises FoveateError where the image that it is part of is gone."""
    entry.host.apply(entry.flow.result)


def forget_oldest(entries: Sequence[job_list.JobEntry], most: int = KEPT_BYTES) -> None:
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


def _size(result: host.Result) -> int:
    images = (image for patch in result.patches for image in (patch.pixels, patch.coverage))
    return sum(len(image.data) for image in images if image is not None)
