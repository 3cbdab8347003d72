"""The workbench: what a panel shows of the connection, of running jobs and of results that wait."""

import pytest

from fakes.host import MemoryHost
from fakes.scripted_client import ScriptedClient
from foveate_shared.connection.client import ConnectionState, StateChange
from foveate_shared.errors import ConnectionLostError, ErrorCode, InputError, RefusedError
from foveate_shared.geometry import Bounds, Extent
from foveate_shared.jobs.job_flow import JobState
from foveate_shared.jobs.job_list import HISTORY_LENGTH, MODELS_SECONDS, Workbench
from foveate_shared.jobs.run_blocking import CANCEL_SECONDS
from foveate_shared.jobs.window_answers import MAX_QUEUED_BYTES
from foveate_shared.wire.protocol import (
    Accepted,
    Ack,
    Cancel,
    Cancelled,
    Done,
    Jobs,
    JobSummary,
    Limits,
    ListJobs,
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
    Window,
    WindowRequest,
    Windows,
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
def controller():
    return Desk()


def test_the_connection_is_shown_from_searching_to_ready(controller):
    assert controller.bench.connection.state is ConnectionState.SEARCHING
    assert controller.tell(StateChange(ConnectionState.CONNECTING))
    assert not controller.bench.connection.is_ready
    controller.tell(StateChange(ConnectionState.READY), WELCOME)
    assert controller.bench.connection.is_ready
    assert controller.bench.connection.server == "foveate 9.9"
    assert controller.bench.connection.warning is None


def test_a_silent_server_is_said_to_be_so_and_then_all_is_as_before(controller):
    controller.tell(StateChange(ConnectionState.READY), WELCOME)
    before = controller.bench.connection
    entry = controller.submit()
    text = entry.flow.status.text
    error = ConnectionLostError("The server (pid 7) does not answer.").info
    controller.tell(StateChange(ConnectionState.SILENT, error))
    assert not controller.bench.connection.is_ready
    assert (controller.bench.connection.error, controller.bench.connection.server) == (error, "foveate 9.9")
    assert (entry.is_running, entry.flow.status.text) == (True, error.message)
    controller.tell(StateChange(ConnectionState.READY))
    assert controller.bench.connection == before
    assert entry.flow.status.text == text


def test_what_came_after_a_silence_stays(controller):
    controller.tell(StateChange(ConnectionState.READY), WELCOME)
    entry = controller.submit()
    error = ConnectionLostError("The server (pid 7) does not answer.").info
    controller.tell(StateChange(ConnectionState.SILENT, error), Accepted(entry.flow.job, 1))
    now = entry.flow.status.text
    assert now != error.message
    controller.tell(StateChange(ConnectionState.READY))
    assert entry.flow.status.text == now


@pytest.mark.parametrize(
    ("ours", "words"), [("9.8", "This plugin's version 9.8 is older"), ("10.0", "version 9.9 is older")]
)
def test_at_once_a_difference_of_versions_is_said_and_hinders_nothing(controller, ours, words):
    controller.clients[-1].peer = Peer("foveate-gimp", ours)
    controller.tell(StateChange(ConnectionState.READY), WELCOME)
    assert controller.bench.connection.is_ready
    assert controller.bench.connection.error is None
    assert words in str(controller.bench.connection.warning)


def test_models_are_asked_for_and_offered_by_operation(controller):
    controller.tell(WELCOME)
    assert controller.clients[-1].last == ListModels(1)
    controller.tell(Models(1, MODELS))
    assert [model.name for model in controller.bench.models_for("upscale")] == ["large"]


def test_a_refusal_is_shown_with_its_remedy_and_ends_what_runs(controller):
    entry = controller.submit()
    error = RefusedError("The token is not known.", remedy="Pair again.").info
    controller.tell(StateChange(ConnectionState.REFUSED, error))
    assert controller.bench.connection.error == error
    assert entry.flow.status.state is JobState.FAILED


def test_a_job_is_applied_at_once(controller):
    host = MemoryHost()
    entry = controller.submit(host)
    assert isinstance(controller.clients[-1].last, Submit)
    assert entry.is_running
    controller.finish(entry)
    assert entry.flow.status.state is JobState.DONE
    assert len(host.applied) == 1


def test_two_documents_never_mix_their_results(controller):
    hosts = MemoryHost(), MemoryHost()
    first, second = (controller.submit(host) for host in hosts)
    controller.finish(second)
    assert [len(host.applied) for host in hosts] == [0, 1]
    assert first.is_running
    assert controller.bench.entries == [second, first]


def test_a_result_can_wait_for_a_yes(controller):
    host = MemoryHost()
    entry = controller.submit(host, ask_first=True)
    controller.finish(entry)
    assert entry.waits_for_person
    assert host.applied == []
    controller.bench.apply(entry)
    assert host.applied
    assert not entry.waits_for_person


def test_a_waiting_result_can_be_given_up(controller):
    entry = controller.submit(ask_first=True)
    controller.finish(entry)
    controller.bench.discard(entry)
    assert controller.bench.entries == []
    assert controller.clients[-1].last == Ack(entry.flow.job)


def test_a_running_job_is_cancelled(controller):
    entry = controller.submit()
    controller.bench.cancel(entry)
    assert controller.clients[-1].last == Cancel(entry.flow.job)
    controller.tell(Cancelled(entry.flow.job, 1))
    assert entry.flow.status.state is JobState.CANCELLED


def test_a_job_whose_cancel_is_not_answered_is_left_to_the_server(controller):
    entry = controller.submit()
    controller.bench.cancel(entry)
    controller.now += CANCEL_SECONDS / 2
    controller.bench.cancel(entry)  # pressing again does not prolong it
    assert controller.bench.poll() is False
    assert entry.is_running
    controller.now += CANCEL_SECONDS / 2
    assert controller.bench.poll() is True
    assert entry.flow.status.error.code is ErrorCode.CANCELLED
    assert entry.flow.status.text == "Cancelled"
    assert entry.flow.status.error.message == "The job was cancelled; the server has not confirmed it yet."


def test_poll_tells_whether_there_is_anything_new(controller):
    entry = controller.submit()
    assert controller.bench.poll() is False
    assert controller.tell(Progress(entry.flow.job, 1, "restoring", 0.5)) is True
    assert entry.flow.status.fraction == 0.5
    assert controller.bench.poll() is False


def test_a_host_with_nothing_to_do_leaves_no_entry(controller):
    with pytest.raises(InputError, match="no document"):
        controller.submit(MemoryHost(extent=Extent(0, 0)))
    assert controller.bench.entries == []


def test_the_history_forgets_the_oldest_but_never_a_result_that_waits(controller):
    waiting = controller.submit(ask_first=True)
    controller.finish(waiting)
    for _ in range(HISTORY_LENGTH + 5):
        controller.finish(controller.submit())
    controller.submit()
    assert waiting in controller.bench.entries
    assert len(controller.bench.entries) == HISTORY_LENGTH + 2


def test_new_settings_take_a_new_client(controller):
    controller.bench.reconnect()
    assert controller.clients[0].closed
    assert len(controller.clients) == 2
    assert controller.bench.connection.state is ConnectionState.SEARCHING


def test_jobs_go_on_over_the_new_connection(controller):
    waiting, accepted, cancelled, ended = (controller.submit() for _ in range(4))
    controller.tell(Accepted(accepted.flow.job, 1))
    controller.bench.cancel(cancelled)
    controller.finish(ended)
    controller.bench.reconnect()
    assert [type(message) for message in controller.clients[1].messages] == [Submit, Cancel, Resume, Submit]
    assert controller.clients[1].messages[2] == Resume(accepted.flow.job, 1)
    controller.finish(waiting)
    assert waiting.flow.status.state is JobState.DONE
    controller.bench.discard(accepted)
    assert controller.clients[1].last == Cancel(accepted.flow.job)


def test_a_result_that_waits_is_acknowledged_over_the_new_connection(controller):
    entry = controller.submit(ask_first=True)
    controller.finish(entry)
    controller.bench.reconnect()
    assert controller.clients[1].messages == []
    controller.bench.apply(entry)
    assert controller.clients[1].last == Ack(entry.flow.job)


def test_acks_that_may_not_have_arrived_go_out_over_the_new_connection(controller):
    entry = controller.submit()
    controller.clients[0].owed = (Ack(entry.flow.job),)
    controller.bench.reconnect()
    assert controller.clients[1].messages[0] == Ack(entry.flow.job)


READY = StateChange(ConnectionState.READY)


def test_a_job_stays_with_its_server_while_the_panel_uses_another_one(controller):
    host = MemoryHost()
    entry = controller.submit(host)
    controller.tell(READY, WELCOME, Accepted(entry.flow.job, 1))
    controller.bench.reconnect(elsewhere=True)
    before, now = controller.clients
    assert (before.closed, now.messages) == (False, [])
    controller.tell(StateChange(ConnectionState.LOST, ConnectionLostError("Gone.").info))  # the new one
    assert entry.flow.status.text == "Accepted"
    job = entry.flow.job
    before.tell(Planned(job, 2, "document", Extent(16, 16), "One."), Done(job, 3, (Outcome("refocus", "done"),), {}))
    assert controller.bench.poll()
    assert (entry.is_applied, len(host.applied), before.last, before.closed) == (True, 1, Ack(job), True)
    assert now.messages == []


def test_a_result_that_waits_is_acknowledged_to_the_server_that_has_it(controller):
    entry = controller.submit(ask_first=True)
    controller.tell(READY, WELCOME)
    controller.finish(entry)
    controller.bench.reconnect(elsewhere=True)
    before, now = controller.clients
    controller.bench.poll()
    assert not before.closed
    controller.bench.discard(entry)
    controller.bench.poll()
    assert (before.last, before.closed, now.messages) == (Ack(entry.flow.job), True, [])


def test_a_job_that_no_server_has_heard_of_goes_to_the_new_one(controller):
    entry = controller.submit()
    controller.bench.reconnect(elsewhere=True)
    assert controller.clients[0].closed
    assert [type(message) for message in controller.clients[1].messages] == [Submit]
    assert entry.is_running


def test_a_job_goes_on_over_the_new_connection_where_that_leads_to_its_server_after_all(controller):
    """Such as one under a new address, or the one of before the last."""
    entry, other = controller.submit(), controller.submit(ask_first=True)
    controller.tell(READY, WELCOME, Accepted(entry.flow.job, 1))
    controller.finish(other)
    controller.bench.reconnect(elsewhere=True)
    before, now = controller.clients
    before.owed = (Ack(other.flow.job),)
    controller.tell(READY, WELCOME)
    assert ListJobs(1) in now.messages
    controller.tell(Jobs(1, (JobSummary(entry.flow.job, "refocus", "running", None, 1.0, 9),)))
    assert before.closed
    assert now.messages[-2:] == [Ack(other.flow.job), Resume(entry.flow.job, 1)]
    controller.finish(entry)
    assert entry.is_applied


def test_whether_a_job_is_reached_is_a_matter_of_its_own_server(controller):
    entry = controller.submit()
    controller.tell(READY, WELCOME)
    controller.bench.reconnect(elsewhere=True)
    before = controller.clients[0]
    later = controller.submit()
    assert (controller.bench.is_reached(entry), controller.bench.is_reached(later)) == (True, False)
    before.tell(StateChange(ConnectionState.LOST, ConnectionLostError("Gone.").info))
    controller.tell(READY, WELCOME)
    assert (controller.bench.is_reached(entry), controller.bench.is_reached(later)) == (False, True)
    assert entry.flow.status.text == "Connection lost, trying again"
    controller.bench.close()
    assert before.closed


def test_a_document_that_changed_keeps_its_result(controller):
    host = MemoryHost(unchanged=False)
    entry = controller.submit(host)
    controller.finish(entry)
    assert entry.waits_for_person
    assert entry.flow.status.error.code is ErrorCode.CONFLICT
    controller.bench.apply(entry, even_if_changed=True)
    assert len(host.applied) == 1


def test_models_that_come_and_go_are_seen(controller):
    controller.tell(StateChange(ConnectionState.READY), WELCOME)
    controller.now += MODELS_SECONDS
    controller.bench.poll()
    assert controller.clients[-1].messages == [ListModels(1)]  # one question at a time
    controller.tell(Models(1, MODELS))
    controller.bench.poll()
    assert len(controller.clients[-1].messages) == 1
    controller.now += MODELS_SECONDS
    controller.bench.poll()
    controller.bench.poll()
    assert len(controller.clients[-1].messages) == 2
    controller.tell(Models(2, MODELS[:1]))
    assert controller.bench.models == MODELS[:1]
    controller.now += MODELS_SECONDS
    controller.tell(StateChange(ConnectionState.LOST, ConnectionLostError("It is gone.").info))
    assert len(controller.clients[-1].messages) == 2  # there is nobody to ask


def test_models_are_asked_for_anew(controller):
    controller.bench.refresh_models()
    assert controller.clients[-1].messages == []
    controller.tell(WELCOME)
    controller.bench.refresh_models()
    assert controller.clients[-1].messages == [ListModels(1), ListModels(1)]


def test_a_form_once_the_server_has_told(controller):
    assert controller.bench.form("refocus") is None
    controller.tell(WELCOME, Models(1, MODELS))
    assert controller.bench.form("refocus").model.name == "sharp"
    assert controller.bench.form("nonsense") is None


def test_windows_are_sent_in_the_order_in_which_jobs_were_started(controller):
    """The server makes first what it has first: what is shown first, then."""
    host = MemoryHost()
    jobs = [controller.submit(host, group="all") for _ in range(3)]
    one, two = (WindowRequest(name, Bounds(0, 0, 4, 4), Extent(4, 4)) for name in ("one", "two"))
    asked = [Windows(entry.flow.job, 3, (one, two)) for entry in jobs]
    client = controller.clients[-1]
    client.queued_bytes = MAX_QUEUED_BYTES  # the wire is slow: all are asked for before any can be sent
    controller.tell(*[message for entry in jobs for message in planned(entry)], *asked)
    client.queued_bytes = 0
    controller.bench.poll()
    sent = [message for message in client.messages if isinstance(message, Window)]
    wanted = [(entry.flow.job, name) for entry in jobs for name in ("one", "two")]
    assert [(message.job, message.window) for message in sent] == wanted


def planned(entry, seconds=None):
    job = entry.flow.job
    return Accepted(job, 1), Planned(job, 2, "document", Extent(16, 16), "One region.", seconds=seconds)


@pytest.mark.parametrize(("seconds", "asks"), [(60.0, True), (59.0, False), (None, False)])
def test_what_takes_long_waits_for_a_yes_before_anything_is_sent(controller, seconds, asks):
    entry = controller.submit(asks_from=60.0)
    controller.tell(*planned(entry, seconds))
    controller.tell(Windows(entry.flow.job, 3, (WindowRequest("one", Bounds(0, 0, 4, 4), Extent(4, 4)),)))
    controller.bench.poll()

    def sent():
        return [each for each in controller.clients[-1].messages if isinstance(each, Window)]

    assert entry.is_running
    assert (entry.flow.is_held, len(sent())) == (asks, 0 if asks else 1)
    assert entry.flow.status.expected == seconds
    entry.flow.begin()
    controller.bench.poll()
    assert (entry.flow.is_held, len(sent())) == (False, 1)


def test_what_was_not_begun_can_be_cancelled(controller):
    entry = controller.submit(asks_from=60.0)
    controller.tell(*planned(entry, 600.0))
    controller.bench.cancel(entry)
    assert controller.clients[-1].last == Cancel(entry.flow.job)
    controller.tell(Cancelled(entry.flow.job, 4))
    assert entry.flow.status.state is JobState.CANCELLED
    assert not entry.flow.is_held


def test_variations_have_their_wish_in_common_and_others_have_one_of_their_own(controller):
    one, other = controller.submit(group="both"), controller.submit(group="both")
    alone, again = controller.submit(), controller.submit()
    assert one.wish == other.wish
    assert len({one.wish, alone.wish, again.wish}) == 3
