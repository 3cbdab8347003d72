"""The flow of one job, driven message by message: what it sends, what it shows, and that it applies all or nothing."""

import pytest

from fakes.connection import RecordingConnection
from fakes.host import GRAY_U8, MemoryHost
from foveate_shared.connection.client import ConnectionState, StateChange
from foveate_shared.errors import ErrorCode, ErrorInfo, Fault, InputError, ResourceError, ServerError
from foveate_shared.geometry import Bounds, Extent
from foveate_shared.i18n.sentence import Sentence
from foveate_shared.i18n.translations import Texts
from foveate_shared.jobs import apply_result, window_answers
from foveate_shared.jobs.dispatch_events import dispatch
from foveate_shared.jobs.job_flow import Rerender
from foveate_shared.jobs.job_status import JobState, describe
from foveate_shared.jobs.missing_parts import rows_missing_in
from foveate_shared.jobs.window_answers import MAX_QUEUED_BYTES
from foveate_shared.wire.blobs import Delivery
from foveate_shared.wire.protocol import (
    Accepted,
    Ack,
    Blob,
    Cancel,
    Cancelled,
    Done,
    Failed,
    ItemEnded,
    Note,
    Outcome,
    Patch,
    Pixels,
    Planned,
    Problem,
    Progress,
    Queued,
    Resume,
    Selection,
    Started,
    Submit,
    Window,
    WindowRequest,
    Windows,
)

SOME = Bounds(1, 2, 3, 4)
BROKEN = ErrorInfo(ErrorCode.WORKER_CRASHED, "The worker crashed.", "Try again.", Fault.SERVER)


class PatientHost(MemoryHost):
    """Applies in three steps, and may be called back in the middle of one, as editors do."""

    def steps(self, result, *, check):
        if check and not self.is_unchanged():
            raise InputError("It changed.")
        for _ in range(2):
            self.in_a_step()
            yield
        self.apply(result)

    def in_a_step(self):
        pass


class Scene:
    """A started flow with its host and connection, and a server's side that counts `seq`."""

    def __init__(self, *, ask_first=False, takes_incomplete=False, kind=MemoryHost, **host):
        self.host = kind(**host)
        self.connection = RecordingConnection()
        self.flow = Rerender(
            self.connection,
            self.host,
            "refocus",
            {"strength": 0.5},
            ask_first=ask_first,
            takes_incomplete=takes_incomplete,
        )
        self.flow.start()
        self.seq = 0

    def tell(self, event, *payloads, **fields):
        self.seq += 1
        return self.flow.handle(event(job=self.flow.job, seq=self.seq, **fields), payloads)

    def plan(self, frame="document"):
        self.tell(Accepted)
        self.tell(Planned, frame=frame, extent=Extent(16, 16), summary="One region.")

    def ask(self, *requests):
        self.tell(Windows, requests=requests)

    def patch(self, bounds=SOME):
        data = b"\7" * bounds.area
        self.tell(
            Patch,
            bytearray(data),
            item="a",
            bounds=bounds,
            pixels=Pixels(bounds.extent, GRAY_U8, Blob(1, len(data), "0" * 64)),
            coverage=None,
        )

    def done(self):
        outcome = Outcome("a", "done")
        self.tell(ItemEnded, outcome=outcome)
        self.tell(Done, outcomes=(outcome,), recipe={"operation": "refocus"})


@pytest.fixture
def scene():
    return Scene()


def test_a_job_from_start_to_ack(scene):
    submit = scene.connection.last
    assert isinstance(submit, Submit)
    assert (submit.operation, submit.parameters, submit.document.extent) == (
        "refocus",
        {"strength": 0.5},
        Extent(16, 16),
    )
    scene.plan()
    scene.ask(WindowRequest("w", Bounds(2, 1, 3, 2), Extent(3, 2)))
    scene.flow.pump()
    window, data = scene.connection.sent[-1]
    assert isinstance(window, Window)
    assert data == (bytes([18, 19, 20, 34, 35, 36]),)
    scene.patch()
    assert not scene.host.applied, "patches wait until the result is complete"
    scene.done()
    (result,) = scene.host.applied
    assert result.frame == "document"
    assert [(patch.bounds, bytes(patch.pixels.data)) for patch in result.patches] == [(Bounds(1, 2, 3, 4), b"\7" * 12)]
    assert result.recipe == {"operation": "refocus"}
    assert scene.connection.last == Ack(scene.flow.job)
    assert scene.flow.ended
    assert scene.flow.status.state is JobState.DONE
    assert scene.host.releases == 1


