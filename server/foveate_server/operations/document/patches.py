"""An item's window, and the part of the document that it answers for."""

from __future__ import annotations

from foveate_server.operations.contract import Item, JobRequest
from foveate_shared.geometry import Bounds
from foveate_shared.wire.protocol import WindowRequest

PIXELS = "pixels"  # the id of the only window of most items


def window_of(bounds: Bounds, request: JobRequest, *, item: str, coverage: bool = True) -> WindowRequest:
    """Return the wish for `bounds` at their own scale; with the selection's `coverage`, where it has one."""
    return WindowRequest(f"{item}.{PIXELS}", bounds, bounds.extent, coverage=coverage and request.wants_coverage)


def core_of(item: Item, request: JobRequest) -> Bounds:
    """Return the part of the document that an item answers for: all of the region unless it is a tile."""
    core = item.arguments.get("core")
    return Bounds(*(int(edge) for edge in core)) if isinstance(core, list) else request.region  # type: ignore[arg-type]
