"""Plans that take their time: whoever comes meanwhile is greeted and served."""

import os
from contextlib import ExitStack

import pytest

from fakes.held_plans import HELD
from fakes.jobs import submit_of
from foveate_shared.wire.protocol import Accepted, ListModels, Models

SHARED_THREADS = min(32, (os.cpu_count() or 1) + 4)  # of asyncio.to_thread, with which all else is done


@pytest.fixture
def held():
    HELD.go_on.clear()
    yield HELD
    HELD.go_on.set()


def test_more_plans_than_threads_keep_nobody_waiting(start_site, held):
    site = start_site(operations="fakes.held_plans:operations")
    planned = [submit_of(operation="held") for _ in range(SHARED_THREADS + 2)]
    with ExitStack() as stack:
        stack.callback(held.go_on.set)  # before the connections end, so that the server can
        owners = [stack.enter_context(site.client(f"owner {number}")) for number in range(len(planned))]
        for owner, submit in zip(owners, planned, strict=True):
            owner.send(submit)
        held.wait_until_begun(len(planned))
        with site.client("newcomer") as newcomer:  # its welcome has come
            newcomer.send(ListModels(1))
            newcomer.until(Models)
            small = submit_of()
            newcomer.send(small)
            newcomer.until(Accepted, job=small.job)
        assert not any(owner.of(Accepted) for owner in owners)
        held.go_on.set()
        for owner, submit in zip(owners, planned, strict=True):
            owner.until(Accepted, job=submit.job)
