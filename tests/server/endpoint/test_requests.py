"""What a client asks for, and what the jobs are told of that."""

import pytest

from fakes.jobs import ANNA, bench, submit_of
from foveate_server.endpoint.requests import Requests
from foveate_server.spool.job_files import storage_full
from foveate_shared.wire.blobs import Delivery
from foveate_shared.wire.protocol import ListJobs, Resume


class Followed:
    """An outbox that nobody reads."""

    def __init__(self):
        self.jobs = []

    def follow(self, job, since):
        self.jobs.append((job.id, since))

    def post(self, message):
        pass


@pytest.mark.parametrize("ask", [lambda submit: submit, lambda submit: Resume(submit.job), lambda _: ListJobs(1)])
async def test_who_asks_for_a_job_that_ended_unseen_is_told_of_it(tmp_path, ask):
    submit = submit_of()
    async with bench(tmp_path) as made:
        job, _ = await made.manager.submit(ANNA, submit, {})
        made.manager.fail(job, storage_full("Full.").info)  # while nobody is connected
        assert not job.offered
        requests = Requests(made.manager, Followed(), ANNA, lambda: None, 2)
        await requests.carry_out(Delivery(ask(submit)))
        assert job.offered