def test_windows_come_from_the_frozen_snapshot(scene):
    scene.plan()
    scene.host.pixels = bytes(256)
    scene.ask(WindowRequest("w", Bounds(0, 0, 2, 1), Extent(2, 1)))
    scene.flow.pump()
    assert scene.connection.sent[-1][1] == (b"\0\1",)


def test_a_profile_travels_with_the_submit():
    scene = Scene(icc=b"profile")
    submit, data = scene.connection.sent[0]
    assert data == (b"profile",)
    assert submit.document.profile.icc.size == 7
    assert submit.document.profile.space is None


def test_coverage_is_sent_where_it_is_asked():
    scene = Scene(selection=Selection(Bounds(2, 2, 4, 4), has_coverage=True))
    scene.plan()
    scene.ask(WindowRequest("w", Bounds(2, 2, 4, 4), Extent(4, 4), coverage=True))
    scene.flow.pump()
    window, data = scene.connection.sent[-1]
    assert window.coverage.extent == window.pixels.extent
    assert data[1] == b"\xff" * 16


def test_windows_wait_for_a_slow_connection(scene):
    scene.plan()
    requests = [WindowRequest(f"w{i}", Bounds(0, i, 4, 1), Extent(4, 1)) for i in range(3)]
    scene.connection.queued_bytes = MAX_QUEUED_BYTES
    scene.ask(*requests)
    scene.flow.pump()
    assert not any(isinstance(message, Window) for message in scene.connection.messages)
    scene.connection.queued_bytes = 0
    scene.flow.pump()
    assert [m.window for m in scene.connection.messages if isinstance(m, Window)] == ["w0", "w1", "w2"]


def test_a_window_that_cannot_be_read_ends_the_job(scene):
    scene.plan()
    scene.ask(WindowRequest("w", Bounds(10, 10, 20, 20), Extent(20, 20)))
    scene.flow.pump()
    assert scene.flow.status.state is JobState.FAILED
    assert scene.flow.status.error.message == "These pixels are not in the document."
    assert scene.connection.last == Cancel(scene.flow.job)


def test_a_failed_job_changes_nothing(scene):
    scene.plan()
    scene.patch()
    scene.tell(Failed, error=BROKEN)
    assert scene.flow.status.state is JobState.FAILED
    assert scene.flow.status.error == BROKEN
    assert not scene.host.applied
    assert scene.connection.last == Ack(scene.flow.job)
    assert scene.host.releases == 1


def test_a_failed_job_of_which_a_part_is_kept_is_not_acknowledged(scene):
    scene.plan("new")
    scene.patch()
    scene.tell(Failed, error=BROKEN, recipe={})
    assert (scene.flow.status.state, scene.flow.status.error) == (JobState.FAILED, BROKEN)
    assert scene.flow.status.text == "Failed"
    assert Ack(scene.flow.job) not in scene.connection.messages
    assert not scene.host.applied


def fail_in_part(scene):
    scene.plan("new")
    scene.patch(Bounds(0, 0, 16, 9))
    scene.tell(Note, text="One strip is slow.")
    failed = (Outcome("a", "done"), Outcome("b", "failed", "The worker died."))
    for outcome in failed:
        scene.tell(ItemEnded, outcome=outcome)
    scene.tell(Failed, error=BROKEN, outcomes=failed, recipe={})


