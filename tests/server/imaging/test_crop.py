import pytest
from hypothesis import given
from hypothesis import strategies as st

from foveate_server.imaging.crop import context_margin, context_window, require_region
from foveate_shared.errors import ErrorCode, InputError
from foveate_shared.geometry import Bounds, Extent

SIDES = st.integers(1, 5000)


@st.composite
def regions(draw):
    document = Extent(draw(SIDES), draw(SIDES))
    x, y = draw(st.integers(0, document.width - 1)), draw(st.integers(0, document.height - 1))
    width = draw(st.integers(1, document.width - x))
    return Bounds(x, y, width, draw(st.integers(1, document.height - y))), document


@given(regions(), st.integers(0, 1024))
def test_the_window_holds_the_region_within_the_document(case, minimum):
    region, document = case
    window = context_window(region, document, minimum=minimum)
    assert window.contains(region)
    assert document.bounds.contains(window)


@given(regions(), st.integers(0, 1024))
def test_there_is_context_wherever_the_document_has_some(case, minimum):
    region, document = case
    window = context_window(region, document, minimum=minimum)
    margin = context_margin(region)
    assert window.width >= min(document.width, max(minimum, region.width + 2 * margin))
    assert window.height >= min(document.height, max(minimum, region.height + 2 * margin))


@pytest.mark.parametrize(
    ("region", "window"),
    [
        (Bounds(400, 400, 100, 100), Bounds(350, 350, 200, 200)),  # half of the mean side all around
        (Bounds(0, 0, 100, 100), Bounds(0, 0, 200, 200)),  # at a corner it shifts inwards
        (Bounds(900, 400, 100, 100), Bounds(800, 350, 200, 200)),
        (Bounds(100, 500, 800, 10), Bounds(0, 204, 1000, 602)),  # long and thin: at least half as high as long
    ],
)
def test_windows_of_typical_regions(region, window):
    assert context_window(region, Extent(1000, 1000)) == window


@pytest.mark.parametrize("region", [Bounds(5, 5, 0, 3), Bounds(-1, 0, 4, 4), Bounds(8, 8, 3, 1)])
def test_impossible_regions_are_refused(region):
    with pytest.raises(InputError) as caught:
        require_region(region, Extent(10, 10))
    assert caught.value.info.code is ErrorCode.INVALID_REGION
    assert caught.value.info.remedy
