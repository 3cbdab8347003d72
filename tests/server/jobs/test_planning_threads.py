"""Plans are made beside each other; huge ones one after the other, each owner in turn."""

import asyncio
import threading

import pytest

from fakes.jobs import ANNA, BERT
from foveate_server.jobs.planning_threads import HUGE_AREA, PlanningThreads
from foveate_shared.errors import ErrorCode, ServerError


class Plans:
    """Note in which order plans begin; each ends once they are let go."""

    def __init__(self):
        self.order = []
        self.begun, self.go_on = threading.Event(), threading.Event()

    def make(self, name):
        self.order.append(name)
        self.begun.set()
        assert self.go_on.wait(60)
        return name


@pytest.fixture
def threads():
    made = PlanningThreads(2)
    yield made
    made.stop()


async def test_huge_plans_are_made_one_after_the_other_each_owner_in_turn(threads):
    plans = Plans()

    def begin(owner, name):
        return asyncio.create_task(threads.run(owner, HUGE_AREA, lambda: plans.make(name)))

    tasks = [begin(ANNA, "first of anna")]
    await asyncio.to_thread(plans.begun.wait, 60)
    tasks += [begin(ANNA, "second of anna"), begin(BERT, "first of bert")]
    assert [await threads.run(owner, HUGE_AREA - 1, lambda: "smaller") for owner in (ANNA, BERT)] == ["smaller"] * 2
    assert plans.order == ["first of anna"]
    plans.go_on.set()
    assert await asyncio.gather(*tasks) == ["first of anna", "second of anna", "first of bert"]
    assert plans.order == ["first of anna", "first of bert", "second of anna"]


async def test_what_waits_when_the_server_stops_is_told_so(threads):
    plans = Plans()

    def begin(owner, name):
        return asyncio.create_task(threads.run(owner, HUGE_AREA, lambda: plans.make(name)))

    running = begin(ANNA, "running")
    await asyncio.to_thread(plans.begun.wait, 60)
    waiting = [begin(ANNA, "behind its owner's"), begin(BERT, "behind another's")]
    await threads.run(BERT, 1, lambda: None)
    threads.stop()
    plans.go_on.set()
    assert await running == "running"
    late = begin(BERT, "late")
    for error in await asyncio.gather(*waiting, late, return_exceptions=True):
        assert isinstance(error, ServerError)
        assert error.info.code is ErrorCode.SHUTTING_DOWN
    assert plans.order == ["running"]


async def test_a_plan_that_nobody_waits_for_any_more_is_not_begun(threads):
    plans = Plans()
    first = asyncio.create_task(threads.run(ANNA, HUGE_AREA, lambda: plans.make("first")))
    await asyncio.to_thread(plans.begun.wait, 60)
    left = asyncio.create_task(threads.run(BERT, HUGE_AREA, lambda: plans.make("left")))
    await threads.run(BERT, 1, lambda: None)
    left.cancel()
    await asyncio.wait([left])
    plans.go_on.set()
    await first
    assert await threads.run(BERT, HUGE_AREA, lambda: "next") == "next"
    assert plans.order == ["first"]