def test_the_rest_of_it_is_made_of_what_was_frozen_and_with_what_is_finished(scene):
    fail_in_part(scene)
    assert scene.flow.can_make_rest
    scene.host.pixels = bytes(256)  # the document is another one by now
    scene.flow.make_rest()
    assert scene.connection.last == Resume(scene.flow.job, scene.seq, True)
    assert (scene.flow.can_make_rest, scene.flow.ended, scene.flow.status.error) == (False, False, None)
    scene.ask(WindowRequest("w", Bounds(2, 1, 3, 2), Extent(3, 2)))
    scene.flow.pump()
    assert scene.connection.sent[-1][1] == (bytes([18, 19, 20, 34, 35, 36]),)
    scene.patch(Bounds(0, 9, 16, 7))
    scene.tell(ItemEnded, outcome=Outcome("b", "done"))
    assert [outcome.status for outcome in scene.flow.outcomes] == ["done", "done"]
    scene.tell(Done, outcomes=scene.flow.outcomes, recipe={})
    (result,) = scene.host.applied
    assert [patch.bounds for patch in result.patches] == [Bounds(0, 0, 16, 9), Bounds(0, 9, 16, 7)]
    assert scene.connection.last == Ack(scene.flow.job)
    assert scene.host.releases == 1


def test_it_can_fail_again_and_is_given_up_with_what_is_finished(scene):
    fail_in_part(scene)
    scene.flow.make_rest()
    scene.tell(Failed, error=BROKEN, recipe={})
    assert scene.flow.can_make_rest
    assert scene.host.releases == 0
    scene.flow.cancel()
    assert scene.connection.last == Ack(scene.flow.job)
    assert (scene.flow.can_make_rest, scene.flow.status.state) == (False, JobState.CANCELLED)
    assert scene.host.releases == 1


def test_the_server_is_asked_for_the_rest_again_until_it_has_heard_of_it(scene):
    fail_in_part(scene)
    scene.flow.make_rest()
    failed_at, other, third = scene.seq, RecordingConnection(), RecordingConnection()
    scene.flow.move_to(other)
    assert other.messages == [Resume(scene.flow.job, failed_at, True)]
    scene.ask(WindowRequest("w", SOME, Extent(3, 4)))
    scene.flow.move_to(third)
    assert third.messages == [Resume(scene.flow.job, scene.seq)]


def test_where_the_server_is_lost_before_that_the_rest_can_still_be_made(scene):
    fail_in_part(scene)
    scene.flow.make_rest()
    scene.flow.abandon(ServerError("It is gone."))
    assert (scene.flow.can_make_rest, scene.host.releases) == (True, 0)
    scene.flow.make_rest()
    scene.flow.cancel()
    scene.flow.abandon(ServerError("It is gone."))  # with a cancel on its way
    assert (scene.flow.can_make_rest, scene.host.releases) == (False, 1)


def test_what_failed_is_no_word_on_the_complete_result(scene):
    fail_in_part(scene)
    assert scene.flow.status.notes == ("One strip is slow.", "The worker died.")
    scene.flow.make_rest()
    assert scene.flow.status.notes == ("One strip is slow.",)


def test_of_a_failure_without_finished_parts_there_is_no_rest(scene):
    scene.plan("new")
    scene.tell(Failed, error=BROKEN)
    assert not scene.flow.can_make_rest


def test_where_the_server_does_not_have_it_any_more_that_is_said(scene):
    fail_in_part(scene)
    scene.flow.make_rest()
    gone = ErrorInfo(ErrorCode.EXPIRED, "Gone.", "", Fault.USER)
    scene.flow.handle(Problem(gone, job=scene.flow.job))
    assert (scene.flow.can_make_rest, scene.flow.status.error) == (False, gone)
    assert scene.host.releases == 1


def test_unless_the_person_wants_its_end(scene):
    scene.plan("new")
    scene.flow.cancel()
    scene.tell(Failed, error=BROKEN, recipe={})
    assert scene.connection.last == Ack(scene.flow.job)


def test_who_takes_incomplete_results_gets_what_is_there_and_the_server_keeps_it():
    scene = Scene(takes_incomplete=True)
    scene.plan("new")
    scene.patch(Bounds(0, 0, 16, 9))
    scene.tell(Failed, error=BROKEN, recipe={"operation": "refocus"})
    (result,) = scene.host.applied
    assert rows_missing_in(result) == [(9, 16)]
    assert result.recipe == {"operation": "refocus"}
    assert scene.flow.status.state is JobState.DONE
    assert Ack(scene.flow.job) not in scene.connection.messages


