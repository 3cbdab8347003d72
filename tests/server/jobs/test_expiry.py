"""What expires: by the servers' own running time, or for want of room; never by a clock that jumps."""

import anyio
import pytest

from fakes.jobs import ANNA, BERT, EXTENT, bench
from fakes.painting import PaintAnew
from foveate_server.config.parse_values import size_text
from foveate_server.jobs.dependencies import Clocks
from foveate_server.spool.database_rows import Owner
from foveate_server.spool.job_files import storage_full
from foveate_shared.errors import ErrorCode, InputError, ResourceError
from foveate_shared.wire.protocol import Failed, Started, Windows

DAY = 86_400
RESULT = EXTENT.area  # bytes that a finished job takes: its patch


class Machine:
    """A machine with a clock that can jump, and with the time since it was started."""

    def __init__(self):
        self.clock, self.up = 1_000_000.0, 50.0

    @property
    def clocks(self):
        return Clocks(now=lambda: self.clock, monotonic=lambda: self.up)

    def run(self, days):
        self.clock += days * DAY
        self.up += days * DAY

    def restart(self):
        self.up = 3.0


@pytest.fixture
def machine():
    return Machine()


async def finish(made, owner=ANNA):
    """Run a job to its end while its owner listens; return it."""
    watcher = made.watch(owner)
    job = await made.submit(owner=owner)
    await watcher.answer(job)
    made.manager.disconnect(owner, watcher)
    return job


async def finish_unseen(made, owner=ANNA, beside=lambda: None):
    """Run a job to its end whose owner went away while it ran; return it. `beside` is called once it did."""
    release, watcher = made.executor.hold("i1"), made.watch(owner)
    job = await made.submit(owner=owner)
    for request in (await watcher.until(Windows)).requests:
        await made.send(job, request)
    await watcher.until(Started)
    made.manager.disconnect(owner, watcher)
    beside()
    release()
    made.executor.behaviours.clear()
    while not job.ended:  # noqa: ASYNC110 - nobody listens, so there is no event
        await anyio.sleep(0.01)
    assert job.state == "done"
    return job


def ids(made):
    return [job.id for job in made.manager.jobs]


async def test_a_clock_that_jumps_over_a_restart_costs_nothing(tmp_path, machine):
    async with bench(tmp_path, clocks=machine.clocks) as made:
        finished, waiting = await finish(made), await made.submit()
    machine.clock += 8 * DAY
    machine.restart()
    async with bench(tmp_path, clocks=machine.clocks) as made:
        assert made.manager.expire() == 0
        assert ids(made) == [finished.id, waiting.id]
        assert made.manager.expired(ANNA) == ()


async def test_running_time_goes_on_over_restarts(tmp_path, machine):
    async with bench(tmp_path, clocks=machine.clocks) as made:
        job = await finish(made)
        machine.run(days=4)
        assert made.manager.expire() == 0
    machine.restart()
    async with bench(tmp_path, clocks=machine.clocks) as made:
        machine.run(days=2.9)
        assert made.manager.expire() == 0
        machine.run(days=0.2)
        assert made.manager.expire() == 1
        assert ids(made) == []
        with pytest.raises(InputError) as caught:
            made.manager.find(ANNA, job.id)
        assert caught.value.info.code is ErrorCode.EXPIRED


async def test_what_went_is_listed_for_its_owner_also_after_a_restart(tmp_path, machine):
    async with bench(tmp_path, clocks=machine.clocks) as made:
        job = await finish(made)
        await finish(made, BERT)
        machine.run(days=8)
        assert made.manager.expire() == 2
    async with bench(tmp_path, clocks=machine.clocks) as made:
        (gone,) = made.manager.expired(ANNA)
        assert (gone.job, gone.operation, gone.created) == (job.id, "paint", 1_000_000.0)


async def test_where_room_is_needed_the_oldest_goes_first(tmp_path, machine):
    async with bench(tmp_path, clocks=machine.clocks) as made:
        jobs = []
        for _ in range(4):
            jobs.append(await finish(made))
            machine.run(days=0.1)
        await made.until_stored(4 * RESULT)
        assert made.manager.expire() == 0
        made.spool.account.quota = 4 * RESULT
        assert made.manager.expire() == 1
        assert ids(made) == [job.id for job in jobs[1:]]
        await made.until_stored(3 * RESULT)
        assert made.manager.expire() == 0


async def test_no_result_goes_for_its_room_before_its_owner_was_told_of_it(tmp_path, machine):
    async with bench(tmp_path, clocks=machine.clocks) as made:
        unseen = await made.submit()
        made.manager.fail(unseen, storage_full("Full.").info)  # while nobody is connected
        seen = await finish(made)
        await made.until_stored(RESULT)
        made.spool.account.quota = RESULT
        assert made.manager.expire() == 1
        assert ids(made) == [unseen.id]
        assert [gone.job for gone in made.manager.expired(ANNA)] == [seen.id]
    async with bench(tmp_path, clocks=machine.clocks, spool_quota=0) as made:
        made.spool.account.add(1)  # over the quota
        assert made.manager.expire() == 0
        made.manager.offer(made.manager.find(ANNA, unseen.id))
        assert made.manager.expire() == 1


