"""The workbench: what a panel shows of the connection, of running jobs and of results that wait."""

import pytest

from fakes.host import MemoryHost
from fakes.scripted_client import ScriptedClient
from foveate_shared.connection.client import ConnectionState, StateChange
from foveate_shared.errors import ErrorCode, InputError, RefusedError
from foveate_shared.geometry import Extent
from foveate_shared.jobs.job_flow import JobState
from foveate_shared.jobs.job_list import HISTORY_LENGTH, Workbench
from foveate_shared.jobs.run_blocking import CANCEL_SECONDS
from foveate_shared.wire.protocol import (
    Accepted,
    Ack,
    Cancel,
    Cancelled,
    Done,
    Limits,
    ListModels,
    ModelInfo,
    Models,
    OperationInfo,
    Outcome,
    Peer,
    Planned,
    Progress,
    Resume,
    Submit,
    Welcome,
)

MODELS = (ModelInfo("sharp", "Sharp", ("refocus",), 4, True), ModelInfo("large", "Large", ("upscale",), 4, True))
WELCOME = Welcome(1, Peer("foveate", "9.9"), (), Limits(), (OperationInfo("refocus", "Refocus", {}),))


class Desk:
    """A workbench with clients that the test can script."""

    def __init__(self):
        self.clients = []
        self.now = 1000.0
        self.bench = Workbench(self._open, clock=lambda: self.now)

    def _open(self):
        self.clients.append(ScriptedClient())
        return self.clients[-1]

    def tell(self, *messages):
        self.clients[-1].tell(*messages)
        return self.bench.poll()

    def submit(self, host=None, **options):
        return self.bench.submit(host or MemoryHost(), "refocus", {"strength": 1}, title="Refocus", **options)

    def finish(self, entry, frame="document"):
        job = entry.flow.job
        return self.tell(
            Accepted(job, 1),
            Planned(job, 2, frame, Extent(16, 16), "One region."),
            Done(job, 3, (Outcome("refocus", "done"),), {}),
        )


@pytest.fixture
def desk():
    return Desk()


def test_the_connection_is_shown_from_searching_to_ready(desk):
    assert desk.bench.connection.state is ConnectionState.SEARCHING
    assert desk.tell(StateChange(ConnectionState.CONNECTING))
    assert not desk.bench.connection.is_ready
    desk.tell(StateChange(ConnectionState.READY), WELCOME)
    assert desk.bench.connection.is_ready
    assert desk.bench.connection.server == "foveate 9.9"


def test_models_are_asked_for_and_offered_by_operation(desk):
    desk.tell(WELCOME)
    assert desk.clients[-1].last == ListModels(1)
    desk.tell(Models(1, MODELS))
    assert [model.name for model in desk.bench.models_for("upscale")] == ["large"]


def test_a_refusal_is_shown_with_its_remedy_and_ends_what_runs(desk):
    entry = desk.submit()
    error = RefusedError("The token is not known.", remedy="Pair again.").info
    desk.tell(StateChange(ConnectionState.REFUSED, error))
    assert desk.bench.connection.error == error
    assert entry.flow.status.state is JobState.FAILED


def test_a_job_is_applied_at_once(desk):
    host = MemoryHost()
    entry = desk.submit(host)
    assert isinstance(desk.clients[-1].last, Submit)
    assert entry.is_running
    desk.finish(entry)
    assert entry.flow.status.state is JobState.DONE
    assert len(host.applied) == 1


def test_two_documents_never_mix_their_results(desk):
    hosts = MemoryHost(), MemoryHost()
    first, second = (desk.submit(host) for host in hosts)
    desk.finish(second)
    assert [len(host.applied) for host in hosts] == [0, 1]
    assert first.is_running
    assert desk.bench.entries == [second, first]


def test_a_result_can_wait_for_a_yes(desk):
    host = MemoryHost()
    entry = desk.submit(host, ask_first=True)
    desk.finish(entry)
    assert entry.waits_for_person
    assert host.applied == []
    desk.bench.apply(entry)
    assert host.applied
    assert not entry.waits_for_person


