"""Bringing one result into the document: at once, or a moment at a time where the host's main thread must not pause."""

from __future__ import annotations

import time
from collections.abc import Generator

from .document_problems import changed
from .host import Host, Result, StepwiseHost
from .missing_parts import require_whole

STEP_SECONDS = 0.01  # for which a host is at work at a time, where it works step by step


class Applying:
    """One attempt to apply a result; all of it or nothing shows in the document."""

    def __init__(self, host: Host, result: Result, *, check: bool, takes_incomplete: bool) -> None:
        """With `check`, a document that is not what was frozen any more is left alone.

        A new image of which rows are missing is refused, unless the person `takes_incomplete` ones.
        """
        self._steps = _steps(host, result, check, takes_incomplete)
        self._is_stepping = False  # in the middle of a step; editors handle events there, and call us from them

    @property
    def is_stepping(self) -> bool:
        """Tell whether the host is in the middle of a step right now: it is too late to end it."""
        return self._is_stepping

    def go_on(self) -> bool:
        """Apply for a moment; return whether nothing is left to do.

        Raises what the host raises, and InputError (CONFLICT) where the document changed; it is over then.
        """
        if self._is_stepping:
            return False
        until = time.monotonic() + STEP_SECONDS
        self._is_stepping = True
        try:
            for _ in self._steps:
                if time.monotonic() >= until:
                    return False
        finally:
            self._is_stepping = False
        return True

    def close(self) -> None:
        """End it here, with nothing left of it in the document."""
        self._steps.close()


def _steps(host: Host, result: Result, check: bool, takes_incomplete: bool) -> Generator[None, None, None]:
    """Apply the result, in as many steps as the host wants."""
    if not takes_incomplete:
        require_whole(result)
    if isinstance(host, StepwiseHost):
        yield from host.steps(result, check=check)
        return
    if check and not host.is_unchanged():
        raise changed()
    host.apply(result)
