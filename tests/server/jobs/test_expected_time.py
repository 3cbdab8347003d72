"""How long a job will take: by its plan, and by how fast jobs of its kind were."""

from dataclasses import replace

import pytest

from foveate_server.jobs.expected_time import ExpectedTime, MeasuredPaces
from foveate_server.models.catalog import CatalogModel
from foveate_server.models.manifest import embedded_entries
from foveate_server.operations.contract import Item, JobRequest, Plan
from foveate_shared.geometry import Extent
from foveate_shared.pixels import Channels, PixelFormat, SampleType
from foveate_shared.wire.protocol import ModelInfo

MODEL = ModelInfo("photo", "Photo", ("refocus",), 4, True)
REQUEST = JobRequest(
    "refocus", {}, Extent(640, 480), PixelFormat(SampleType.U8, Channels.RGB), "srgb", None, None, MODEL
)


def plan(*items, most_work=None):
    return Plan("document", Extent(640, 480), "", items, most_work=most_work)


def item(weight, **more):
    return Item(f"item-{weight}", "", (), weight=weight, **more)


@pytest.mark.parametrize(
    ("planned", "seconds"),
    [
        (plan(item(30.0), item(12.0, brings=8.0)), 50.0),
        (plan(item(1.0, is_survey=True)), None),
        (plan(item(1.0, is_survey=True), most_work=400.0), 400.0),
    ],
)
def test_before_anything_was_measured_it_is_what_was_recorded(planned, seconds):
    assert MeasuredPaces(()).expect(REQUEST, planned) == ExpectedTime(seconds, is_measured=False)


def test_what_was_measured_counts_for_that_operation_and_model():
    paces = MeasuredPaces(())
    paces.measure(REQUEST, 10.0, 5.0)
    assert paces.expect(REQUEST, plan(item(30.0))) == ExpectedTime(15.0, is_measured=True)
    for other in (replace(REQUEST, operation="upscale"), replace(REQUEST, model=None)):
        assert paces.expect(other, plan(item(30.0))) == ExpectedTime(30.0, is_measured=False)
    for _ in range(50):
        paces.measure(REQUEST, 10.0, 1.0)  # the other one was loading, say
    assert paces.expect(REQUEST, plan(item(30.0))).seconds == pytest.approx(3.0)


X4PLUS, ANIME, VIDEO, CENTERFACE = embedded_entries()


@pytest.mark.parametrize(
    ("entry", "seconds"), [(X4PLUS, 100.0), (ANIME, 27.0), (VIDEO, 4.0), (CENTERFACE, 100.0), (None, 100.0)]
)
def test_a_lighter_network_is_not_taken_for_x4plus_before_it_is_timed(entry, seconds):
    paces, model = MeasuredPaces(()), replace(MODEL, name=entry.name) if entry else MODEL
    request = replace(REQUEST, model=model)
    paces.know(CatalogModel(model, entry))
    assert paces.expect(request, plan(item(100.0))) == ExpectedTime(pytest.approx(seconds, rel=0.1))
    paces.measure(request, 10.0, 5.0)
    assert paces.expect(request, plan(item(30.0))) == ExpectedTime(15.0, is_measured=True)


def test_weights_of_packages_are_seconds_only_once_they_are_measured():
    paces = MeasuredPaces({"refocus"})
    assert paces.expect(REQUEST, plan(item(30.0))) == ExpectedTime(None)
    paces.measure(REQUEST, 10.0, 5.0)
    assert paces.expect(REQUEST, plan(item(30.0))).seconds == 15.0


def test_what_weighs_nothing_tells_no_pace():
    paces = MeasuredPaces(())
    paces.measure(REQUEST, 0.0, 2.0)
    assert paces.expect(REQUEST, plan(item(30.0))) == ExpectedTime(30.0)
