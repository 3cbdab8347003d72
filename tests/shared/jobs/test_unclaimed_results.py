"""Results that wait at the server: listed, fetched, taken or discarded."""

import pytest

from fakes.connection import RecordingConnection
from fakes.host import GRAY_U8, MemoryHost
from foveate_shared.connection.client import ConnectionState, StateChange
from foveate_shared.errors import ErrorCode, InputError, RefusedError
from foveate_shared.geometry import Bounds, Extent
from foveate_shared.jobs.job_flow import JobState
from foveate_shared.jobs.unclaimed_results import WaitingResults
from foveate_shared.wire.blobs import Delivery
from foveate_shared.wire.protocol import (
    Accepted,
    Ack,
    Blob,
    Cancel,
    Done,
    Jobs,
    JobSummary,
    Limits,
    ListJobs,
    Outcome,
    Patch,
    Peer,
    Pixels,
    Planned,
    Problem,
    Resume,
    Welcome,
    WindowRequest,
    Windows,
)

OLD, NEW, RUNNING = (f"{number}0000000-0000-4000-8000-000000000000" for number in (1, 2, 3))
WELCOME = Welcome(1, Peer("foveate", "9.9"), (), Limits(), ())
SUMMARIES = (
    JobSummary(OLD, "refocus", "done", None, 100.0, 9),
    JobSummary(RUNNING, "refocus", "running", None, 150.0, 3),
    JobSummary(NEW, "upscale", "done", None, 200.0, 9),
)
PIXELS = Pixels(Extent(2, 1), GRAY_U8, Blob(1, 2, "0" * 64))


class ScriptedClient(RecordingConnection):
    """A client whose events the test writes."""

    def __init__(self):
        super().__init__()
        self.events = []

    def list_jobs(self):
        self.post(ListJobs(1))
        return 1

    def poll(self):
        events, self.events = self.events, []
        return events


class Desk:
    """Waiting results, with a client that the test scripts and hosts that it looks into."""

    def __init__(self):
        self.client = ScriptedClient()
        self.hosts = {}
        self.now = 0.0
        self.waiting = WaitingResults(
            self.client, lambda job: self.hosts.setdefault(job.job, MemoryHost()), clock=lambda: self.now
        )

    def hear(self, *messages):
        self.client.events += [Delivery(message) for message in messages]
        return self.waiting.poll()

    def list(self):
        self.hear(WELCOME, Jobs(1, SUMMARIES))
        return self.waiting.jobs

    def fetch(self, summary):
        """Let the server send a result, as it does after a resume: with the windows that it had asked for."""
        flow = self.waiting.fetch(summary)
        asked = WindowRequest("w", Bounds(0, 0, 4, 4), Extent(4, 4), False)
        patch = Patch(summary.job, 4, "refocus-1", Bounds(1, 2, 2, 1), PIXELS, None)
        outcome = Outcome("refocus-1", "done", "")
        planned = Planned(summary.job, 2, "document", Extent(16, 16), "")
        self.hear(Accepted(summary.job, 1), planned, Windows(summary.job, 3, (asked,)))
        self.client.events.append(Delivery(patch, (bytearray(b"ab"),)))
        self.hear(Done(summary.job, 5, (outcome,), {"model": {"name": "sharp"}}))
        return flow


@pytest.fixture
def controller():
    return Desk()


def test_what_is_done_is_listed_newest_first(controller):
    assert controller.waiting.jobs is None
    assert [job.job for job in controller.list()] == [NEW, OLD]
    assert controller.client.messages == [ListJobs(1)]
    assert controller.waiting.connection.server == "foveate 9.9"


def test_a_result_is_fetched_and_taken_and_no_window_is_answered(controller):
    new, _ = controller.list()
    flow = controller.fetch(new)
    assert flow.status.state is JobState.UNAPPLIED
    assert flow.result.patches[0].pixels.data == b"ab"
    assert controller.waiting.fetch(new) is flow
    assert controller.client.messages[1:] == [Resume(NEW, 0)]
    flow.apply()
    assert controller.hosts[NEW].applied == [flow.result]
    assert controller.client.last == Ack(NEW)
    controller.waiting.poll()
    assert [job.job for job in controller.waiting.jobs] == [OLD]
    assert controller.waiting.flow(new) is None


def test_what_runs_is_looked_at_until_it_is_over(controller):
    controller.hear(StateChange(ConnectionState.READY), WELCOME, Jobs(1, SUMMARIES))
    assert [job.job for job in controller.waiting.running] == [RUNNING]
    controller.waiting.poll()
    assert controller.client.messages == [ListJobs(1)]
    controller.now = 2.0
    controller.waiting.poll()
    controller.waiting.poll()  # it is asked once
    assert controller.client.messages == [ListJobs(1)] * 2
    controller.hear(Jobs(1, (JobSummary(RUNNING, "refocus", "done", None, 150.0, 5),)))
    assert ([job.job for job in controller.waiting.jobs], controller.waiting.running) == ([RUNNING], ())
    controller.now = 9.0
    controller.waiting.poll()
    assert controller.client.messages == [ListJobs(1)] * 2


def test_a_cancelled_job_is_forgotten_by_the_server_once_it_has_ended(controller):
    controller.list()
    (runs,) = controller.waiting.running
    controller.waiting.cancel(runs)
    controller.hear(Jobs(1, SUMMARIES))
    assert controller.client.last == Cancel(RUNNING)
    over = JobSummary(RUNNING, "refocus", "cancelled", None, 150.0, 5)
    controller.hear(Jobs(1, (over,)))
    assert controller.client.last == Ack(RUNNING)
    controller.hear(Jobs(1, (over,)))
    assert controller.client.messages.count(Ack(RUNNING)) == 1


def test_a_result_that_cannot_be_taken_goes_on_waiting(controller):
    new, _ = controller.list()
    flow = controller.fetch(new)
    controller.hosts[NEW].refuse_apply = InputError("No room.")
    flow.apply()
    controller.waiting.poll()
    assert flow.status.error.message == "No room."
    assert Ack(NEW) not in controller.client.messages
    assert len(controller.waiting.jobs) == 2
    assert controller.waiting.flow(new) is flow


def test_a_result_is_discarded_whether_it_was_fetched_or_not(controller):
    new, old = controller.list()
    controller.fetch(new)
    controller.waiting.discard(new)
    controller.waiting.discard(old)
    assert controller.client.messages[-2:] == [Ack(NEW), Ack(OLD)]
    assert controller.waiting.jobs == ()


def test_a_result_that_has_expired_says_so_and_can_be_asked_for_again(controller):
    new, _ = controller.list()
    flow = controller.waiting.fetch(new)
    controller.hear(Problem(InputError("It is gone.", code=ErrorCode.EXPIRED).info, job=NEW))
    assert flow.status.state is JobState.FAILED
    assert flow.status.error.message == "It is gone."
    assert controller.waiting.fetch(new) is not flow


def test_a_refused_connection_ends_what_is_being_fetched(controller):
    new, old = controller.list()
    complete, flow = controller.fetch(new), controller.waiting.fetch(old)
    controller.client.events.append(StateChange(ConnectionState.REFUSED, RefusedError("No.").info))
    assert controller.waiting.poll()
    assert flow.status.error.message == "No."
    assert complete.status.state is JobState.UNAPPLIED
    assert controller.waiting.connection.error.message == "No."