async def test_no_result_goes_by_time_before_its_owner_was_told_of_it(tmp_path, machine):
    async with bench(tmp_path, clocks=machine.clocks) as made:
        unseen = await finish_unseen(made)
        machine.run(days=8)
        assert made.manager.expire() == 0
    machine.restart()
    async with bench(tmp_path, clocks=machine.clocks) as made:
        machine.run(days=30)
        assert made.manager.expire() == 0
        assert ids(made) == [unseen.id]
        assert made.manager.expired(ANNA) == ()


async def test_a_connection_that_does_not_follow_a_job_was_not_told_of_its_end(tmp_path, machine):
    async with bench(tmp_path, clocks=machine.clocks) as made:
        job = await finish_unseen(made, beside=made.watch)
        machine.run(days=8)
        assert made.manager.expire() == 0
        made.manager.offer(job)
        machine.run(days=8)
        assert made.manager.expire() == 1


async def test_a_retry_is_no_old_job(tmp_path, machine):
    async with bench(tmp_path, clocks=machine.clocks, table={"paint": PaintAnew()}) as made:
        watcher = made.watch()
        job = await made.submit_half(watcher)
        made.manager.fail(job, storage_full("Full.").info)
        await watcher.until(Failed)
        machine.run(days=6.9)
        await made.manager.retry(job)
        machine.run(days=0.2)
        assert made.manager.expire() == 0
        assert job.touched > 6 * DAY


async def test_a_result_goes_so_long_after_its_owner_was_told_of_it(tmp_path, machine):
    async with bench(tmp_path, clocks=machine.clocks) as made:
        unseen = await finish_unseen(made)
        machine.run(days=8)
        made.manager.offer(unseen)
        assert made.manager.expire() == 0
    machine.restart()
    async with bench(tmp_path, clocks=machine.clocks) as made:
        machine.run(days=6.9)
        assert made.manager.expire() == 0
        machine.run(days=0.2)
        assert made.manager.expire() == 1
        assert [gone.job for gone in made.manager.expired(ANNA)] == [unseen.id]


async def test_what_ended_without_a_result_goes_by_time(tmp_path, machine):
    async with bench(tmp_path, clocks=machine.clocks) as made:
        failed, cancelled = await made.submit(), await made.submit()
        made.manager.fail(failed, storage_full("Full.").info)
        made.manager.cancel(ANNA, cancelled.id)
        machine.run(days=8)
        assert made.manager.expire() == 2


async def test_finished_parts_stay_until_their_owner_was_told_of_them(tmp_path, machine):
    async with bench(tmp_path, clocks=machine.clocks, table={"paint": PaintAnew()}) as made:
        watcher = made.watch()
        job = await made.submit_half(watcher)
        made.manager.disconnect(ANNA, watcher)
        made.manager.fail(job, storage_full("Full.").info)
        machine.run(days=8)
        assert made.manager.expire() == 0
        made.manager.offer(job)
        machine.run(days=8)
        assert made.manager.expire() == 1


async def test_what_nobody_can_come_for_any_more_goes_by_time(tmp_path, machine):
    async with bench(tmp_path, clocks=machine.clocks) as made:
        await finish_unseen(made, Owner("tablet", "anna"))
        made.manager.cancel_jobs_of({"tablet"})
        machine.run(days=8)
        assert made.manager.expire() == 1


async def test_where_unseen_results_take_all_of_the_room_a_new_job_is_refused_with_that_reason(tmp_path, machine):
    async with bench(tmp_path, clocks=machine.clocks) as made:
        unseen = await finish_unseen(made)
        await made.until_stored(RESULT)
        made.spool.account.quota = RESULT
        assert made.manager.expire() == 0
        with pytest.raises(ResourceError) as caught:
            await made.submit()
        assert caught.value.info.code is ErrorCode.STORAGE_FULL
        told = (
            f"of the {size_text(RESULT)} that it may take, {size_text(RESULT)} are results that their owners have not"
        )
        assert told in caught.value.info.message
        assert ids(made) == [unseen.id]
        made.manager.offer(unseen)
        assert made.manager.expire() == 1
        await made.until_stored(0)
        await made.submit()


async def test_an_unseen_result_is_no_reason_where_there_would_be_room_beside_it(tmp_path, machine):
    async with bench(tmp_path, clocks=machine.clocks) as made:
        await finish(made)
        await finish_unseen(made)
        await made.until_stored(2 * RESULT)
        made.spool.account.quota = 2 * RESULT
        with pytest.raises(ResourceError) as caught:
            await made.submit()
        assert caught.value.info.code is ErrorCode.STORAGE_FULL
        assert "have not seen yet" not in caught.value.info.message
