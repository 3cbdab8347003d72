"""An item's window, the part of the document that it answers for, and the patches that it sends."""

from __future__ import annotations

from dataclasses import dataclass

from foveate_server.imaging import mask
from foveate_server.imaging.samples import FloatArray
from foveate_server.operations.contract import Context, Item, JobRequest, WindowData
from foveate_server.operations.document import window_pixels
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


@dataclass(frozen=True)
class PatchSender:
    """Where an item's patches go: a window of the document."""

    request: JobRequest
    window: WindowData
    context: Context

    def send(self, core: Bounds, working: FloatArray, coverage: FloatArray) -> bool:
        """Send what of `core` (document pixels) is covered as a patch; tell whether there was anything.

        `working` (height, width, 3) and `coverage` (height, width) cover the window.
        """
        bounds = self.window.bounds
        covered = mask.covered_bounds(coverage, bounds).intersect(core)
        if covered.is_empty:
            return False
        pixels = window_pixels.write(self.request, window_pixels.cut(working, covered, bounds), self.window, covered)
        part = window_pixels.cut(coverage, covered, bounds)
        self.context.patch(covered, pixels, window_pixels.encode_coverage(self.request, part))
        return True

    def send_original(self, core: Bounds) -> None:
        """Send `core` (document pixels) as it came, byte for byte."""
        coverage = window_pixels.cut(window_pixels.selected(self.request, self.window), core, self.window.bounds)
        pixels = window_pixels.original(self.request, self.window, core)
        self.context.patch(core, pixels, window_pixels.encode_coverage(self.request, coverage))
