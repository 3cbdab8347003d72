"""What a token leaves behind when it is revoked: nothing that still runs, and nobody that still listens."""

import pytest

from fakes.jobs import submit_of
from fakes.raw_client import RawClient
from foveate_server.net.named_tokens import add_token, revoke_token
from foveate_shared.wire.protocol import Started, Windows
from hosts.lib.waiting import wait_until

PATIENCE = 60.0  # seconds


def begin(client):
    """Submit a job, give it its window, and return its id once it runs."""
    submit = submit_of()
    client.send(submit)
    (request,) = client.until(Windows).requests
    client.answer(submit.job, request)
    client.until(Started)
    return submit.job


@pytest.fixture
def asked(site):
    """A job of this machine's own, which waits for its window."""
    with site.client() as client:
        submit = submit_of()
        client.send(submit)
        client.until(Windows)
        yield submit.job


def jobs(site):
    return [status.job for status in site.app.status().jobs]


def test_a_revoked_token_ends_its_jobs_at_once(site, config, asked):
    """Its client says nothing, and the job would run on: nothing but the revocation ends it."""
    site.executor.hold("i1")
    with RawClient(site.url, add_token(config, "tablet")) as tablet:
        job = begin(tablet)
        site.until_running()
        assert jobs(site) == [job, asked]
        revoke_token(config, "tablet")
        wait_until(lambda: not site.executor.running, PATIENCE, "the end of the task")
        assert jobs(site) == [asked]
        assert site.app.status().job_counts == {"waiting": 1, "cancelled": 1}
        assert tablet.closing()[1] == 1008
