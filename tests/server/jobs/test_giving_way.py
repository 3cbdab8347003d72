"""Who runs in the midst of whom: told by the order of what the executor is given, on a clock that the tests move."""

import asyncio
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from fakes.executor import ScriptedExecutor, paint
from fakes.jobs import ANNA, BERT, bench, submit_of
from fakes.painting import Paint
from foveate_server.executors.contract import NotRunError
from foveate_server.jobs.dependencies import Clocks
from foveate_server.spool.database_rows import Owner
from foveate_server.tasks.item_task import TaskProgress, TaskReadiness
from foveate_shared.errors import ErrorCode, ResourceError, ServerError
from foveate_shared.i18n.sentence import Sentence
from foveate_shared.wire.protocol import Cancelled, Done, Progress, Queued, Started, Windows

CARA = Owner("local", "cara")


class Large(Paint):
    """A hundred times as much work."""

    name = "large"

    def plan(self, request, parameters):
        plan = super().plan(request, parameters)
        return replace(plan, items=tuple(replace(item, weight=100.0) for item in plan.items))


class Middling(Paint):
    name = "middling"

    def plan(self, request, parameters):
        plan = super().plan(request, parameters)
        return replace(plan, items=tuple(replace(item, weight=20.0) for item in plan.items))


class Studio:
    """A bench on which a large job runs, held until it is released."""

    def __init__(self, made, now):
        self.made, self.now = made, now
        self.watchers = {owner: made.watch(owner) for owner in (ANNA, BERT, CARA)}
        self.jobs = []
        self.listeners = {}  # of the executor, by operation

    async def begin(self, operation, owner=ANNA, *, held=True, priority=0, then=paint):
        """Submit a job and send what it wants to see; return it, what lets it go on, and what tells that it runs."""
        gate, arrived = asyncio.Event(), asyncio.Event()

        async def behave(task, listener):
            self.listeners[task.request.operation] = listener
            arrived.set()
            if held:
                await gate.wait()
            return await then(task, listener)

        job = await self.made.submit(submit_of(operation=operation, priority=priority), owner)
        self.jobs.append(job)
        self.made.executor.behaviours_of[job.id] = behave
        asked = await self.watchers[owner].until(Windows, job=job.id)
        for request in asked.requests:
            await self.made.send(job, request)
        return job, gate.set, arrived

    async def end(self, job):
        return await self.watchers[job.owner].answer(job)

    @property
    def order(self):
        """Return the operations that the executor was given, and in the midst of which."""
        executor = self.made.executor
        return [(self._name(key), self._name(executor.hosts.get(key))) for key in executor.keys]

    def _name(self, key):
        return next((job.submit.operation for job in self.jobs if key and key.startswith(job.id)), None)

    def told(self, job, *classes):
        return [event for event in self.watchers[job.owner].of(*classes) if event.job == job.id]


class PerJobExecutor(ScriptedExecutor):
    """Behaves by job, since all their items have the same names."""

    def __init__(self, capacity=1):
        super().__init__(capacity)
        self.behaviours_of = {}

    async def _work(self, task, listener):
        return await self.behaviours_of[task.job.partition(".")[0]](task, listener)


@pytest.fixture
def studio(tmp_path):
    @asynccontextmanager
    async def enter(**settings):
        now = [0.0]
        table = {operation.name: operation for operation in (Paint(), Large(), Middling())}
        clocks = Clocks(monotonic=lambda: now[0])
        async with bench(tmp_path, PerJobExecutor(), clocks, table, **settings) as made:
            yield Studio(made, now)

    return enter


async def test_a_small_job_runs_in_the_midst_of_another_owner_s_large_one(studio):
    async with studio() as at:
        large, release, arrived = await at.begin("large")
        await arrived.wait()
        small, _, _ = await at.begin("paint", BERT, held=False)
        await at.end(small)
        assert at.order == [("large", None), ("paint", "large")]
        assert not large.ended
        release()
        assert isinstance(await at.end(large), Done)
        assert [event.stage for event in at.told(large, Progress)] == ["A short job goes first", "painting"]
        assert at.told(small, Started)


async def test_two_jobs_of_a_size_take_turns(studio):
    async with studio() as at:
        first, release, arrived = await at.begin("large")
        await arrived.wait()
        second, _, _ = await at.begin("large", BERT, held=False)
        await at.watchers[BERT].until(Queued)
        release()
        await at.end(first)
        await at.end(second)
        assert at.order == [("large", None), ("large", None)]


@pytest.mark.parametrize(("operation", "priority", "host"), [
    ("paint", 0, "large"), ("middling", 0, None), ("paint", -1, None), ("middling", 1, None)
])  # fmt: skip
async def test_an_owner_s_own_order_yields_to_what_is_short_alone(studio, operation, priority, host):
    async with studio() as at:
        large, release, arrived = await at.begin("large")
        await arrived.wait()
        other, _, _ = await at.begin(operation, priority=priority, held=False)
        if host is None:
            await at.watchers[ANNA].until(Queued, job=other.id)
            release()
        await at.end(other)
        release()
        await at.end(large)
        assert at.order == [("large", None), (operation, host)]


