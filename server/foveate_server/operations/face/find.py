"""Finding all faces of a document, view by view: each view is an item that passes on what was found so far."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from foveate_server.engines.values import Face
from foveate_server.imaging.resize import Filter, resize
from foveate_server.operations.contract import Item, JobRequest
from foveate_server.operations.face.search_views import SearchView, plan_views
from foveate_server.operations.item_run import ItemRun
from foveate_shared.geometry import Bounds, Extent
from foveate_shared.i18n.sentence import Sentence
from foveate_shared.wire.protocol import JsonObject, WindowRequest

DETECT = "detect"  # the id of the item that looks last, and tells all
_DIGITS = 2  # of coordinates in outcomes


def first_item(request: JobRequest) -> Item:
    """Return the item that looks at all of the document; the ones after it follow from :func:`search`."""
    return _item(plan_views(request), 0, [])


def search(run: ItemRun[object], *, min_score: float) -> tuple[list[Face], Item | None]:
    """Look at the item's view. Return the faces found so far in document pixels, numbered order, and the next item."""
    request, arguments = run.request, run.item.arguments
    views = plan_views(request)
    index = int(cast("int", arguments["view"]))
    found = [from_json(entry) for entry in cast("list[JsonObject]", arguments["found"])]
    wanted = views[index].extent
    image = run.pixels.working
    if run.window.extent != wanted:  # clients may send more than was asked for
        image = resize(image, wanted, Filter.BICUBIC)
    seen = run.engine.detect_faces(image.clip(0, 1), min_score=min_score, ticker=run.context)
    found = merge_views(found, [_in_document(face, views[index]) for face in seen])
    if index + 1 < len(views):
        return found, _item(views, index + 1, found)
    return numbered(face for face in found if is_selected(request, face)), None


def merge_views(found: Sequence[Face], more: Sequence[Face]) -> list[Face]:
    """Return the faces of an earlier and a later view without duplicates; of two finds the larger box is kept.

    A later view is a tile: what it shows larger was cut off by the earlier tile's edge, if anything.
    """
    kept: list[Face] = []
    for face in sorted((*found, *more), key=lambda face: -_area(face)):
        if not any(_overlap(face, other) > 0.4 * min(_area(face), _area(other)) for other in kept):
            kept.append(face)
    return kept


def numbered(faces: Any) -> list[Face]:
    """Return faces in the order of their numbers: by the left edge of the box, then by the top edge."""
    return sorted(faces, key=lambda face: (face.box[0], face.box[1]))


def is_selected(request: JobRequest, face: Face) -> bool:
    """Tell whether the middle of the face lies in the region. Soft or odd edges within its bounds come later."""
    x, y, width, height = face.box
    region = request.region
    center_x, center_y = x + width / 2, y + height / 2
    return region.x <= center_x < region.right and region.y <= center_y < region.bottom


def bounds_of(face: Face, document: Extent) -> Bounds:
    """Return the pixels of the document that the face's box touches, at least one."""
    x, y, width, height = face.box
    box = Bounds.from_edges(x, y, x + max(width, 1), y + max(height, 1)).clamp(document)
    return box if not box.is_empty else box.resized_within(Extent(1, 1), document)


def to_json(face: Face) -> JsonObject:
    """Return a face as outcomes show it, in document pixels."""
    return {
        "box": [round(value, _DIGITS) for value in face.box],
        "landmarks": [[round(x, _DIGITS), round(y, _DIGITS)] for x, y in face.landmarks],
        "score": round(face.score, 4),
    }


def from_json(value: JsonObject) -> Face:
    """Return the face that :func:`to_json` wrote."""
    data = cast("dict[str, Any]", value)
    landmarks = tuple((float(x), float(y)) for x, y in data["landmarks"])
    left, top, width, height = (float(edge) for edge in data["box"])
    return Face((left, top, width, height), landmarks, float(data["score"]))


def sentence(count: int) -> str:
    """Say how many faces there are."""
    if count == 0:
        return "No face was found. A lower certainty may find faces that are small, turned or covered."
    return Sentence("{count} faces were found.", one="1 face was found.", count=count)


def _item(views: Sequence[SearchView], index: int, found: Sequence[Face]) -> Item:
    view, is_last = views[index], index == len(views) - 1
    name = DETECT if is_last else f"look-{index + 1}"
    stage = (
        "Looking for faces"
        if len(views) == 1
        else Sentence("Looking for faces, {index} of {count}", index=index + 1, count=len(views))
    )
    window = WindowRequest(f"{name}.pixels", view.bounds, view.extent)
    arguments: JsonObject = {"view": index, "found": [to_json(face) for face in found]}
    return Item(name, stage, (window,), arguments, weight=1.0)


def _in_document(face: Face, view: SearchView) -> Face:
    scale_x = view.bounds.width / view.extent.width
    scale_y = view.bounds.height / view.extent.height
    x, y, width, height = face.box
    box = (view.bounds.x + x * scale_x, view.bounds.y + y * scale_y, width * scale_x, height * scale_y)
    points = tuple((view.bounds.x + px * scale_x, view.bounds.y + py * scale_y) for px, py in face.landmarks)
    return Face(box, points, face.score)


def _area(face: Face) -> float:
    return face.box[2] * face.box[3]


def _overlap(a: Face, b: Face) -> float:
    width = min(a.box[0] + a.box[2], b.box[0] + b.box[2]) - max(a.box[0], b.box[0])
    height = min(a.box[1] + a.box[3], b.box[1] + b.box[3]) - max(a.box[1], b.box[1])
    return max(0.0, width) * max(0.0, height)
