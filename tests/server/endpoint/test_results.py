"""Every kind of result, from a small operation in a worker through the real server and the client's flow to a host."""

import json
from dataclasses import dataclass

import numpy as np
import pytest

from fakes.host import MemoryHost
from fakes.painting import inverted
from fakes.version_2 import DRAWING
from foveate_shared.geometry import Bounds
from foveate_shared.jobs.job_flow import JobState
from foveate_shared.pixels import COVERAGE_U8, Channels, PixelFormat, SampleType
from foveate_shared.wire.protocol import RESULT_KINDS

RGB = PixelFormat(SampleType.U8, Channels.RGB)


@dataclass
class AnyResultHost(MemoryHost):
    """A host that takes whatever there is."""

    result_kinds: tuple[str, ...] = RESULT_KINDS


@pytest.fixture
def result_of(run):
    """Return the result of an operation, as the host got it."""

    def run_once(operation):
        flow, host = run(operation, host=AnyResultHost())
        assert flow.status.state is JobState.DONE, flow.status.error
        (result,) = host.applied
        return host, result

    return run_once


def test_a_selection_is_coverage_without_pixels(result_of):
    host, result = result_of("choose")
    assert (result.kind, result.patches, result.reports, result.files) == ("selection", (), (), ())
    (part,) = result.selection
    assert (part.bounds, part.item, part.coverage.format) == (Bounds(0, 0, 16, 16), "choose", COVERAGE_U8)
    assert bytes(part.coverage.data) == bytes(255 if value > 127 else 0 for value in host.pixels)


def test_a_report_has_data_and_a_drawing(result_of):
    _, result = result_of("measure")
    assert (result.kind, result.patches, result.selection, result.files) == ("report", (), (), ())
    (report,) = result.reports
    assert (report.data, report.item) == ({"mean": 127.5}, "measure")
    assert report.drawing.format == RGB
    assert np.array_equal(np.frombuffer(report.drawing.data, np.uint8).reshape(1, 2, 3), DRAWING)


def test_files_have_names_and_contents(result_of):
    host, result = result_of("export")
    assert (result.kind, result.patches, result.selection, result.reports) == ("files", (), (), ())
    raw, about, nothing = result.files
    assert (raw.name, raw.media_type, bytes(raw.content)) == (
        "raw.bin",
        "application/octet-stream",
        inverted(host.pixels),
    )
    assert json.loads(bytes(about.content)) == {"extent": [16, 16]}
    assert (nothing.name, bytes(nothing.content)) == ("empty.txt", b"")


@pytest.mark.parametrize(
    ("operation", "what"), [("choose", "a selection"), ("measure", "a report"), ("export", "files")]
)
def test_a_host_that_cannot_take_a_kind_says_so(run, operation, what):
    flow, host = run(operation)
    assert flow.status.state is JobState.FAILED
    assert flow.status.error.message == f"This program cannot take {what}, which is what {operation} gives."
    assert flow.status.error.remedy == f"Run it from the command line: foveate {operation}."
    assert (host.applied, host.releases) == ([], 1)


def test_an_operation_that_gives_another_kind_than_it_planned_fails(run):
    flow, _ = run("liar", host=AnyResultHost())
    assert "made another kind of result than it planned" in flow.status.error.message
