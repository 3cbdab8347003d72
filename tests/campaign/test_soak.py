"""A short soak sees what each job leaves behind, and takes nothing else for that."""

from __future__ import annotations

import pytest

from campaign.soak import LEAST_JOBS, MANY_JOBS, Soaking

# As a healthy server was seen to hold: libraries and pools grow to their size.
CALM = {
    "server MB": [80, *[82] * 5, *[83] * 16, 85, 85],
    "server files": [15] * 24,
    "server threads": [6] * 5 + [7] * 10 + [8] * 9,
    "worker MB": [75, 88, 95, 95, 95, 101, 101, 103, 105, 105, 105, *[107] * 11, 113, 121],
    "worker files": [5, 9] * 12,
}


def test_what_a_healthy_server_was_seen_to_hold_is_no_growth():
    assert not Soaking(jobs=24, courses=CALM).grown()


@pytest.mark.parametrize("name", ["server files", "server threads", "worker files"])
@pytest.mark.parametrize("jobs", [LEAST_JOBS, MANY_JOBS])
def test_one_that_each_job_leaves_is_seen(name: str, jobs: int):
    held = {**CALM, name: [CALM[name][-1] + job for job in range(jobs)]}
    assert [found.partition(":")[0] for found in Soaking(jobs=jobs, courses=held).grown()] == [name]


def test_so_are_a_few_megabytes_per_job():
    held = {"server MB": [80.0 + 4 * job for job in range(LEAST_JOBS)]}
    assert Soaking(jobs=LEAST_JOBS, courses=held).grown()


def test_too_few_jobs_tell_nothing():
    held = {"server files": [float(job) for job in range(LEAST_JOBS - 1)]}
    assert not Soaking(jobs=LEAST_JOBS - 1, courses=held).grown()
