"""What the server and a worker say to each other: one JSON object per line, with the message's class as its type.

Orders go down the worker's stdin; the end of that stream means that the server is gone and the worker ends at once.
Reports come back on what the worker was started with as stdout. Where a task gives way, another runs inside of it, to
its end: so a report is about the task that began last, of those that have not ended.
"""

from __future__ import annotations

import json
import typing
from dataclasses import dataclass, field
from typing import Any

from foveate_server import json_records
from foveate_server.operations.contract import ItemResult
from foveate_server.tasks.item_task import Task, TaskEvent
from foveate_shared.errors import ErrorInfo
from foveate_shared.wire.protocol import JsonObject

OPERATIONS = "foveate_server.operations.registry:operations"


@dataclass(frozen=True)
class Launch:
    """The first order: what to be."""

    engine: str  # "package.module:function", called with `options`
    options: JsonObject = field(default_factory=dict)
    operations: str = OPERATIONS  # "package.module:function" that returns the operations by name
    heartbeat_seconds: float = 1.0  # a running item gives a sign of life at most so often
    start_seconds: float = 0.0  # see EngineSpec.start_seconds
    preload: bool = False  # build the engine before the first task asks for it


@dataclass(frozen=True)
class RunTask:
    """Run a task. Only when the one before has ended, or inside of that one, its `host`, when it gives way.

    Where the host ends before it gave way, the order is void.
    """

    task: Task
    host: str = ""  # the key of the task that shall give way


@dataclass(frozen=True)
class CancelTask:
    """End the task soon, unless it has ended already."""

    key: str


@dataclass(frozen=True)
class ReleaseMemory:
    """Give the device's memory back, when no task runs."""


@dataclass(frozen=True)
class Ready:
    """The answer to launch."""


@dataclass(frozen=True)
class Alive:
    """A sign of life of the running task."""


@dataclass(frozen=True)
class Released:
    """The device's memory is given back."""


@dataclass(frozen=True)
class Memory:
    """How much memory the worker holds, in bytes, out of how much there is. Comes before the end of each task."""

    used: int
    total: int


@dataclass(frozen=True)
class TaskFinished:
    """The task came to its end."""

    result: ItemResult


@dataclass(frozen=True)
class TaskFailed:
    """The task ended without a result."""

    error: ErrorInfo


Order = Launch | RunTask | CancelTask | ReleaseMemory
Report = Ready | Alive | Released | Memory | TaskEvent | TaskFinished | TaskFailed


_ORDERS: dict[str, type[Any]] = {cls.__name__: cls for cls in typing.get_args(Order)}
_REPORTS: dict[str, type[Any]] = {cls.__name__: cls for cls in typing.get_args(Report)}


def encode(message: Order | Report) -> bytes:
    """Return the line of `message`, with its end. Raises ValueError or TypeError for what JSON cannot carry."""
    return f"{json_records.dumps({type(message).__name__: message})}\n".encode("ascii")


def decode_order(line: bytes) -> Order:
    """Return the order of a line. Raises ValueError where it is none."""
    order: Order = _decode(line, _ORDERS)
    return order


def decode_report(line: bytes) -> Report:
    """Return the report of a line. Raises ValueError where it is none."""
    report: Report = _decode(line, _REPORTS)
    return report


def _decode(line: bytes, classes: dict[str, type[Any]]) -> Any:
    try:
        ((name, value),) = json.loads(line).items()
        return json_records.from_json(classes[name], value)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{line[:80]!r} is no message of a worker") from error
