"""A job manager without a network: one owner's view of it, with the pixels that it sends."""

from __future__ import annotations

import asyncio
import hashlib
import uuid
from contextlib import asynccontextmanager
from dataclasses import replace

import anyio

from fakes.executor import ScriptedExecutor
from fakes.models import catalog_of
from fakes.painting import operations
from foveate_server.config.server_config import ServerConfig
from foveate_server.jobs.dependencies import Clocks, JobDependencies
from foveate_server.jobs.manager import JobManager
from foveate_server.models.catalog import Catalog
from foveate_server.spool.database_rows import Owner
from foveate_server.spool.store import Spool
from foveate_server.status.metrics import Metrics
from foveate_shared.geometry import Bounds, Extent
from foveate_shared.pixels import COVERAGE_U8, Channels, PixelFormat, SampleType
from foveate_shared.wire.codec import decode
from foveate_shared.wire.protocol import (
    FINAL_EVENTS,
    LASTING_EVENTS,
    Blob,
    Document,
    ItemEnded,
    ModelInfo,
    Pixels,
    Profile,
    Selection,
    Submit,
    Window,
    Windows,
)

GRAY = PixelFormat(SampleType.U8, Channels.Y)
EXTENT = Extent(16, 12)
PHOTO = bytes(range(EXTENT.area))  # of the document
ANNA, BERT = Owner("local", "anna"), Owner("local", "bert")
MODELS = (ModelInfo("brush", "Brush", ("paint",), 1, available=True),)


def job_id():
    return str(uuid.uuid4())


def submit_of(
    job=None, *, operation="paint", selection=None, priority=0, extent=EXTENT, space="gray-srgb", **parameters
):
    document = Document(extent, GRAY, Profile(space=space))
    return Submit(job or job_id(), operation, document, selection, parameters, priority)


def crop(bounds, photo=PHOTO, extent=EXTENT):
    rows = (
        photo[y * extent.width + bounds.x : y * extent.width + bounds.right] for y in range(bounds.y, bounds.bottom)
    )
    return b"".join(rows)


def blob_of(data, number=1):
    return Blob(number, len(data), hashlib.sha256(data).hexdigest())


def window_of(job, request, *, coverage=None, first=1):
    data = crop(request.bounds)
    pixels = Pixels(request.bounds.extent, GRAY, blob_of(data, first))
    plane = coverage and Pixels(request.bounds.extent, COVERAGE_U8, blob_of(coverage, first + 1))
    return Window(job, request.id, pixels, plane)


class Watcher:
    """Follows all jobs of an owner; lasting events are read from the spool, as connections do it."""

    def __init__(self, bench, owner):
        self._bench = bench
        self.owner = owner
        self._cursors = {}
        self.events = []  # lasting and fleeting, in order
        self.payloads = {}  # of previews, by seq
        self._news = asyncio.Event()
        self._jobs = {}
        self.closed_jobs = []

    def opened(self, job):
        self._jobs[job.id] = job

    def follows(self, job):
        return job.id in self._jobs

    def stored(self, job):
        if self.follows(job):
            self._news.set()

    def fleeting(self, job, event, payload):
        self.events.append(event)
        self.payloads[event.seq] = payload
        self._news.set()

    def closed(self, job):
        self.closed_jobs.append(job.id)

    def resume(self, job, since=0):
        self._cursors[job.id] = since
        self._jobs[job.id] = job
        self.stored(job)

    def of(self, *classes):
        return [event for event in self.events if isinstance(event, classes)]

    async def read(self):
        for job in self._jobs.values():
            for stored in await self._bench.spool.events(job.number, self._cursors.get(job.id, 0), 1000):
                self._cursors[job.id] = stored.seq
                self.events.append(decode(stored.text, LASTING_EVENTS))

    async def until(self, *classes, job=None, count=1):
        """Wait for so many events of the classes; return the newest."""
        while True:
            self._news.clear()
            await self.read()
            found = [event for event in self.of(*classes) if job in (None, event.job)]
            if len(found) >= count:
                return found[-1]
            await asyncio.wait_for(self._news.wait(), 20)

    async def answer(self, job, *, until=FINAL_EVENTS):
        """Send the windows that are asked for until the job has ended; return its last event."""
        answered = 0
        while True:
            await self.until(Windows, *until, job=job.id, count=answered + 1)
            events = [event for event in self.of(Windows, *until) if event.job == job.id]
            for event in events[answered:]:
                if not isinstance(event, Windows):
                    return event
                for request in event.requests:
                    await self._bench.send(job, request)
            answered = len(events)


def list_catalog() -> Catalog:
    return catalog_of(MODELS)


class Bench:
    """A manager with all its parts."""

    def __init__(self, config, executor, clocks, table):
        self.config = config
        self.executor = executor
        self.spool = Spool(config.spool_dir, config.spool_quota)
        self.metrics = Metrics()
        self.manager = JobManager(
            JobDependencies(
                config,
                self.spool,
                executor,
                table,
                list_catalog,
                self.metrics,
                "0",
                clocks,
            )
        )

    def watch(self, owner=ANNA):
        watcher = Watcher(self, owner)
        self.manager.connect(owner, watcher)
        return watcher

    async def submit(self, submit=None, owner=ANNA, **fields):
        job, _ = await self.manager.submit(owner, submit or submit_of(**fields), {})
        return job

    async def submit_half(self, watcher):
        """Submit a job of two items; return it once the first is done. The second, "i2", goes on for good."""
        self.executor.hold("i2")
        job = await self.submit(items=2)
        for request in (await watcher.until(Windows)).requests:
            await self.send(job, request)
        await watcher.until(ItemEnded)
        return job

    def upload(self, data):
        upload = self.spool.open_upload(len(data))
        upload.write(memoryview(data))
        return upload.finish()

    async def until_stored(self, size):
        """Wait until the spool holds `size` bytes: what nobody needs is wiped in threads, which tells nobody."""
        with anyio.fail_after(60):
            while self.spool.account.used != size:  # noqa: ASYNC110 - there is no event
                await anyio.sleep(0.01)

    async def send(self, job, request, *, coverage=None):
        covered = request.coverage and job.request.wants_coverage
        plane = (coverage or bytes([255]) * request.bounds.area) if covered else None
        window = window_of(job.id, request, coverage=plane)
        await self.manager.deliver(
            job, window, self.upload(crop(request.bounds)), self.upload(plane) if plane else None
        )


@asynccontextmanager
async def bench(folder, executor=None, clocks=None, table=None, **settings):
    """Open the spool in `folder`, and go on with what it holds; `table` has the operations."""
    config = replace(ServerConfig(data_dir=folder / "data"), **settings)
    executor = executor or ScriptedExecutor()
    made = Bench(config, executor, clocks or Clocks(), table or operations())
    try:
        await executor.start()
        await made.manager.start()
        yield made
    finally:
        await made.manager.stop()
        made.spool.close()


def region(x, y, width, height, *, has_coverage=False):
    return Selection(Bounds(x, y, width, height), has_coverage)
