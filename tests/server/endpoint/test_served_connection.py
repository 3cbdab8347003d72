"""The wire, against a real server: what a client may do, and what becomes of one that breaks the rules."""

import asyncio
import contextlib
import hashlib
import json
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from websockets.exceptions import ConnectionClosed

from fakes.jobs import EXTENT, GRAY, PHOTO, blob_of, crop, job_id, submit_of, window_of
from fakes.messages import BY_CLASS
from fakes.painting import inverted
from foveate_server.config.parse_values import size_text
from foveate_server.config.server_config import Rates
from foveate_server.endpoint.served_connection import ConnectionLimits
from foveate_shared.errors import ErrorCode
from foveate_shared.geometry import Bounds
from foveate_shared.wire.codec import decode, encode
from foveate_shared.wire.protocol import (
    CLIENT_MESSAGES,
    SERVER_MESSAGES,
    Accepted,
    Ack,
    Cancel,
    Cancelled,
    Credit,
    Done,
    Failed,
    Hello,
    ItemEnded,
    Jobs,
    Limits,
    ListJobs,
    ListModels,
    Models,
    Patch,
    Peer,
    Planned,
    Problem,
    Profile,
    Queued,
    Resume,
    Started,
    Welcome,
    Windows,
)


def hello(**changes):
    return replace(Hello((1,), Peer("test", "1"), "anna"), **changes)


def test_a_whole_job(site):
    with site.client() as client:
        submit = submit_of(items=2)
        client.send(submit)
        done = client.finish(submit.job)
        assert isinstance(done, Done)
        kinds = [type(message) for message in client.lasting]
        assert kinds == [Accepted, Planned, Windows, Patch, ItemEnded, Patch, ItemEnded, Done]
        seqs = [message.seq for message in client.of(object) if hasattr(message, "seq")]
        assert len(seqs) == len(set(seqs))
        patches = {d.message.bounds: bytes(d.payloads[0]) for d in client.deliveries if isinstance(d.message, Patch)}
        assert patches == {bounds: inverted(crop(bounds)) for bounds in patches}
        assert sum(bounds.area for bounds in patches) == EXTENT.area
        client.send(Ack(submit.job))
        client.send(ListJobs(7))
        assert client.until(Jobs) == Jobs(7, ())


def test_the_welcome_says_what_there_is(site):
    with site.client() as client:
        assert client.welcome.version == 1
        assert [operation.name for operation in client.welcome.operations] == ["paint"]
        assert client.welcome.operations[0].parameters["properties"]["items"]["maximum"] == 64
        client.send(ListModels(1))
        assert [model.name for model in client.until(Models).models] == ["brush"]


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        (encode(ListJobs(1)), ErrorCode.PROTOCOL_ERROR),
        (encode(hello(versions=(7,))), ErrorCode.VERSION_MISMATCH),
        ("{", ErrorCode.PROTOCOL_ERROR),
        (b"FVC1" + bytes(20), ErrorCode.PROTOCOL_ERROR),
    ],
)
def test_a_connection_begins_with_hello(site, frame, code):
    with site.client(greet=False) as client:
        client.socket.send(frame)
        problem, close_code = client.closing()
        assert (problem.error.code, problem.fatal, close_code) == (code, True, 1008)


def test_version_mismatch_says_which_side_to_update(site):
    with site.client(greet=False) as client:
        client.send(hello(versions=(7,), client=Peer("Krita plugin", "9.1")))
        problem, _ = client.closing()
        assert "Run `foveate stop` where the server runs" in problem.error.remedy
    with site.client(greet=False) as client:
        client.send(hello(versions=(7, 1, 99)))
        assert client.until(Welcome).version == 1


def test_who_says_nothing_is_sent_away(start_site):
    site = start_site(patience=ConnectionLimits(hello=0.05))
    with site.client(greet=False) as client:
        problem, close_code = client.closing()
        assert (problem.error.code, close_code) == (ErrorCode.TIMED_OUT, 1008)


def test_a_second_hello_is_fatal(site):
    with site.client() as client:
        client.send(hello())
        problem, close_code = client.closing()
        assert (problem.fatal, close_code) == (True, 1008)


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        ('{"type": "dance"}', ErrorCode.UNKNOWN_MESSAGE),
        ('{"type": "cancel"}', ErrorCode.PROTOCOL_ERROR),
        ("[]", ErrorCode.PROTOCOL_ERROR),
        ("", ErrorCode.PROTOCOL_ERROR),
        (encode(Cancel(job_id())), ErrorCode.UNKNOWN_JOB),
        (encode(Resume(job_id())), ErrorCode.UNKNOWN_JOB),
        (encode(submit_of(operation="bake")), ErrorCode.UNKNOWN_OPERATION),
        (encode(submit_of(items=-1)), ErrorCode.INVALID_PARAMETER),
    ],
    ids=["type", "field", "list", "nothing", "cancel", "resume", "operation", "parameter"],
)
def test_a_bad_request_is_answered_and_the_connection_goes_on(site, frame, code):
    with site.client() as client:
        client.socket.send(frame)
        problem = client.until(Problem)
        assert (problem.error.code, problem.fatal) == (code, False)
        assert problem.error.message
        assert problem.job == json.loads(frame or "{}").get("job") if frame.startswith("{") else True
        client.send(ListJobs(1))
        client.until(Jobs)


