"""What jobs work with."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from foveate_server.config.server_config import ServerConfig
from foveate_server.executors.contract import Executor
from foveate_server.models.catalog import LookUp
from foveate_server.operations.operation import Operation
from foveate_server.spool.store import Spool
from foveate_server.status.metrics import Metrics


@dataclass(frozen=True)
class Clocks:
    """Where times come from; tests bring their own."""

    now: Callable[[], float] = time.time  # seconds since the epoch
    monotonic: Callable[[], float] = time.monotonic  # seconds


@dataclass(frozen=True)
class JobDependencies:
    """What a manager works with."""

    config: ServerConfig
    spool: Spool
    executor: Executor
    operations: Mapping[str, Operation[Any]]
    catalog: LookUp
    metrics: Metrics
    version: str  # of Foveate, for recipes
    clocks: Clocks = field(default_factory=Clocks)
    packages: Mapping[str, str] = field(default_factory=dict)  # that brought operations, by the operations' names
