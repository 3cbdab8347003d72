from __future__ import annotations

from dataclasses import replace
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foveate_server.engines.restoration import rrdbnet, srvgg
from foveate_server.engines.values import Strip
from foveate_server.operations import costs
from foveate_server.operations.contract import Item, JobRequest, WindowData
from foveate_server.operations.document import patches
from foveate_server.operations.upscale import Upscale, cut_of
from foveate_server.operations.with_restorer import enlarger, strips, tile_items
from foveate_server.operations.with_restorer.restorer import STRIP_WIDTH
from foveate_shared.errors import InputError
from foveate_shared.geometry import Bounds, Extent
from foveate_shared.pixels import Channels, PixelFormat, SampleType
from foveate_shared.wire.protocol import Selection

RGB = PixelFormat(SampleType.U8, Channels.RGB)
DOCUMENT = Extent(9001, 7003)


def request(region: Bounds, target: str) -> JobRequest:
    parameters = {"scale": 4, "target": target}
    return JobRequest("upscale", parameters, DOCUMENT, RGB, "srgb", None, Selection(region, has_coverage=False))


def cut_for(asked: JobRequest) -> strips.Cut:
    return cut_of(asked, Upscale.parameters.parse(asked.parameters).size)


@cache
def radius_of_x4plus() -> int:
    return rrdbnet.as_network(rrdbnet.RRDBNet(23, 1, 1)).streaming.radius


def strip_in_document(cut: strips.Cut, item: Item) -> tuple[Bounds, Strip]:
    """Return what an item wants, in document pixels, and as the engine is told."""
    bounds = item.windows[0].bounds
    strip = cut.strip(item, WindowData(bounds, bounds.extent, memoryview(b""), None))
    assert strip.top == bounds.y
    return strip.wanted.moved(bounds.x, bounds.y), strip


@pytest.mark.parametrize("target", ["new", "in-place"])
def test_a_line_that_is_endless_is_refused_at_once(target: str):
    """It has few pixels, and would be a million items."""
    width = strips.MAX_COLUMNS * STRIP_WIDTH
    asked = replace(request(Bounds(0, 0, 1, 1), target), extent=Extent(width + 1, 8), selection=None)
    with pytest.raises(InputError, match=f"{width + 1} x 8 pixels is too wide") as caught:
        cut_for(asked).items(coverage=False)
    assert f"{width:,}" in caught.value.info.remedy
    allowed = replace(asked, extent=Extent(width, 8))
    assert len(cut_for(allowed).items(coverage=False)) == strips.MAX_COLUMNS


@st.composite
def regions(draw: st.DrawFn) -> Bounds:
    x, y = draw(st.integers(0, DOCUMENT.width - 1)), draw(st.integers(0, DOCUMENT.height - 1))
    return Bounds(x, y, draw(st.integers(1, DOCUMENT.width - x)), draw(st.integers(1, DOCUMENT.height - y)))


@pytest.mark.parametrize("target", ["new", "document"])
@given(region=regions())
def test_every_strip_sees_what_its_result_depends_on(target: str, region: Bounds) -> None:
    """And goes on exactly where the one above it in its column ended."""
    asked = request(region, target)
    cut = cut_for(asked)
    margin, around = (tile_items.MARGIN,) * 2 if target == "document" else (42, enlarger.HALO)
    picture = region.pad(around).clamp(DOCUMENT)
    radius = radius_of_x4plus()
    assert radius > srvgg.as_network(srvgg.SRVGGNetCompact()).streaming.radius
    area, previous = 0, None
    for item in cut.items(coverage=False):
        core = patches.core_of(item, asked)
        area += core.area
        assert region.contains(core)
        wanted, strip = strip_in_document(cut, item)
        assert wanted.contains(core.pad(margin).intersect(picture))
        window = item.windows[0].bounds
        assert window.contains(wanted.pad(radius).intersect(picture))
        assert window.area <= (2048 + 2 * 550) * (512 + 2 * 550) or core.width < 2048
        if previous is not None:
            assert previous == (core.x, core.y, wanted.y)
        previous = None if strip.again is None else (core.x, core.bottom, wanted.bottom - strip.again)
    assert previous is None
    assert area == region.area


def test_a_small_region_asks_for_no_more_than_shows() -> None:
    """What a network sees beyond 72 pixels changes less than a level; only where pictures are cut must it be exact."""
    (item,) = cut_for(request(Bounds(4000, 3000, 64, 64), "new")).items(coverage=False)
    assert item.stage == "Enlarging"
    assert item.windows[0].bounds == Bounds(3928, 2928, 208, 208)


def test_items_say_which_part_they_are() -> None:
    items = cut_for(request(Bounds(0, 0, 3000, 1200), "new")).items(coverage=False)
    assert [item.id for item in items] == [f"strip-{number}" for number in range(1, 5)]
    assert items[2].stage == "Enlarging part 3 of 4"
    # All of the region once, whichever strip shows the network what; and what each strip costs at all.
    assert sum(item.weight for item in items) == pytest.approx(costs.restoring(3000 * 1200) + 3 * costs.restoring(0))


def test_coverage_is_asked_for_where_it_is_needed() -> None:
    base = request(Bounds(0, 0, 100, 100), "document")
    soft = JobRequest(**{**vars(base), "selection": Selection(base.region, has_coverage=True)})
    for wanted in (False, True):
        (item,) = cut_for(soft).items(coverage=wanted)
        assert item.windows[0].coverage is wanted


def test_an_item_from_before_strips_followed_each_other_stands_for_itself() -> None:
    """The spool may hold one over an update."""
    asked = request(Bounds(100, 100, 300, 300), "new")
    (item,) = cut_for(asked).items(coverage=False)
    old = Item("strip-1", item.stage, item.windows, {"core": item.arguments["core"]})
    assert strip_in_document(cut_for(asked), old)[1].again is None
