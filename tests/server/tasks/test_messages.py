"""Messages between server and worker come back equal, and nothing else is taken for one."""

from pathlib import Path

import pytest

from foveate_server.operations.contract import ItemResult
from foveate_server.tasks import messages
from foveate_server.tasks.item_task import (
    TaskFile,
    TaskNote,
    TaskPatch,
    TaskPreview,
    TaskProgress,
    TaskReport,
    TaskSelection,
)
from foveate_shared.errors import ErrorCode, ErrorInfo, Fault
from foveate_shared.geometry import Bounds, Extent
from foveate_shared.pixels import COVERAGE_U8
from foveate_shared.wire.protocol import Outcome

ORDERS = [
    messages.Launch("package:create", {"device": "cpu", "nested": {"a": [1, None]}}, preload=True),
    messages.CancelTask("job/item"),
    messages.ReleaseMemory(),
]
REPORTS = [
    messages.Ready(),
    messages.Alive(),
    messages.Released(),
    TaskProgress("restoring", 0.5, 1, 2),
    TaskNote("Ein Satz – mit Strich\nund Zeile."),
    TaskPreview(Bounds(1, 2, 3, 4), Extent(1, 1), b"\x00\xff\n"),
    TaskPatch(Bounds(0, 0, 1, 1), Path("a b"), None, None),
    TaskSelection(Bounds(1, 2, 3, 4), Path("a"), COVERAGE_U8),
    TaskReport({"mean": 0.5, "faces": []}, Path("a"), Extent(2, 1)),
    TaskReport({}, None, None),
    TaskFile("Tiefe 1.csv", "text/csv", Path("a")),
    TaskPatch(Bounds(-1, 0, 1, 1), Path("a"), Path("ü"), COVERAGE_U8),
    messages.TaskFinished(ItemResult(Outcome("item", "kept", "Left as it was.", {"faces": []}))),
    messages.TaskFailed(ErrorInfo(ErrorCode.OUT_OF_MEMORY, "No memory.", "Buy some.", Fault.MACHINE)),
]


@pytest.mark.parametrize("order", ORDERS, ids=lambda order: type(order).__name__)
def test_orders_come_back_equal(order):
    line = messages.encode(order)
    assert line.count(b"\n") == 1
    assert messages.decode_order(line) == order


@pytest.mark.parametrize("report", REPORTS, ids=lambda report: type(report).__name__)
def test_reports_come_back_equal(report):
    line = messages.encode(report)
    assert line.count(b"\n") == 1
    assert messages.decode_report(line) == report


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
        messages.decode_report(line)


def test_orders_are_no_reports():
    with pytest.raises(ValueError, match="no message"):
        messages.decode_report(messages.encode(ORDERS[0]))
    with pytest.raises(ValueError, match="no message"):
        messages.decode_order(messages.encode(REPORTS[0]))
