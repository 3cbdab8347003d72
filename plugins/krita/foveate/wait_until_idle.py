"""Use a document only while it is open and Krita has no work with it, and never wait for that in the main thread.

`Document.waitForDone` would end the stroke that the person is painting, and stand still until all is drawn.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ._shared import errors

LONGEST_WAIT = 60.0  # seconds, for a stroke or a filter of the person


def is_open(krita: Any, document: Any) -> bool:
    """Tell whether a document that the person opened is still open: Krita's own list, as its objects outlive it."""
    return any(found == document for found in krita.Krita.instance().documents())


def until_idle(krita: Any, document: Any, *, shown: bool = True) -> Iterator[None]:
    """Yield until Krita has no work with a document. Raises InputError where one that is `shown` is closed."""
    until = time.monotonic() + LONGEST_WAIT
    while True:
        if shown and not is_open(krita, document):
            raise errors.InputError(
                "The image is closed.",
                code=errors.ErrorCode.CONFLICT,
                remedy="Open it again, then apply; or apply now, and a copy of it opens with the result in it.",
            )
        if document.tryBarrierLock():
            document.unlock()
            return
        if time.monotonic() > until:
            raise errors.InputError(
                "Krita is busy with the image, so the result was not applied.",
                code=errors.ErrorCode.CONFLICT,
                remedy="Finish what Krita is doing, then apply it.",
            )
        yield


@contextmanager
def dropped_after(document: Any) -> Iterator[Any]:
    """Give a document that nobody sees, and close it."""
    try:
        yield document
    finally:
        drop(document)


def drop(document: Any) -> None:
    """Close a document that nobody saw, once Krita has no work with it any more."""
    document.waitForDone()
    document.setModified(False)
    document.close()