def test_a_new_image_with_a_hole_is_not_applied_though_the_server_calls_it_done(scene):
    scene.plan("new")
    scene.patch(Bounds(0, 0, 16, 9))
    scene.done()
    assert not scene.host.applied
    assert scene.flow.status.state is JobState.UNAPPLIED
    assert scene.flow.status.error.message == "The new image is not whole: rows 9-15 of 16 are missing."
    assert Ack(scene.flow.job) not in scene.connection.messages


def test_pixels_are_not_being_sent_any_more_once_an_item_runs(scene):
    scene.plan()
    assert scene.flow.status.text == "Sending pixels"
    scene.tell(Started, item="i1")
    assert (scene.flow.status.text, scene.flow.status.state) == ("Running", JobState.RUNNING)
    scene.tell(Progress, stage="restoring", fraction=0.5)
    scene.tell(Started, item="i2")
    assert scene.flow.status.text == "Restoring"


def test_cancel_asks_the_server_and_ends_with_its_answer(scene):
    scene.plan()
    scene.patch()
    scene.flow.cancel()
    assert scene.connection.last == Cancel(scene.flow.job)
    assert not scene.flow.ended
    scene.tell(Cancelled)
    assert scene.flow.status.state is JobState.CANCELLED
    assert not scene.host.applied


def test_a_cancelled_job_shows_that_and_nothing_else(scene):
    scene.flow.cancel()
    scene.plan()
    scene.tell(Progress, stage="restoring", fraction=0.5)
    assert (scene.flow.status.text, scene.flow.status.state) == ("Cancelling", JobState.SUBMITTED)


def test_of_a_cancelled_job_nothing_is_said_that_was_said_on_the_way(scene):
    scene.plan()
    scene.tell(Note, text="The worker process was killed. What it was at is tried again.")
    scene.flow.cancel()
    scene.tell(Cancelled)
    assert scene.flow.status.notes == ()


def test_a_result_that_was_complete_before_the_cancel_came_is_not_applied(scene):
    scene.plan()
    scene.patch()
    scene.flow.cancel()
    scene.done()
    assert scene.flow.status.state is JobState.CANCELLED
    assert scene.connection.last == Ack(scene.flow.job)
    assert not scene.host.applied


def test_a_cancelled_job_that_the_server_does_not_have_is_cancelled(scene):
    scene.plan()
    scene.flow.cancel()
    scene.flow.handle(Problem(InputError("No such job.", code=ErrorCode.UNKNOWN_JOB).info, job=scene.flow.job))
    assert scene.flow.status.state is JobState.CANCELLED
    assert scene.flow.status.error is None


def test_what_the_host_refuses_stays_on_the_server_and_can_be_applied_again(scene):
    scene.host.refuse_apply = ResourceError("The disk is full.", remedy="Free some space.")
    scene.plan()
    scene.done()
    assert scene.flow.status.state is JobState.UNAPPLIED
    assert scene.flow.status.error.message == "The disk is full."
    assert Ack(scene.flow.job) not in scene.connection.messages
    scene.host.refuse_apply = None
    scene.flow.apply()
    assert scene.flow.status.state is JobState.DONE
    assert scene.flow.status.error is None
    assert scene.connection.last == Ack(scene.flow.job)


def test_a_result_that_was_not_applied_can_be_dropped(scene):
    scene.host.refuse_apply = ServerError("No.")
    scene.plan()
    scene.done()
    scene.flow.cancel()
    assert scene.flow.status.state is JobState.CANCELLED
    assert scene.connection.last == Ack(scene.flow.job)


def test_a_result_is_kept_where_the_document_changed_meanwhile(scene):
    scene.host.unchanged = False
    scene.plan()
    scene.done()
    assert scene.flow.status.state is JobState.UNAPPLIED
    assert scene.flow.status.error.code is ErrorCode.CONFLICT
    assert scene.host.applied == []
    assert scene.host.releases == 0
    scene.flow.apply(even_if_changed=True)
    assert scene.flow.status.state is JobState.DONE
    assert scene.host.applied == [scene.flow.result]
    assert scene.connection.last == Ack(scene.flow.job)


def test_a_new_picture_does_not_ask_whether_the_document_changed(scene):
    scene.host.unchanged = False
    scene.plan(frame="new")
    scene.patch(Bounds(0, 0, 16, 16))
    scene.done()
    assert scene.flow.status.state is JobState.DONE


