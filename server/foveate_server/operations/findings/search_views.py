"""How the document is looked at to find faces: all of it at a small scale, and, where it is large, closely in tiles."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

from foveate_server.imaging.crop import context_margin, require_region
from foveate_server.operations.contract import JobRequest
from foveate_shared.geometry import Bounds, Extent, tiles

PREVIEW_SIDE = 1600  # pixels, long side of the first look
_PREVIEW_REACH = 1.4  # reduced by up to this much, the first look still shows faces of 16 pixels
TILE_SIDE = 2048  # pixels of a closer look, overlap included
_LARGEST_COUNT = 64  # of closer looks: a larger document is looked at less closely
_FACE_IN_PREVIEW = 24  # pixels: faces of this size are found in the first look for certain


@dataclass(frozen=True)
class SearchView:
    """One look at the document."""

    bounds: Bounds  # document pixels
    extent: Extent  # at which they are seen


def plan_views(request: JobRequest) -> list[SearchView]:
    """Return all looks, the widest first. Raises InputError for a region that is empty or not in the document."""
    area = searched(request)
    longest = max(area.width, area.height)
    reduction = max(1.0, longest / PREVIEW_SIDE)
    views = [SearchView(area, area.extent.scaled(1 / reduction))]
    if reduction > _PREVIEW_REACH:
        views += _close_views(area, overlap=ceil(_FACE_IN_PREVIEW * reduction))
    return views


def searched(request: JobRequest) -> Bounds:
    """Return where faces are looked for: in the region and, as faces are cut by its edges, around it."""
    require_region(request.region, request.extent)
    return request.region.pad(context_margin(request.region)).clamp(request.extent)


def _close_views(area: Bounds, overlap: int) -> list[SearchView]:
    reduction = 1.0
    while True:
        side = max(overlap, round(TILE_SIDE * reduction) - overlap)
        cores = tiles(area, Extent(side, side))
        if len(cores) <= _LARGEST_COUNT:
            break
        reduction *= 1.25
    whole = Extent(area.right, area.bottom)
    seen = [core.pad(ceil(overlap / 2)).clamp(whole).intersect(area) for core in cores]
    return [SearchView(bounds, bounds.extent.scaled(1 / reduction)) for bounds in seen]