def test_an_overlong_message_is_fatal(start_site):
    site = start_site(limits=Limits(max_message_bytes=4096))
    with site.client() as client:
        client.socket.send(json.dumps({"type": "x" * 5000}))
        problem, close_code = client.closing()
        assert (problem.error.code, close_code) == (ErrorCode.TOO_LARGE, 1008)


# --- lies about bytes ---


def begin(client, **fields):
    """Submit a job and return its id, and the windows that are asked for."""
    submit = submit_of(**fields)
    client.send(submit)
    return submit.job, client.until(Windows).requests


def test_a_wrong_hash_is_fatal(site):
    with site.client() as client:
        job, (request,) = begin(client)
        client.send(window_of(job, request))
        client.chunk(1, 0, bytes(len(PHOTO)))
        problem, close_code = client.closing()
        assert (problem.error.code, close_code) == (ErrorCode.PROTOCOL_ERROR, 1008)
    with site.client() as client:  # the job is none the worse
        client.send(Resume(job))
        assert isinstance(client.finish(job), Done)
    site.until_stored(EXTENT.area)


@pytest.mark.parametrize(
    "chunks",
    [
        [(1, 0, bytes(500))],
        [(1, 5, b"gap")],
        [(2, 0, b"unknown")],
        [(1, 0, PHOTO[:10]), (1, 0, PHOTO[:10])],
    ],
    ids=["past the end", "gap", "unknown", "repeated"],
)
def test_chunks_that_do_not_fit_are_fatal(site, chunks):
    with site.client() as client:
        job, (request,) = begin(client)
        client.send(window_of(job, request))
        for chunk in chunks:
            client.chunk(*chunk)
        problem, close_code = client.closing()
        assert (problem.error.code, close_code) == (ErrorCode.PROTOCOL_ERROR, 1008)
    with site.client() as client:
        client.send(ListJobs(1))
        client.until(Jobs)
        site.until_stored(0)


def test_a_huge_blob_is_refused_at_its_declaration(start_site):
    site = start_site(limits=Limits(max_blob_bytes=100))
    with site.client() as client:
        job, (request,) = begin(client)
        client.send(window_of(job, request))
        problem, close_code = client.closing()
        assert (problem.error.code, close_code) == (ErrorCode.TOO_LARGE, 1008)


def test_an_upload_that_stands_still_ends_the_connection(start_site):
    site = start_site(patience=ConnectionLimits(upload=0.2))
    with site.client() as client:
        job, (request,) = begin(client)
        client.send(window_of(job, request))
        client.chunk(1, 0, PHOTO[:10])
        problem, _ = client.closing()
        assert problem.error.code is ErrorCode.TIMED_OUT


def test_more_bytes_than_the_receive_window_are_fatal(site):
    with site.client() as client:
        job, (request,) = begin(client)
        client.send(window_of(job, request))
        with contextlib.suppress(ConnectionClosed):
            for _ in range(12):
                client.chunk(1, 0, bytes(1 << 20))
        _, close_code = client.closing()
        assert close_code in {1008, None}  # None: the server hung up while we were still sending


def test_an_unasked_window_has_no_effect_but_its_bytes_may_come(site):
    with site.client() as client:
        job, (request,) = begin(client)
        client.send(replace(window_of(job, request), window="other"))
        assert client.until(Problem).error.code is ErrorCode.INVALID_PIXELS
        client.chunk(1, 0, PHOTO)
        client.next_blob()
        assert isinstance(answer_all(client, job, [request]), Done)


def answer_all(client, job, requests):
    for request in requests:
        client.answer(job, request)
    return client.finish(job)


def test_a_window_for_a_job_of_another_client_is_refused(site):
    with site.client("anna") as anna, site.client("bert") as bert:
        job, (request,) = begin(anna)
        bert.send(window_of(job, request))
        assert bert.until(Problem).error.code is ErrorCode.UNKNOWN_JOB
        bert.send(Cancel(job))
        assert bert.until(Problem).error.code is ErrorCode.UNKNOWN_JOB
        bert.send(ListJobs(1))
        assert bert.until(Jobs).jobs == ()
        assert isinstance(answer_all(anna, job, [request]), Done)
        assert not [message for message in bert.of(object) if hasattr(message, "seq")]


