"""Results of sessions that are over, listed again among the jobs of this one."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fakes.host import MemoryHost
from fakes.scripted_client import ScriptedClient
from foveate_shared.errors import ErrorCode, InputError
from foveate_shared.geometry import Bounds, Extent
from foveate_shared.jobs.job_flow import JobState
from foveate_shared.jobs.job_list import Workbench
from foveate_shared.jobs.left_jobs import LOOK_SECONDS, LeftJob, NotYet
from foveate_shared.wire.protocol import (
    Accepted,
    Ack,
    Cancel,
    Done,
    Jobs,
    JobSummary,
    Limits,
    ListJobs,
    Outcome,
    Peer,
    Planned,
    Problem,
    Resume,
    Welcome,
    Window,
    WindowRequest,
    Windows,
)

WELCOME = Welcome(1, Peer("foveate", "9.9"), (), Limits(), ())
OLD, NEW, RUNNING, FAILED = (
    JobSummary(f"{number}0000000-0000-4000-8000-000000000000", "refocus", state, None, 100.0 * number, 9)
    for number, state in enumerate(("done", "done", "running", "failed"), 1)
)


class Desk:
    """A workbench that lists what was left, over a client that the test scripts."""

    def __init__(self):
        self.client = ScriptedClient()
        self.now = 1000.0
        self.hosts = {}
        self.elsewhere = []  # jobs that another session is at
        self.bench = Workbench(lambda: self.client, open_left=self.open, clock=lambda: self.now)

    def open(self, job):
        if job in self.elsewhere:
            return NotYet.NOT_YET
        self.hosts[job.job] = MemoryHost()
        return LeftJob(self.hosts[job.job], f"Refocus: {job.job[0]}.png", {"strength": 0.5}, "wish")

    def tell(self, *messages):
        self.client.tell(*messages)
        return self.bench.poll()

    def fetch(self, job):
        """Let the server send what it has of a job, the windows that it once asked for among it."""
        asked = Windows(job.job, 3, (WindowRequest("w", Bounds(0, 0, 4, 4), Extent(4, 4)),))
        self.tell(Accepted(job.job, 1), Planned(job.job, 2, "document", Extent(16, 16), "One region."), asked)
        self.tell(Done(job.job, 9, (Outcome("refocus", "done"),), {}))


@pytest.fixture
def desk():
    made = Desk()
    made.tell(WELCOME)
    assert ListJobs(1) in made.client.messages
    made.tell(Jobs(1, (OLD, NEW, RUNNING, FAILED)))
    return made


def test_complete_results_wait_again_and_are_applied(desk):
    assert [entry.flow.job for entry in desk.bench.entries] == [NEW.job, OLD.job]
    assert [message for message in desk.client.messages if isinstance(message, Resume)] == [
        Resume(NEW.job, 0),
        Resume(OLD.job, 0),
    ]
    entry = desk.bench.entries[0]
    desk.fetch(NEW)
    assert not any(isinstance(message, (Window, Cancel)) for message in desk.client.messages)
    assert (entry.waits_for_person, entry.title, entry.parameters) == (True, "Refocus: 2.png", {"strength": 0.5})
    assert entry.wish == desk.bench.entries[1].wish  # variations are together again
    desk.bench.apply(entry)
    assert len(desk.hosts[NEW.job].applied) == 1
    assert desk.client.last == Ack(NEW.job)
    assert entry.flow.status.state is JobState.DONE


def test_what_is_discarded_is_forgotten_by_the_server(desk):
    desk.fetch(OLD)
    desk.bench.discard(desk.bench.entries[1])
    assert desk.client.last == Ack(OLD.job)
    assert len(desk.bench.entries) == 1


def test_what_another_session_is_at_is_listed_once_that_is_gone():
    desk = Desk()
    desk.elsewhere = [OLD]
    desk.tell(WELCOME, Jobs(1, (OLD, NEW)))
    assert [entry.flow.job for entry in desk.bench.entries] == [NEW.job]
    asked = desk.client.messages.count(ListJobs(1))
    desk.now += LOOK_SECONDS
    desk.elsewhere.clear()
    desk.bench.poll()
    assert desk.client.messages.count(ListJobs(1)) == asked + 1
    desk.tell(Jobs(1, (OLD, NEW)))
    assert [entry.flow.job for entry in desk.bench.entries] == [NEW.job, OLD.job]


def test_what_still_runs_is_let_alone_and_looked_for_again(desk):
    before = desk.client.messages.count(ListJobs(1))
    desk.bench.poll()
    assert desk.client.messages.count(ListJobs(1)) == before
    desk.now += LOOK_SECONDS
    desk.bench.poll()
    desk.bench.poll()
    assert desk.client.messages.count(ListJobs(1)) == before + 1
    desk.tell(Jobs(1, (OLD, NEW, replace(RUNNING, state="done"))))
    assert [entry.flow.job for entry in desk.bench.entries] == [RUNNING.job, NEW.job, OLD.job]
    desk.now += LOOK_SECONDS
    desk.bench.poll()
    assert desk.client.messages.count(ListJobs(1)) == before + 1  # nothing runs any more


def test_jobs_of_this_session_are_not_listed_twice(desk):
    own = desk.bench.submit(MemoryHost(), "refocus", {}, title="Refocus")
    desk.tell(Jobs(1, (OLD, NEW, JobSummary(own.flow.job, "refocus", "done", None, 2000.0, 3))))
    assert len(desk.bench.entries) == 3


def test_a_job_that_was_given_up_here_is_listed_again_once_its_server_has_the_result(desk):
    """Such as where it refused the token, and was paired with again, or a server of another home took its place."""
    own = desk.bench.submit(MemoryHost(), "refocus", {}, title="Refocus")
    desk.tell(Accepted(own.flow.job, 1))
    desk.tell(Problem(InputError("There is no such job.", code=ErrorCode.UNKNOWN_JOB).info, job=own.flow.job))
    assert own.flow.status.state is JobState.FAILED
    done = JobSummary(own.flow.job, "refocus", "done", None, 2000.0, 3)
    desk.tell(Jobs(1, (done,)))
    again = desk.bench.entries[0]
    assert (len(desk.bench.entries), again.flow.job, again.is_left) == (3, own.flow.job, True)
    desk.fetch(done)
    assert again.waits_for_person


def test_a_job_that_the_person_ended_is_not_listed_again(desk):
    own = desk.bench.submit(MemoryHost(), "refocus", {}, title="Refocus")
    desk.bench.cancel(own)
    own.flow.abandon(InputError("Not confirmed."))
    desk.tell(Jobs(1, (JobSummary(own.flow.job, "refocus", "done", None, 2000.0, 3),)))
    assert desk.bench.entries.count(own) == 1


def test_what_somebody_else_took_meanwhile_vanishes(desk):
    gone = InputError("There is no such job.", code=ErrorCode.UNKNOWN_JOB)
    desk.tell(Problem(gone.info, job=NEW.job))
    desk.bench.poll()
    assert [entry.flow.job for entry in desk.bench.entries] == [OLD.job]


def test_an_editor_that_lists_none_asks_for_none():
    client = ScriptedClient()
    bench = Workbench(lambda: client)
    client.tell(WELCOME)
    bench.poll()
    assert ListJobs(1) not in client.messages
