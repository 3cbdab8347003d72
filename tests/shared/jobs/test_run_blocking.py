"""Running a job to its end without an event loop: it ends, whatever the server and the caller do."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from fakes.connection import RecordingConnection
from fakes.host import MemoryHost
from foveate_shared.connection.client import ConnectionState, StateChange
from foveate_shared.errors import CancelledJobError, ConnectionLostError, ErrorCode, RefusedError, ServerError
from foveate_shared.geometry import Extent
from foveate_shared.jobs.job_flow import JobState, Rerender
from foveate_shared.jobs.run_blocking import run_job, run_to_end
from foveate_shared.wire.blobs import Delivery
from foveate_shared.wire.protocol import Accepted, Ack, Cancel, Cancelled, Done, Failed, Outcome, Planned

JOB = "123e4567-e89b-12d3-a456-426614174000"
READY = StateChange(ConnectionState.READY)
LOST = StateChange(ConnectionState.LOST, ConnectionLostError("Gone.", remedy="Wait.").info)
REFUSED = StateChange(ConnectionState.REFUSED, RefusedError("No.", remedy="Ask.").info)


class ScriptedClient(RecordingConnection):
    """Tells one batch of events each time that it is polled; a function may decide which."""

    def __init__(self, *batches):
        super().__init__()
        self.batches = list(batches)

    def wait(self, timeout=None):
        return bool(self.batches)

    def poll(self):
        batch = self.batches.pop(0) if self.batches else []
        return [
            event if isinstance(event, StateChange) else Delivery(event)
            for event in (batch() if callable(batch) else batch)
        ]


@pytest.fixture
def host():
    return MemoryHost()


def started(client, host, **options):
    flow = Rerender(client, host, "refocus", {}, job=JOB, **options)
    flow.start()
    return flow


def whole_job():
    done = Done(JOB, 3, (Outcome("refocus", "done"),), {})
    return [READY], [Accepted(JOB, 1)], [Planned(JOB, 2, "document", Extent(16, 16), "One region.")], [done]


def test_a_job_is_driven_to_its_end_and_shown(host):
    shown = []
    client = ScriptedClient(*whole_job())
    status = run_to_end(client, started(client, host), on_status=shown.append)
    assert status.state is JobState.DONE
    assert len(host.applied) == 1
    assert client.last == Ack(JOB)
    assert shown[-1] == status
    assert [entry.summary for entry in shown][-2:] == ["One region."] * 2


def test_a_cancel_waits_for_the_servers_word(host):
    client = ScriptedClient([READY], [Accepted(JOB, 1)], [], [Cancelled(JOB, 2)])
    status = run_to_end(client, started(client, host), should_cancel=lambda: len(client.batches) == 2)
    assert status.state is JobState.CANCELLED
    assert Cancel(JOB) in client.messages
    assert host.releases == 1


def test_a_server_that_does_not_answer_a_cancel_is_left(host, monkeypatch):
    clock = iter(range(1000))
    monkeypatch.setattr("foveate_shared.jobs.run_blocking.time", SimpleNamespace(monotonic=lambda: next(clock)))
    client = ScriptedClient([READY])
    status = run_to_end(client, started(client, host), should_cancel=lambda: True)
    assert (status.state, status.error.code) == (JobState.FAILED, ErrorCode.CANCELLED)
    assert host.releases == 1


@pytest.mark.parametrize("refusal", [LOST, REFUSED])
def test_a_server_that_was_never_reached_ends_it_at_once(host, refusal):
    client = ScriptedClient([refusal])
    status = run_to_end(client, started(client, host))
    assert (status.state, status.error) == (JobState.FAILED, refusal.error)
    assert host.releases == 1


def test_a_connection_that_comes_back_in_time_is_waited_for(host):
    ready, accepted, *rest = whole_job()
    client = ScriptedClient(ready, accepted, [LOST], [], [LOST], [READY], *rest)
    assert run_to_end(client, started(client, host)).state is JobState.DONE


def test_a_connection_that_stays_away_ends_it(host, monkeypatch):
    clock = iter(range(1000))
    monkeypatch.setattr("foveate_shared.jobs.run_blocking.time", SimpleNamespace(monotonic=lambda: next(clock)))
    client = ScriptedClient([READY], [Accepted(JOB, 1)], [LOST])
    status = run_to_end(client, started(client, host), patience=30)
    assert status.state is JobState.FAILED
    assert "does not come back" in status.error.message
    assert next(clock) > 30


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError])
def test_whatever_interrupts_it_cancels_the_job_and_goes_on(host, error):
    def interrupt(status):
        if status.state is JobState.WAITING:
            raise error

    client = ScriptedClient([READY], [Accepted(JOB, 1)], [Cancelled(JOB, 2)])
    flow = started(client, host)
    with pytest.raises(error):
        run_to_end(client, flow, on_status=interrupt)
    assert flow.status.state is JobState.CANCELLED


def test_a_result_that_waits_for_a_yes_is_an_end(host):
    client = ScriptedClient(*whole_job())
    flow = started(client, host, ask_first=True)
    assert run_to_end(client, flow).state is JobState.UNAPPLIED
    assert host.applied == []
    flow.apply()
    assert len(host.applied) == 1


@pytest.mark.parametrize("ending", ["done", "cancelled", "refused"])
def test_one_job_from_its_host_to_its_end(host, ending):
    def ends():
        job = client.messages[0].job
        if ending == "cancelled":
            return [Cancelled(job, 2)]
        return [Planned(job, 2, "document", Extent(16, 16), "One region."), Done(job, 3, (Outcome("a", "done"),), {})]

    client = ScriptedClient([REFUSED] if ending == "refused" else [READY], ends)

    def run():
        return run_job(client, host, "refocus", {"strength": 0.5}, pictures={}, takes_document=True)

    if ending == "done":
        assert run().state is JobState.DONE
        assert len(host.applied) == 1
        assert client.messages[0].parameters == {"strength": 0.5}
    else:
        with pytest.raises(RefusedError if ending == "refused" else CancelledJobError):
            run()
    assert host.releases == 1


def test_a_script_is_told_the_command_that_makes_the_rest(host):
    """It has no button."""
    error = ServerError("Some parts failed.", remedy="The finished parts are kept: make the rest.").info
    client = ScriptedClient([READY])

    def fail():
        job = client.messages[0].job
        planned = Planned(job, 2, "new", Extent(16, 16), "Two strips.")
        return [Accepted(job, 1), planned, Failed(job, 3, error, (Outcome("a", "done"), Outcome("b", "failed")), {})]

    client.batches.append(fail)
    with pytest.raises(ServerError) as caught:
        run_job(client, host, "upscale", {}, pictures={}, takes_document=True, owner=" --as blender")
    job = client.messages[0].job
    assert caught.value.info.remedy == (
        f"The finished parts are kept: make the rest. `foveate jobs resume {job} IN OUT --as blender` makes the rest."
    )