async def test_a_stream_of_small_jobs_leaves_the_large_one_a_third_of_the_time(studio):
    async with studio() as at:
        large, release, arrived = await at.begin("large")
        await arrived.wait()

        def work(seconds):
            at.now[0] += seconds
            at.listeners["large"](TaskProgress("painting", 0.0, 0, 0))

        work(1.0)
        small, end, arrived = await at.begin("paint", BERT)
        await arrived.wait()
        at.now[0] += 4.0
        end()
        await at.end(small)
        next_one, _, _ = await at.begin("paint", CARA, held=False)
        assert next_one.summary_state == "queued"
        work(0.4)
        assert next_one.summary_state == "queued"
        work(0.7)
        assert next_one.summary_state == "running"
        await at.end(next_one)
        release()
        await at.end(large)
        assert at.order == [("large", None), ("paint", "large"), ("paint", "large")]
        assert large.time.gave == pytest.approx(4.0)
        assert large.time.worked == pytest.approx(2.1)


async def test_what_gets_ready_lets_nobody_in_and_that_is_said(studio):
    async with studio() as at:
        large, release, arrived = await at.begin("large")
        await arrived.wait()
        loading = Sentence("Loading {checkpoint}", checkpoint="dream")
        at.listeners["large"](TaskReadiness(loading, 20.0))
        small, _, _ = await at.begin("paint", BERT, held=False)
        said = await at.watchers[BERT].until(Queued)
        assert said.reason == "Waiting for another job: Loading dream"
        at.listeners["large"](TaskProgress(loading, 0.0, 0, 0))  # it still does
        assert len(at.order) == 1
        at.listeners["large"](TaskProgress("Denoising", 0.1, 1, 9))
        await at.end(small)
        assert at.order == [("large", None), ("paint", "large")]
        release()
        await at.end(large)


async def test_what_finds_no_memory_in_the_midst_of_another_runs_after_it(studio):
    async with studio() as at:
        large, release, arrived = await at.begin("large")
        await arrived.wait()
        tries = []

        async def then(task, listener):
            tries.append(task.key in at.made.executor.hosts)
            if len(tries) == 1:
                raise ResourceError("No memory.", code=ErrorCode.OUT_OF_MEMORY)
            at.made.executor.hosts.clear()
            return await paint(task, listener)

        small, _, _ = await at.begin("paint", BERT, held=False, then=then)
        await at.watchers[BERT].until(Queued, job=small.id)
        assert at.order == [("large", None), ("paint", "large")]
        release()
        assert isinstance(await at.end(small), Done)
        await at.end(large)
        assert at.order[1:] == [("paint", None)] * 2
        assert small.items["i1"].row.attempts == 1, "the one in vain does not count"


async def test_a_guest_that_takes_the_worker_with_it_pays_alone_and_comes_in_no_more(studio):
    async with studio() as at:
        deaths, died = [], asyncio.Event()

        async def host(task, listener):
            if not deaths:
                await died.wait()
                raise NotRunError
            return await paint(task, listener)

        async def guest(task, listener):
            if not deaths:
                deaths.append(task.key)
                at.made.executor.hosts.clear()
                died.set()
                raise ServerError("The worker died.", code=ErrorCode.WORKER_CRASHED)
            return await paint(task, listener)

        large, _, arrived = await at.begin("large", held=False, then=host)
        await arrived.wait()
        small, _, _ = await at.begin("paint", BERT, held=False, then=guest)
        assert isinstance(await at.end(small), Done)
        assert isinstance(await at.end(large), Done)
        assert [job.items["i1"].row.worker_deaths for job in (large, small)] == [0, 1]
        assert [job.items["i1"].row.attempts for job in (large, small)] == [1, 1]
        assert len(at.order) == 4
        assert not at.made.executor.hosts


async def test_who_cannot_be_let_in_is_not_tried_for_ever(studio):
    async with studio() as at:
        at.made.executor.gives_way = False
        large, release, arrived = await at.begin("large")
        await arrived.wait()
        small, _, _ = await at.begin("paint", BERT, held=False)
        await at.watchers[BERT].until(Queued)
        release()
        await at.end(small)
        await at.end(large)
        assert at.order == [("large", None), ("paint", None)]
        assert small.items["i1"].row.attempts == 1


async def test_a_cancel_of_either_leaves_the_other(studio):
    async with studio() as at:
        large, _, arrived = await at.begin("large")
        await arrived.wait()
        small, _, inside = await at.begin("paint", BERT)
        await inside.wait()
        at.made.manager.cancel(BERT, small.id)
        await at.end(small)
        other, end, inside = await at.begin("paint", CARA)
        await inside.wait()
        assert at.order == [("large", None), ("paint", "large"), ("paint", "large")]
        at.made.manager.cancel(ANNA, large.id)
        end()
        assert isinstance(await at.end(other), Done)
        assert isinstance(await at.end(large), Cancelled)