def test_a_profile_travels_with_the_submit(site):
    profile = b"an ICC profile, as far as this server's operation cares"
    submit = submit_of()
    submit = replace(submit, document=replace(submit.document, profile=Profile(icc=blob_of(profile))))
    with site.client() as client:
        client.send(submit)
        client.chunk(client.next_blob(), 0, profile)
        done = client.finish(submit.job)
        assert done.recipe["document"]["profile"] == {
            "icc": {"size": len(profile), "sha256": hashlib.sha256(profile).hexdigest()}
        }
        again = replace(submit.document, profile=Profile(icc=blob_of(profile, client.next_blob())))
        client.send(replace(submit, document=again))  # with another blob id it is the same content
        client.chunk(again.profile.icc.id, 0, profile)
        assert client.until(Done) == done


def test_an_enormous_profile_is_refused(site):
    submit = submit_of()
    blob = replace(blob_of(b"x"), size=64 << 20)
    with site.client() as client:
        client.send(replace(submit, document=replace(submit.document, profile=Profile(icc=blob))))
        problem = client.until(Problem)
        assert (problem.error.code, problem.fatal, problem.job) == (ErrorCode.TOO_LARGE, False, submit.job)


def test_a_full_store_fails_the_job_with_a_sentence(start_site):
    site = start_site(spool_quota=EXTENT.area + 10)  # less than 1 MiB
    with site.client() as client:
        first, (request,) = begin(client, items=1)
        second = submit_of()
        client.send(second)
        other = client.until(Windows, job=second.job).requests
        client.send(window_of(first, request, first=client.next_blob()))
        client.send(window_of(second.job, other[0], first=client.next_blob()))
        failed = client.until(Failed)
        assert (failed.job, failed.error.code) == (second.job, ErrorCode.STORAGE_FULL)
        assert failed.error.message.endswith(f"it may take {size_text(EXTENT.area + 10)}.")
        assert "`foveate jobs`" in failed.error.remedy


# --- floods ---


def test_a_flood_of_submits_is_slowed_down(start_site):
    site = start_site(rates=Rates(submits_per_minute=3))
    with site.client() as client:
        submits = [submit_of() for _ in range(6)]
        for submit in submits:
            client.send(submit)
        problems = [client.until(Problem) for _ in range(3)]
        assert {problem.error.code for problem in problems} == {ErrorCode.RATE_LIMITED}
        assert [problem.job for problem in problems] == [submit.job for submit in submits[3:]]
        client.send(ListJobs(1))
        assert len(client.until(Jobs).jobs) == 3


def test_a_flood_of_messages_ends_the_connection(start_site):
    site = start_site(rates=Rates(messages_per_second=5))
    with site.client() as client:
        with contextlib.suppress(ConnectionClosed):
            for number in range(60):
                client.send(ListJobs(number))
        problem, close_code = client.closing()
        assert (problem.error.code, problem.fatal, close_code) == (ErrorCode.RATE_LIMITED, True, 1008)
        assert len(client.of(Jobs)) >= 10


def test_too_many_open_jobs_are_refused(start_site):
    site = start_site(limits=Limits(max_open_jobs=2))
    with site.client() as client:
        for _ in range(3):
            client.send(submit_of())
        assert client.until(Problem).error.code is ErrorCode.QUEUE_FULL


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    st.lists(
        st.binary(max_size=60) | st.text(max_size=60) | st.sampled_from([b"FVC1", "{}", '{"type":"window"}']),
        max_size=8,
    )
)
def test_arbitrary_frames_never_break_the_server(site, frames):
    with site.client() as client, contextlib.suppress(ConnectionClosed):
        for frame in frames:
            client.socket.send(frame)
    with site.client("somebody else") as client:
        client.send(ListJobs(1))
        assert client.until(Jobs).jobs == ()


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(st.one_of(*(BY_CLASS[cls] for cls in CLIENT_MESSAGES)), max_size=8))
def test_well_formed_nonsense_never_breaks_the_server(site, messages):
    with site.client() as client, contextlib.suppress(ConnectionClosed):
        for message in messages:
            client.send(message)
        client.send(ListJobs(2**40))
        client.until(Jobs)
        assert not [problem for problem in client.of(Problem) if problem.error.code is ErrorCode.INTERNAL]
    with site.client("somebody else") as client:
        client.send(ListJobs(1))
        assert client.until(Jobs).jobs == ()
    site.until_stored(0)


# --- connections that come and go ---


