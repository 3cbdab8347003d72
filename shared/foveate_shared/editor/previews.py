"""Which picture a job shows now: what the server shows while it runs, the result while that waits for a yes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar
from weakref import WeakKeyDictionary

from ..jobs.host import Result
from ..jobs.job_list import JobEntry, PreviewPicture

Drawn = TypeVar("Drawn")  # a picture as the editor has them


class Previews(Generic[Drawn]):
    """Draws each picture once. To look at, never to apply."""

    def __init__(
        self,
        draw_unfinished: Callable[[JobEntry, PreviewPicture], Drawn | None],
        draw_result: Callable[[JobEntry, Result], Drawn | None],
    ) -> None:
        self._draw_unfinished = draw_unfinished
        self._draw_result = draw_result
        self._drawn: WeakKeyDictionary[JobEntry, tuple[object, Drawn | None]] = WeakKeyDictionary()

    def of(self, entry: JobEntry) -> Drawn | None:
        """Return an entry's picture, None where there is none."""
        shown: object = entry.preview or (entry.flow.result if entry.waits_for_person else None)
        if shown is None:
            self._drawn.pop(entry, None)
            return None
        known = self._drawn.get(entry)
        if known is None or known[0] is not shown:
            drawn = self._draw_unfinished(entry, shown) if isinstance(shown, PreviewPicture) else None
            if isinstance(shown, Result):
                drawn = self._draw_result(entry, shown)
            known = self._drawn[entry] = shown, drawn
        return known[1]
