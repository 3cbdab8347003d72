"""Our own values survive the way through JSON, and nothing else gets through."""

import math
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foveate_server.json_records import dumps, from_json, loads, to_json
from foveate_server.operations.contract import Item, ItemResult, JobRequest
from foveate_server.tasks.item_task import Task, WindowFile
from foveate_shared.geometry import Bounds, Extent
from foveate_shared.i18n.sentence import Sentence
from foveate_shared.pixels import AlphaMode, Channels, PixelFormat, RowOrder, SampleType
from foveate_shared.wire.protocol import Outcome, Selection, WindowRequest

whole = st.integers(0, 1 << 31)
bounds = st.builds(Bounds, whole, whole, whole, whole)
extents = st.builds(Extent, whole, whole)
formats = st.builds(
    PixelFormat,
    st.sampled_from(SampleType),
    st.sampled_from(Channels),
    st.sampled_from(AlphaMode),
    st.sampled_from(RowOrder),
)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
json_objects = st.dictionaries(st.text(), json_values, max_size=3)
paths = st.text(st.characters(blacklist_characters="\0/", min_codepoint=32), min_size=1).map(Path)
items = st.builds(
    Item,
    id=st.text(),
    stage=st.text(),
    windows=st.lists(st.builds(WindowRequest, st.text(), bounds, extents, st.booleans()), max_size=2).map(tuple),
    arguments=json_objects,
    weight=st.floats(0, 10),
)
requests = st.builds(
    JobRequest,
    operation=st.text(),
    parameters=json_objects,
    extent=extents,
    format=formats,
    space=st.none() | st.text(),
    icc=st.none() | st.binary(),
    selection=st.none() | st.builds(Selection, bounds, st.booleans()),
)
windows = st.builds(WindowFile, bounds, extents, paths, st.none() | paths, st.none() | formats)
tasks = st.builds(Task, st.text(), requests, items, st.dictionaries(st.text(), windows, max_size=2), paths)
outcomes = st.builds(Outcome, st.text(), st.text(), st.text(), json_objects)
results = st.builds(ItemResult, outcomes, st.lists(items, max_size=2).map(tuple), json_objects)


@given(tasks)
def test_tasks_come_back_equal(task):
    line = dumps(task)
    assert line.isascii()
    assert "\n" not in line
    assert loads(line, Task) == task


@given(results)
def test_results_come_back_equal(result):
    assert loads(dumps(result), ItemResult) == result
    assert from_json(ItemResult, to_json(result)) == result


def test_sentences_keep_what_they_are_made_of():
    told = Sentence("{number}: {reason}", number=1, reason=Sentence("No {what}.", what="face"))
    outcome = loads(dumps(Outcome("a", "kept", told)), Outcome)
    assert outcome.message == "1: No face."
    assert outcome.message.as_json() == told.as_json()
    assert type(loads(dumps(Outcome("a", "kept", "No face.")), Outcome).message) is str


def test_numbers_that_are_whole_stay_floats_where_floats_are_declared():
    item = loads('{"id": "a", "stage": "b", "windows": [], "weight": 2}', Item)
    assert isinstance(item.weight, float)


def test_defaults_fill_what_older_files_lack():
    assert loads('{"id": "a", "stage": "b", "windows": []}', Item) == Item("a", "b", ())


@pytest.mark.parametrize("value", [{"a": math.nan}, {"a": math.inf}])
def test_numbers_that_json_lacks_are_refused(value):
    with pytest.raises(ValueError, match="JSON"):
        dumps(value)


@pytest.mark.parametrize("value", [{"a": object()}, {"a": {1, 2}}, {"a": dataclass(type("Class", (), {}))}])
def test_values_that_json_lacks_are_refused(value):
    with pytest.raises(TypeError):
        dumps(value)


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"id": "a"}', '{"id": "a", "stage": "b", "windows": [], "unknown": 1}']
)
def test_other_texts_are_refused(text):
    with pytest.raises((ValueError, TypeError, KeyError, AttributeError)):
        loads(text, Item)
