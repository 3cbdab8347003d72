"""The writer of a connection: order, priorities, and memory that does not grow with what the client does not read."""

import asyncio
from contextlib import asynccontextmanager

from fakes.jobs import ANNA, bench, submit_of
from foveate_server.endpoint.outbox import MAX_REPLIES, QUEUED_BYTES, READ_AHEAD, Outbox
from foveate_shared.geometry import Extent
from foveate_shared.pixels import COVERAGE_U8
from foveate_shared.wire.codec import decode
from foveate_shared.wire.protocol import (
    LASTING_EVENTS,
    SERVER_MESSAGES,
    Blob,
    Cancelled,
    Done,
    Jobs,
    Patch,
    Pixels,
    Preview,
    Progress,
    Window,
    Windows,
)

LARGE = Extent(2048, 2048)


class Wire:
    """Takes frames; lets none through while it is closed."""

    def __init__(self):
        self.frames = []
        self.open = asyncio.Event()
        self.open.set()
        self.news = asyncio.Event()

    async def send(self, frame):
        await self.open.wait()
        self.frames.append(frame)
        self.news.set()

    @property
    def messages(self):
        return [decode(frame, SERVER_MESSAGES) for frame in self.frames if isinstance(frame, str)]

    async def until(self, *classes, count=1):
        while len([message for message in self.messages if isinstance(message, classes)]) < count:
            self.news.clear()
            await asyncio.wait_for(self.news.wait(), 20)


@asynccontextmanager
async def running_outbox(made, receive_window):
    wire = Wire()
    outbox = Outbox(wire.send, made.spool, made.metrics, lambda: None)
    outbox.open(receive_window)
    made.manager.connect(ANNA, outbox)
    task = asyncio.create_task(outbox.run())
    try:
        yield outbox, wire
    finally:
        made.manager.disconnect(ANNA, outbox)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def large_job(made, items):
    """Run a job whose patches have 4 MiB in all, to its end."""
    watcher = made.watch()
    job = await made.submit(submit_of(extent=LARGE, items=items))
    answered = 0
    while not job.ended:
        await watcher.until(Windows, Done, count=answered + 1)
        for event in watcher.of(Windows)[answered:]:
            answered += 1
            for request in event.requests:
                await send_blank(made, job, request)
    await watcher.until(Done)
    return job


async def send_blank(made, job, request):
    size = request.bounds.area
    pixels = Pixels(request.bounds.extent, COVERAGE_U8, Blob(1, size, "0" * 64))
    await made.manager.deliver(job, Window(job.id, request.id, pixels), made.upload(bytes(size)), None)


async def test_who_reads_nothing_costs_no_memory(tmp_path):
    async with bench(tmp_path) as made, running_outbox(made, receive_window=1) as (outbox, wire):
        jobs = [await large_job(made, items=4) for _ in range(6)]  # 24 MiB of patches
        await wire.until(Windows, count=len(jobs))
        assert outbox._sender.queued_bytes <= QUEUED_BYTES + LARGE.area
        assert not any(outbox._feeds[job.number].newest for job in jobs if not outbox._feeds[job.number].ready)
        assert all(len(feed.ready) <= 16 and len(feed.newest) <= 4 for feed in outbox._feeds.values())
        # control goes on all the while
        outbox.post(Jobs(9, ()))
        await wire.until(Jobs)
        # and once there is credit, everything comes
        outbox.grant(1 << 30)
        await wire.until(Done, count=len(jobs))
        await wire.until(Patch, count=24)


async def test_fleeting_events_are_replaced_by_newer_ones(tmp_path):
    async with bench(tmp_path) as made, running_outbox(made, receive_window=1 << 20) as (outbox, wire):
        job = await made.submit()
        await wire.until(Windows)
        wire.open.clear()
        for number in range(1000):
            job.seq += 1
            outbox.fleeting(job, Progress(job.id, job.seq, "painting", number / 1000), b"")
            pixels = Pixels(Extent(2, 1), COVERAGE_U8, Blob(1, 2, "0" * 64))
            outbox.fleeting(job, Preview(job.id, job.seq, Extent(2, 1).bounds, pixels), b"ab")
            await asyncio.sleep(0)
        wire.open.set()
        await wire.until(Preview)
        await wire.until(Progress)
        newest = [message for message in wire.messages if isinstance(message, Progress)][-1]
        assert newest.fraction == 0.999
        assert len(wire.messages) < 20


async def test_a_cancelled_job_s_patches_are_dropped(tmp_path):
    async with bench(tmp_path) as made, running_outbox(made, receive_window=1) as (outbox, wire):
        made.executor.hold("i2")
        watcher = made.watch()
        job = await made.submit(submit_of(extent=LARGE, items=2))
        for request in (await watcher.until(Windows)).requests:
            await send_blank(made, job, request)
        await made.executor.arrived["i2"].wait()
        await wire.until(Patch)
        made.manager.cancel(ANNA, job.id)
        await wire.until(Cancelled)
        assert outbox._sender.queued_bytes == 0


async def test_what_happens_while_the_last_frame_goes_out_is_sent_without_another_reason(tmp_path):
    async with bench(tmp_path) as made, running_outbox(made, receive_window=1 << 20) as (outbox, wire):
        watcher = made.watch()
        first, second = [await made.submit() for _ in range(2)]
        await wire.until(Windows, count=2)

        async def send(frame):
            await wire.send(frame)
            if isinstance(decode(frame, SERVER_MESSAGES), Cancelled) and not second.ended:
                made.manager.cancel(ANNA, second.id)
                await watcher.until(Cancelled, job=second.id)

        outbox._send = send
        made.manager.cancel(ANNA, first.id)
        await wire.until(Cancelled, count=2)


async def test_a_long_history_comes_whole_on_a_connection_where_nothing_else_happens(tmp_path):
    async with bench(tmp_path) as made:
        made.executor.hold("i12")
        watcher = made.watch()
        job = await made.submit(submit_of(items=12))
        answering = asyncio.ensure_future(watcher.answer(job))
        await asyncio.wait_for(made.executor.arrived["i12"].wait(), 20)
        made.manager.cancel(ANNA, job.id)
        await answering
        async with running_outbox(made, receive_window=1 << 20) as (outbox, wire):
            outbox.follow(job, 0)
            await wire.until(Cancelled)
            kept = [event for event in watcher.events if isinstance(event, tuple({*LASTING_EVENTS} - {Patch}))]
            assert wire.messages == kept  # a cancelled job's patches are dropped
            assert len(kept) > READ_AHEAD


async def test_who_does_not_read_replies_is_not_asked_for_more(tmp_path):
    async with bench(tmp_path) as made, running_outbox(made, receive_window=1) as (outbox, wire):
        wire.open.clear()
        for number in range(MAX_REPLIES + 1):
            outbox.post(Jobs(number, ()))
        room = asyncio.ensure_future(outbox.room())
        done, _ = await asyncio.wait((room,), timeout=0.05)
        assert not done
        wire.open.set()
        await asyncio.wait_for(room, 20)
        await wire.until(Jobs, count=MAX_REPLIES + 1)
        assert [message.request for message in wire.messages] == list(range(MAX_REPLIES + 1))
