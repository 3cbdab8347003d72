"""Finding all faces, or what else a detector finds, view by view; each is an item that passes on what was found."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, cast

from foveate_server import json_records
from foveate_server.engines.contract import Detector, Found
from foveate_server.engines.values import Face, Finding
from foveate_server.imaging.resize import Filter, resize
from foveate_server.operations import costs
from foveate_server.operations.contract import Item, JobRequest
from foveate_server.operations.findings.search_views import SearchView, plan_views
from foveate_server.operations.item_run import ItemRun
from foveate_shared.geometry import Bounds, Extent
from foveate_shared.i18n.sentence import Sentence
from foveate_shared.wire.protocol import JsonObject, WindowRequest

DETECT = "detect"  # the id of the item that looks last, and tells all
_DIGITS = 2  # of coordinates in outcomes


def first_item(request: JobRequest, detector: Detector[Found], *, is_survey: bool) -> Item:
    """Return the item that looks at all of the document; the ones after it follow from :func:`search`.

    `is_survey` tells whether there is more to be done with what is found, see Item.
    """
    return _item(detector, plan_views(request), 0, [], is_survey=is_survey)


def search(run: ItemRun[object], detector: Detector[Found], *, min_score: float) -> tuple[list[Found], Item | None]:
    """Look at the item's view. Return what was found so far, document pixels, numbered order, and the next item."""
    request, arguments = run.request, run.item.arguments
    views = plan_views(request)
    index = int(cast("int", arguments["view"]))
    found = [json_records.from_json(detector.finding, entry) for entry in cast("list[JsonObject]", arguments["found"])]
    wanted = views[index].extent
    image = run.pixels.working
    if run.window.extent != wanted:  # clients may send more than was asked for
        image = resize(image, wanted, Filter.BICUBIC)
    seen = run.engine.detect(detector, image.clip(0, 1), min_score=min_score, ticker=run.context)
    found = merge_views(found, [_in_document(finding, views[index]) for finding in seen])
    if index + 1 < len(views):
        return found, _item(detector, views, index + 1, found, is_survey=run.item.is_survey)
    return numbered(finding for finding in found if is_selected(request, finding)), None


def merge_views(found: Sequence[Found], more: Sequence[Found]) -> list[Found]:
    """Return the findings of an earlier and a later view without duplicates; of two finds the larger box is kept.

    A later view is a tile: what it shows larger was cut off by the earlier tile's edge, if anything.
    """
    kept: list[Found] = []
    for each in sorted((*found, *more), key=lambda each: -_area(each)):
        if not any(_overlap(each, other) > 0.4 * min(_area(each), _area(other)) for other in kept):
            kept.append(each)
    return kept


def numbered(findings: Iterable[Found]) -> list[Found]:
    """Return findings in the order of their numbers: by the left edge of the box, then by the top edge."""
    return sorted(findings, key=lambda each: (each.box[0], each.box[1]))


def is_selected(request: JobRequest, finding: Finding) -> bool:
    """Tell whether the middle of a finding lies in the region. Soft or odd edges within its bounds come later."""
    x, y, width, height = finding.box
    region = request.region
    center_x, center_y = x + width / 2, y + height / 2
    return region.x <= center_x < region.right and region.y <= center_y < region.bottom


def bounds_of(face: Face, document: Extent) -> Bounds:
    """Return the pixels of the document that the face's box touches, at least one."""
    x, y, width, height = face.box
    box = Bounds.from_edges(x, y, x + max(width, 1), y + max(height, 1)).clamp(document)
    return box if not box.is_empty else box.resized_within(Extent(1, 1), document)


def to_json(finding: Finding) -> JsonObject:
    """Return a finding as outcomes show it, in document pixels; json_records reads it back."""
    return {
        **json_records.to_json(finding),
        "box": [round(value, _DIGITS) for value in finding.box],
        "landmarks": [[round(x, _DIGITS), round(y, _DIGITS)] for x, y in finding.landmarks],
        "score": round(finding.score, 4),
    }


def sentence(detector: Detector[Any], count: int) -> str:
    """Say how many findings there are."""
    if count == 0:
        return detector.none
    return Sentence(detector.found, one=detector.found_one, count=count)


def _item(
    detector: Detector[Any], views: Sequence[SearchView], index: int, found: Sequence[Finding], *, is_survey: bool
) -> Item:
    view, is_last = views[index], index == len(views) - 1
    name = DETECT if is_last else f"look-{index + 1}"
    stage = detector.looking if len(views) == 1 else Sentence(detector.looking_part, index=index + 1, count=len(views))
    window = WindowRequest(f"{name}.pixels", view.bounds, view.extent)
    arguments: JsonObject = {"view": index, "found": [to_json(each) for each in found]}
    weight, *later = (costs.detecting(each.extent) for each in views[index:])
    return Item(name, stage, (window,), arguments, weight=weight, brings=sum(later), is_survey=is_survey)


def _in_document(finding: Found, view: SearchView) -> Found:
    scale_x = view.bounds.width / view.extent.width
    scale_y = view.bounds.height / view.extent.height
    return finding.placed(view.bounds.x, view.bounds.y, scale_x, scale_y)


def _area(finding: Finding) -> float:
    return finding.box[2] * finding.box[3]


def _overlap(a: Finding, b: Finding) -> float:
    width = min(a.box[0] + a.box[2], b.box[0] + b.box[2]) - max(a.box[0], b.box[0])
    height = min(a.box[1] + a.box[3], b.box[1] + b.box[3]) - max(a.box[1], b.box[1])
    return max(0.0, width) * max(0.0, height)
