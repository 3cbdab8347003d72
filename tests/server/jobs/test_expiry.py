"""What expires: by the servers' own running time, or for want of room; never by a clock that jumps."""

import pytest

from fakes.jobs import ANNA, BERT, EXTENT, bench
from foveate_server.jobs.dependencies import Clocks
from foveate_server.spool.job_files import storage_full
from foveate_shared.errors import ErrorCode, InputError

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
