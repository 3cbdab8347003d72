"""What jobs work with."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from foveate_server.config.server_config import ServerConfig
from foveate_server.executors.contract import Executor
from foveate_server.models.entry import ModelEntry
from foveate_server.operations.contract import Operation
from foveate_server.spool.store import Spool
from foveate_server.status.metrics import Metrics
from foveate_shared.wire.protocol import ModelInfo


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
    operations: Mapping[str, Operation]
    models: Callable[[], Sequence[ModelInfo]]  # may look at the disk: called in a thread
    metrics: Metrics
    version: str  # of Foveate, for recipes
    clocks: Clocks = field(default_factory=Clocks)
    entries: Callable[[], Sequence[ModelEntry]] = tuple  # likewise: of the models that have files