def test_a_result_waits_for_a_yes_where_that_was_asked():
    scene = Scene(ask_first=True)
    scene.plan()
    scene.done()
    assert scene.flow.status.state is JobState.UNAPPLIED
    assert scene.flow.status.error is None
    assert scene.host.applied == []
    scene.flow.apply()
    assert scene.flow.status.state is JobState.DONE
    assert scene.host.applied == [scene.flow.result]


def test_events_that_come_twice_count_once(scene):
    scene.plan()
    scene.patch()
    scene.seq -= 1
    scene.patch()
    scene.done()
    assert len(scene.host.applied[0].patches) == 1


def test_a_known_job_is_resumed_not_submitted():
    connection = RecordingConnection()
    job = "6f1c2b52-7d2f-4a7e-9c36-0c9f5c8a7d10"
    flow = Rerender(connection, MemoryHost(), "refocus", {}, job=job)
    flow.start()
    assert connection.messages == [Resume(job, 0)]


@pytest.mark.parametrize("code", [ErrorCode.QUEUE_FULL, ErrorCode.UNKNOWN_OPERATION, ErrorCode.INVALID_PARAMETER])
def test_a_refused_submit_ends_the_flow(scene, code):
    error = ErrorInfo(code, "No.", "Do this.", Fault.USER)
    scene.flow.handle(Problem(error, job=scene.flow.job))
    assert scene.flow.status.state is JobState.FAILED
    assert (scene.flow.status.error, scene.flow.status.text) == (error, "Failed")


def test_a_problem_within_an_accepted_job_is_a_note(scene):
    scene.plan()
    scene.flow.handle(Problem(ErrorInfo(ErrorCode.RATE_LIMITED, "Slow down.", "", Fault.CLIENT), job=scene.flow.job))
    assert not scene.flow.ended
    assert "Slow down." in scene.flow.status.notes


def test_a_lost_connection_is_shown_and_a_refused_one_ends_the_flow(scene):
    scene.plan()
    lost = StateChange(ConnectionState.LOST, BROKEN)
    dispatch([lost], [scene.flow])
    assert scene.flow.status.text == "Connection lost, trying again"
    assert not scene.flow.ended
    dispatch([Delivery(Note(scene.flow.job, 7, "Still there."))], [scene.flow])
    assert scene.flow.status.notes == ("Still there.",)
    refused = ErrorInfo(ErrorCode.UNAUTHORIZED, "The token is not good any more.", "Pair again.", Fault.USER)
    dispatch([StateChange(ConnectionState.REFUSED, refused)], [scene.flow])
    assert scene.flow.status.state is JobState.FAILED
    assert scene.flow.status.error == refused


def test_messages_about_other_jobs_are_left_to_others(scene):
    assert not scene.flow.handle(Accepted("6f1c2b52-7d2f-4a7e-9c36-0c9f5c8a7d10", 1))
    assert scene.tell(Accepted)


def test_an_empty_document_is_refused_before_anything_is_sent():
    connection = RecordingConnection()
    flow = Rerender(connection, MemoryHost(extent=Extent(0, 0)), "refocus", {})
    with pytest.raises(InputError, match="no document"):
        flow.start()
    assert not connection.sent


def test_status_tells_stage_queue_and_time(scene):
    scene.plan()
    scene.tell(Queued, position=3)
    assert describe(scene.flow.status) == "In the queue behind 2 others"
    scene.tell(Queued, position=2)
    assert describe(scene.flow.status) == "In the queue behind 1 other"
    assert describe(scene.flow.status, Texts("de")) == "In der Warteschlange hinter 1 anderen"
    loading = Sentence("Loading {checkpoint}", checkpoint="dream")
    scene.tell(Queued, position=1, reason=Sentence("Waiting for another job: {stage}", stage=loading))
    assert describe(scene.flow.status) == "Waiting for another job: Loading dream"
    assert describe(scene.flow.status, Texts("de")) == "Wartet auf einen anderen Auftrag: Lade dream"
    scene.tell(Progress, stage="restoring", fraction=0.25, step=2, steps=8, seconds_left=65.0)
    assert describe(scene.flow.status) == "Restoring, 2 of 8, 25%, 1 min 5 s left"
    scene.tell(Progress, stage="restoring", fraction=0.1)
    assert scene.flow.status.fraction == 0.25, "a bar never runs backwards"
    scene.tell(Note, text="The tile had to shrink.")
    assert scene.flow.status.notes == ("The tile had to shrink.",)
    assert scene.flow.status.summary == "One region."


