"""Messages between server and worker come back equal, and nothing else is taken for one."""

from pathlib import Path

import pytest

from foveate_server.executors.base import TaskNote, TaskPatch, TaskPreview, TaskProgress
from foveate_server.operations.base import ItemResult
from foveate_server.worker import link
from foveate_shared.errors import ErrorCode, ErrorInfo, Fault
from foveate_shared.geometry import Bounds, Extent
from foveate_shared.pixels import COVERAGE_U8
from foveate_shared.protocol import Outcome

ORDERS = [
    link.Launch("package:create", {"device": "cpu", "nested": {"a": [1, None]}}, preload=True),
    link.CancelTask("job/item"),
    link.ReleaseMemory(),
]
REPORTS = [
    link.Ready(),
    link.Alive(),
    link.Released(),
    TaskProgress("restoring", 0.5, 1, 2),
    TaskNote("Ein Satz – mit Strich\nund Zeile."),
    TaskPreview(Bounds(1, 2, 3, 4), Extent(1, 1), b"\x00\xff\n"),
    TaskPatch(Bounds(0, 0, 1, 1), Path("a b"), None, None),
    TaskPatch(Bounds(-1, 0, 1, 1), Path("a"), Path("ü"), COVERAGE_U8),
    link.Finished(ItemResult(Outcome("item", "kept", "Left as it was.", {"faces": []}))),
    link.Failed(ErrorInfo(ErrorCode.OUT_OF_MEMORY, "No memory.", "Buy some.", Fault.MACHINE)),
]


@pytest.mark.parametrize("order", ORDERS, ids=lambda order: type(order).__name__)
def test_orders_come_back_equal(order):
    line = link.encode(order)
    assert line.count(b"\n") == 1
    assert link.decode_order(line) == order


@pytest.mark.parametrize("report", REPORTS, ids=lambda report: type(report).__name__)
def test_reports_come_back_equal(report):
    line = link.encode(report)
    assert line.count(b"\n") == 1
    assert link.decode_report(line) == report


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"\n",
        b"[]",
        b"{}",
        b'"Ready"',
        b'{"Ready": 1}',
        b'{"Ready": {}, "Alive": {}}',
        b'{"Task": {}}',
        b"\xff",
        b'{"TaskNote": {}}',
    ],
)
def test_other_lines_are_refused(line):
    with pytest.raises(ValueError, match="no message of a worker"):
        link.decode_report(line)


def test_orders_are_no_reports():
    with pytest.raises(ValueError, match="no message"):
        link.decode_report(link.encode(ORDERS[0]))
    with pytest.raises(ValueError, match="no message"):
        link.decode_order(link.encode(REPORTS[0]))
