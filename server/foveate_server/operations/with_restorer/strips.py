"""A region in strips, whose results are those of the whole: a network sees in each all that its result depends on.

Strips come from top to bottom, so that an engine can go on where it was; wide regions are cut into columns first.
"""

from __future__ import annotations

from dataclasses import dataclass

from foveate_server.engines.values import Strip
from foveate_server.operations import costs
from foveate_server.operations.contract import Item, JobRequest, WindowData
from foveate_server.operations.document import patches, window_pixels
from foveate_server.operations.with_restorer.grid import QUARTERS, on_grid
from foveate_server.operations.with_restorer.restorer import STRIP_WIDTH
from foveate_shared.errors import ErrorCode, InputError
from foveate_shared.geometry import Bounds, strips
from foveate_shared.i18n.sentence import Sentence
from foveate_shared.wire.protocol import JsonObject

_NETWORK_HALO = 352  # pixels around a part that its result depends on: 349 of x4plus, exactly; others look less far
STRIP_AREA = 1 << 20  # pixels of a strip: its result is 16 times as large, and nobody waits longer than that takes
MAX_COLUMNS = 8192  # of a region, however low it is
_FOLLOWED = "followed"  # the argument that tells whether another strip of the same column follows


def _weight(core: Bounds, column: list[Bounds]) -> float:
    """Return what a strip costs: the first one shows what it needs of those below, on its way through all layers."""
    lead = _NETWORK_HALO // 2 * ((core is column[0]) - (core is column[-1]))
    return costs.restoring(core.width * max(1, core.height + lead))


@dataclass(frozen=True)
class Cut:
    """How an operation cuts its region. All lengths are in document pixels."""

    request: JobRequest
    margin: int  # around a strip's core: what else of the result is needed
    around: int  # the region: all that any strip sees; what a picture would see that is not cut

    def items(self, *, coverage: bool) -> tuple[Item, ...]:
        """Return one item per strip, with the selection's `coverage` where that is soft.

        Raises InputError where those are more than a server can keep track of.
        """
        region = self.request.region
        if -(-region.width // STRIP_WIDTH) > MAX_COLUMNS:
            raise InputError(
                "A region of {width} x {height} pixels is too wide to be enlarged at once.",
                code=ErrorCode.INVALID_REGION,
                remedy="Select a narrower part; {most:,} pixels are possible.",
                width=region.width,
                height=region.height,
                most=MAX_COLUMNS * STRIP_WIDTH,
            )
        columns = strips(region, STRIP_WIDTH, STRIP_AREA)
        count = sum(map(len, columns))
        items: list[Item] = []
        for column in columns:
            for core in column:
                number = len(items) + 1
                name = f"strip-{number}"
                window = patches.window_of(self._window(core), self.request, item=name, coverage=coverage)
                told: JsonObject = {
                    "core": [core.x, core.y, core.width, core.height],
                    _FOLLOWED: core is not column[-1],
                }
                stage = (
                    "Enlarging"
                    if count == 1
                    else Sentence("Enlarging part {number} of {count}", number=number, count=count)
                )
                items.append(Item(name, stage, (window,), told, weight=_weight(core, column)))
        return tuple(items)

    def strip(self, item: Item, window: WindowData) -> Strip:
        """Return what an item wants of its window."""
        core, bounds = patches.core_of(item, self.request), window.bounds
        wanted = self._padded(core, self.margin).intersect(bounds)
        below = Bounds(core.x, core.bottom, core.width, 1)  # where the next strip's core begins
        again = wanted.bottom - self._padded(below, self.margin).y if item.arguments.get(_FOLLOWED) else None
        return Strip(wanted.relative_to(bounds), bounds.y, again)

    def _window(self, core: Bounds) -> Bounds:
        seen = self._padded(core, self.margin + _NETWORK_HALO + window_pixels.FILLED)
        return seen.intersect(self._padded(self.request.region, self.around))

    def _padded(self, bounds: Bounds, margin: int) -> Bounds:
        document = self.request.extent
        return on_grid(bounds.pad(margin).clamp(document), QUARTERS, document)