def test_a_waiting_result_can_be_given_up(desk):
    entry = desk.submit(ask_first=True)
    desk.finish(entry)
    desk.bench.discard(entry)
    assert desk.bench.entries == []
    assert desk.clients[-1].last == Ack(entry.flow.job)


def test_a_running_job_is_cancelled(desk):
    entry = desk.submit()
    desk.bench.cancel(entry)
    assert desk.clients[-1].last == Cancel(entry.flow.job)
    desk.tell(Cancelled(entry.flow.job, 1))
    assert entry.flow.status.state is JobState.CANCELLED


def test_a_job_whose_cancel_is_not_answered_is_left_to_the_server(desk):
    entry = desk.submit()
    desk.bench.cancel(entry)
    desk.now += CANCEL_SECONDS / 2
    desk.bench.cancel(entry)  # pressing again does not prolong it
    assert desk.bench.poll() is False
    assert entry.is_running
    desk.now += CANCEL_SECONDS / 2
    assert desk.bench.poll() is True
    assert entry.flow.status.error.code is ErrorCode.CANCELLED
    assert entry.flow.status.error.message == "The job was cancelled; the server has not confirmed it yet."


def test_poll_tells_whether_there_is_anything_new(desk):
    entry = desk.submit()
    assert desk.bench.poll() is False
    assert desk.tell(Progress(entry.flow.job, 1, "restoring", 0.5)) is True
    assert entry.flow.status.fraction == 0.5
    assert desk.bench.poll() is False


def test_a_host_with_nothing_to_do_leaves_no_entry(desk):
    with pytest.raises(InputError, match="no document"):
        desk.submit(MemoryHost(extent=Extent(0, 0)))
    assert desk.bench.entries == []


def test_the_history_forgets_the_oldest_but_never_a_result_that_waits(desk):
    waiting = desk.submit(ask_first=True)
    desk.finish(waiting)
    for _ in range(HISTORY_LENGTH + 5):
        desk.finish(desk.submit())
    desk.submit()
    assert waiting in desk.bench.entries
    assert len(desk.bench.entries) == HISTORY_LENGTH + 2


def test_new_settings_take_a_new_client(desk):
    desk.bench.reconnect()
    assert desk.clients[0].closed
    assert len(desk.clients) == 2
    assert desk.bench.connection.state is ConnectionState.SEARCHING


def test_jobs_go_on_over_the_new_connection(desk):
    waiting, accepted, cancelled, ended = (desk.submit() for _ in range(4))
    desk.tell(Accepted(accepted.flow.job, 1))
    desk.bench.cancel(cancelled)
    desk.finish(ended)
    desk.bench.reconnect()
    assert [type(message) for message in desk.clients[1].messages] == [Submit, Cancel, Resume, Submit]
    assert desk.clients[1].messages[2] == Resume(accepted.flow.job, 1)
    desk.finish(waiting)
    assert waiting.flow.status.state is JobState.DONE
    desk.bench.discard(accepted)
    assert desk.clients[1].last == Cancel(accepted.flow.job)


def test_a_result_that_waits_is_acknowledged_over_the_new_connection(desk):
    entry = desk.submit(ask_first=True)
    desk.finish(entry)
    desk.bench.reconnect()
    assert desk.clients[1].messages == []
    desk.bench.apply(entry)
    assert desk.clients[1].last == Ack(entry.flow.job)


def test_a_document_that_changed_keeps_its_result(desk):
    host = MemoryHost(unchanged=False)
    entry = desk.submit(host)
    desk.finish(entry)
    assert entry.waits_for_person
    assert entry.flow.status.error.code is ErrorCode.CONFLICT
    desk.bench.apply(entry, even_if_changed=True)
    assert len(host.applied) == 1


def test_models_are_asked_for_anew(desk):
    desk.bench.refresh_models()
    assert desk.clients[-1].messages == []
    desk.tell(WELCOME)
    desk.bench.refresh_models()
    assert desk.clients[-1].messages == [ListModels(1), ListModels(1)]


def test_a_form_once_the_server_has_told(desk):
    assert desk.bench.form("refocus") is None
    desk.tell(WELCOME, Models(1, MODELS))
    assert desk.bench.form("refocus").model.name == "sharp"
    assert desk.bench.form("nonsense") is None