def test_resume_sends_what_was_missed_and_then_what_comes(site):
    with site.client() as client:
        release = site.executor.hold("i2")
        job, requests = begin(client, items=3)
        for request in requests:
            client.answer(job, request)
        client.until(ItemEnded)
        seen = client.lasting
        client.socket.socket.shutdown(2)  # as by a cable that is pulled
    with site.client() as client:
        client.send(Resume(job, seen[2].seq))
        client.until(ItemEnded)
        release()
        client.finish(job)
        seqs = [message.seq for message in client.lasting]
        assert len(seqs) == len(set(seqs))
        assert client.lasting[: len(seen) - 3] == seen[3:]
        assert len(client.of(ItemEnded)) == 3
        assert len(client.of(Patch)) == 3


def test_resume_asks_anew_for_what_is_wanted(site):
    with site.client() as client:
        job, requests = begin(client, items=2)
        client.answer(job, requests[0])
        client.until(ItemEnded)
    with site.client() as client:
        client.send(Resume(job, 10_000))
        asked = client.until(Windows)
        assert asked.requests == requests[1:]
        client.answer(job, requests[1])
        assert isinstance(client.until(Done), Done)


def test_the_same_submit_again_begins_from_the_start(site):
    submit = submit_of()
    with site.client() as client:
        client.send(submit)
        client.finish(submit.job)
        first = client.lasting
    with site.client() as client:
        client.send(submit)
        client.finish(submit.job)
        assert client.lasting == first
        client.send(replace(submit, parameters={"items": 2}))
        assert client.until(Problem).error.code is ErrorCode.CONFLICT


def test_two_connections_of_one_owner_both_get_all_events(site):
    with site.client() as first, site.client() as second:
        submit = submit_of(items=2)
        first.send(submit)
        first.finish(submit.job)
        second.answer = lambda *_: None
        second.finish(submit.job)
        assert first.lasting == second.lasting


def test_an_acknowledged_job_is_forgotten(site):
    with site.client() as client:
        submit = submit_of()
        client.send(submit)
        client.finish(submit.job)
        client.send(Ack(submit.job))
        client.send(Resume(submit.job))
        assert client.until(Problem).error.code is ErrorCode.UNKNOWN_JOB


# --- cancelling ---


def test_a_cancel_is_answered_at_once_and_once_more_if_asked(site):
    async def deaf(task, listener):
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.Event().wait()
        await asyncio.Event().wait()  # until the server stops

    with site.client() as client:
        site.executor.behaviours["i1"] = deaf
        job, (request,) = begin(client)
        client.answer(job, request)
        client.until(Started)
        site.until_running()
        client.send(Cancel(job))
        cancelled = client.until(Cancelled)
        assert site.executor.running
        client.send(Cancel(job))
        assert client.until(Cancelled) == cancelled


def test_cancelling_what_is_done_repeats_its_end(site):
    with site.client() as client:
        submit = submit_of()
        client.send(submit)
        done = client.finish(submit.job)
        client.send(Cancel(submit.job))
        assert client.until(Done, Cancelled) == done


def test_a_cancel_overtakes_patches_that_wait_for_credit(site):
    """The client reads nothing of the patch: its credit is one byte. The ending must not wait for it."""
    with site.client(receive_window=1) as client:
        client.grants = False
        site.executor.hold("i2")
        job, requests = begin(client, items=2)
        for request in requests:
            client.answer(job, request)
        while not client.assembler.pending:
            client.assembler.declare(_next_control(client))
        client.send(Cancel(job))
        while not isinstance(message := _next_control(client), Cancelled):
            pass
        assert message.job == job


def _next_control(client):
    while not isinstance(frame := client.socket.recv(timeout=60), str):
        pass
    return decode(frame, SERVER_MESSAGES)


def test_patches_keep_within_the_credit(site):
    with site.client(receive_window=100) as client:
        client.grants = False
        job, (request,) = begin(client)
        client.answer(job, request)
        received = granted = 0
        while received < EXTENT.area:
            frame = client.socket.recv(timeout=60)
            if isinstance(frame, bytes):
                received += len(frame) - 16
                assert received <= 100 + granted
                client.send(Credit(50))
                granted += 50
        assert received == EXTENT.area


def test_who_waits_knows_the_position(site):
    with site.client("anna") as anna, site.client("bert") as bert:
        release = site.executor.hold("i1")
        first, (request,) = begin(anna)
        anna.answer(first, request)
        anna.until(Started)
        second, (request,) = begin(bert)
        bert.answer(second, request)
        assert bert.until(Queued).position == 1
        bert.send(ListJobs(1))
        (summary,) = bert.until(Jobs).jobs
        assert (summary.state, summary.position) == ("queued", 1)
        release()
        anna.until(Done)
        bert.until(Done)


def test_bounds_of_a_strip_are_in_the_document(site):
    with site.client() as client:
        _, requests = begin(client, items=2)
        assert [request.bounds for request in requests] == [Bounds(0, 0, 16, 6), Bounds(0, 6, 16, 6)]
        assert GRAY.size(requests[0].extent) == 96