def test_notes_about_faces_say_which(scene):
    scene.plan()
    for number in (1, 2):
        scene.tell(ItemEnded, outcome=Outcome(f"face-{number}", "kept", "It is too soft.", {"number": number}))
    assert scene.flow.status.notes == ("Face 1: It is too soft.", "Face 2: It is too soft.")


def test_notes_are_known_by_their_keys(scene):
    told = Sentence("There is no file {path}.", path="a. B")
    scene.plan()
    scene.tell(Note, text=told)
    scene.tell(ItemEnded, outcome=Outcome("face-1", "kept", told, {"number": 1}))
    scene.tell(ItemEnded, outcome=Outcome("face-2", "kept", "This face is not selected.", {"number": 2}))
    assert [Texts("de").sentence(note) for note in scene.flow.status.notes] == [
        "Eine Datei a. B gibt es nicht.",
        "Gesicht 1: Eine Datei a. B gibt es nicht.",
        "Gesicht 2: Dieses Gesicht ist nicht ausgewählt.",
    ]


def test_done_without_a_plan_is_the_servers_fault(scene):
    scene.tell(Accepted)
    scene.done()
    assert scene.flow.status.state is JobState.FAILED
    assert scene.flow.status.error.fault is Fault.SERVER


@pytest.fixture
def patient(monkeypatch):
    for module in (apply_result, window_answers):
        monkeypatch.setattr(module, "STEP_SECONDS", 0.0)  # one step at a time
    scene = Scene(kind=PatientHost)
    scene.plan()
    scene.patch()
    return scene


def test_a_host_applies_step_by_step(patient):
    patient.done()
    for _ in range(2):
        assert (patient.flow.status.state, patient.flow.is_applying) == (JobState.RUNNING, True)
        assert patient.flow.status.text == "Applying the result"
        assert patient.host.applied == []
        patient.flow.pump()
    assert patient.flow.status.state is JobState.DONE
    assert patient.connection.last == Ack(patient.flow.job)
    assert len(patient.host.applied) == 1


def test_cancelling_between_two_steps_leaves_nothing(patient):
    patient.done()
    patient.flow.cancel()
    patient.flow.pump()
    assert (patient.flow.status.state, patient.host.applied) == (JobState.CANCELLED, [])
    assert patient.connection.last == Ack(patient.flow.job)


def test_a_connection_that_is_lost_does_not_stop_the_applying(patient):
    patient.done()
    patient.flow.interrupted("Connection lost")
    patient.flow.abandon(ServerError("Gone."))
    for _ in range(2):
        patient.flow.pump()
    assert patient.flow.status.state is JobState.DONE


def test_what_an_editor_calls_within_a_step_waits(patient):
    def meddle():
        patient.flow.pump()
        patient.flow.cancel()

    patient.host.in_a_step = meddle
    patient.done()
    for _ in range(2):
        patient.flow.pump()
    assert patient.flow.status.state is JobState.DONE
    assert len(patient.host.applied) == 1


def test_a_change_that_a_step_finds_keeps_the_result(patient):
    patient.host.unchanged = False
    patient.done()
    assert (patient.flow.status.state, patient.flow.is_applying) == (JobState.UNAPPLIED, False)
    patient.flow.apply(even_if_changed=True)
    for _ in range(2):
        patient.flow.pump()
    assert patient.flow.status.state is JobState.DONE


def test_windows_are_read_a_few_at_a_time_where_the_host_is_patient(patient):
    window = Bounds(0, 0, 2, 2)
    patient.ask(*(WindowRequest(f"a.{number}", window, window.extent) for number in range(3)))
    for left in (True, True, False):
        patient.flow.pump()
        assert patient.flow.has_work is left
    assert sum(isinstance(message, Window) for message in patient.connection.messages) == 3
