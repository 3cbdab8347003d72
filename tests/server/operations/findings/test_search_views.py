from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from foveate_server.operations.contract import JobRequest
from foveate_server.operations.findings.search_views import plan_views, searched
from foveate_shared.geometry import Bounds, Extent
from foveate_shared.pixels import Channels, PixelFormat, SampleType
from foveate_shared.wire.protocol import Selection


def request_of(width, height, region=None):
    selection = None if region is None else Selection(Bounds(*region))
    pixels = PixelFormat(SampleType.U8, Channels.RGB)
    return JobRequest("detect", {}, Extent(width, height), pixels, "srgb", None, selection)


@settings(max_examples=80)
@given(st.integers(1, 40_000), st.integers(1, 40_000))
def test_the_first_look_shows_all_and_the_others_cover_all_with_overlap(width, height) -> None:
    views = plan_views(request_of(width, height))
    first, closer = views[0], views[1:]
    assert first.bounds == Bounds(0, 0, width, height)
    assert max(first.extent.width, first.extent.height) <= 1600
    assert len(closer) <= 64
    reduction = max(width, height) / 1600
    if reduction <= 1.4:
        assert not closer
        return
    assert sum(view.bounds.area for view in closer) >= width * height
    assert all(Bounds(0, 0, width, height).contains(view.bounds) for view in closer)
    assert all(max(view.extent.width, view.extent.height) <= 2100 for view in closer)
    columns = sorted({(view.bounds.x, view.bounds.right) for view in closer})
    for (_, right), (left, _) in pairwise(columns):
        assert right - left >= 24 * reduction - 2  # a face that the first look may miss is whole in one of them


def test_a_document_of_8192_is_looked_at_at_its_own_scale() -> None:
    closer = plan_views(request_of(8192, 8192))[1:]
    assert all(view.extent == view.bounds.extent for view in closer)
    assert 16 <= len(closer) <= 36


def test_a_small_selection_of_a_large_document_is_one_small_look() -> None:
    (view,) = plan_views(request_of(8192, 8192, (4000, 100, 300, 200)))
    assert view.bounds.area < 600 * 600
    assert view.bounds.contains(Bounds(4000, 100, 300, 200))


def test_faces_at_the_edge_of_the_selection_are_seen_whole() -> None:
    request = request_of(1000, 1000, (0, 500, 200, 100))
    assert searched(request).contains(Bounds(0, 440, 260, 220))
    assert request.extent.bounds.contains(searched(request))
