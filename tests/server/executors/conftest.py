import asyncio
import contextlib
import uuid
from pathlib import Path

import numpy as np
import pytest

from foveate_server.engines.deterministic.engine import deterministic_spec
from foveate_server.executors.local import LocalExecutor
from foveate_server.executors.worker_slot import WorkerTimeouts
from foveate_server.operations.contract import Item, JobRequest
from foveate_server.tasks.item_task import Task, TaskProgress, WindowFile
from foveate_shared.geometry import Bounds, Extent
from foveate_shared.pixels import Channels, PixelFormat, SampleType

RGB = PixelFormat(SampleType.U8, Channels.RGB)
GRAY = PixelFormat(SampleType.U8, Channels.Y)
EXTENT = Extent(40, 30)
WORKER_ENVIRONMENT = {"PYTHONPATH": str(Path(__file__).parent)}
OPERATIONS = "worker_parts:operations"


class Listener:
    """Collects what a task says; `progress` is set once the engine is at work."""

    def __init__(self):
        self.events = []
        self.progress = asyncio.Event()

    def __call__(self, event):
        self.events.append(event)
        if isinstance(event, TaskProgress) and event.stage != "Getting ready":
            self.progress.set()

    def of(self, cls):
        return [event for event in self.events if isinstance(event, cls)]


@pytest.fixture
def photo():
    return np.random.default_rng(1).integers(0, 256, (EXTENT.height, EXTENT.width, 3), np.uint8)


@pytest.fixture
def make_task(tmp_path, photo):
    """Make a task on `photo`, with its files."""

    def make(operation="enlarge", coverage=None, item="item", **arguments):
        folder = tmp_path / uuid.uuid4().hex
        folder.mkdir()
        (folder / "pixels").write_bytes(photo.tobytes())
        if coverage is not None:
            (folder / "coverage").write_bytes(coverage.tobytes())
        window = WindowFile(
            bounds=Bounds(0, 0, EXTENT.width, EXTENT.height),
            extent=EXTENT,
            pixels=folder / "pixels",
            coverage=None if coverage is None else folder / "coverage",
            coverage_format=None if coverage is None else GRAY,
        )
        output = folder / "out"
        output.mkdir()
        request = JobRequest(operation, {}, EXTENT, RGB, "srgb", icc=b"\0profile\xff", selection=None)
        return Task(str(uuid.uuid4()), request, Item(item, "restoring", (), arguments), {"all": window}, output)

    return make


@pytest.fixture
def executing():
    """Give a context with a started executor on the deterministic engine, or on another one."""

    @contextlib.asynccontextmanager
    async def enter(spec=None, patience=None, devices=("cpu",), **options):
        executor = LocalExecutor(
            spec or deterministic_spec(**options),
            devices=devices,
            patience=patience or WorkerTimeouts(),
            operations=OPERATIONS,
            environment=WORKER_ENVIRONMENT,
        )
        await executor.start()
        try:
            yield executor
        finally:
            await executor.stop()

    return enter


@pytest.fixture
def listen():
    return Listener


@pytest.fixture
def worker_environment():
    return WORKER_ENVIRONMENT
