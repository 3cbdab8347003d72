"""The client against a real websocket server: events, reconnecting, resuming, cancelling, backpressure."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from http import HTTPStatus
from time import monotonic
from typing import Any

import pytest

from fakes.scripted_server import PATIENCE, TOKEN, Peerside, ScriptedServer, StartServer
from foveate_shared.connection.client import (
    Client,
    ClientEvent,
    ConnectionState,
    Delivery,
    ServerOnDemand,
    StateChange,
)
from foveate_shared.connection.server_address import ServerAddress
from foveate_shared.errors import (
    ConnectionLostError,
    ErrorCode,
    ErrorInfo,
    Fault,
    FoveateError,
    InputError,
    ServerError,
)
from foveate_shared.geometry import Bounds, Extent
from foveate_shared.pixels import Channels, PixelFormat, SampleType
from foveate_shared.wire.codec import decode_chunk, encode_chunk
from foveate_shared.wire.protocol import (
    Accepted,
    Ack,
    Blob,
    Cancel,
    Cancelled,
    ClientMessage,
    Credit,
    Document,
    Done,
    Jobs,
    Limits,
    ListJobs,
    Note,
    Patch,
    Peer,
    Pixels,
    Problem,
    Profile,
    Progress,
    Resume,
    Submit,
    Welcome,
    Window,
    WindowRequest,
    Windows,
)
from hosts.lib.waiting import wait_until

JOB = "123e4567-e89b-12d3-a456-426614174000"
GRAY = PixelFormat(SampleType.U8, Channels.Y)
SUBMIT = Submit(JOB, "refocus", Document(Extent(64, 64), GRAY, Profile("srgb")), None)
ASKED = WindowRequest("w", Bounds(0, 0, 8, 8), Extent(8, 8))


class Watcher:
    """Polls a client, and keeps what has come."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.events: list[ClientEvent] = []

    def until(self, kind: type, **fields: Any) -> Any:
        """Return the next event or message of `kind` with these fields; earlier ones are skipped."""
        end = monotonic() + PATIENCE
        while monotonic() < end:
            while self.events:
                event = self.events.pop(0)
                value = event.message if isinstance(event, Delivery) and kind is not Delivery else event
                if isinstance(value, kind) and all(getattr(value, name) == fields[name] for name in fields):
                    return value
            self.client.wait(0.5)
            self.events += self.client.poll()
        raise AssertionError(f"no {kind.__name__} came")

    def state(self, state: ConnectionState) -> StateChange:
        change = self.until(StateChange, state=state)
        assert isinstance(change, StateChange)
        return change


@pytest.fixture
def client(server: ScriptedServer) -> Iterator[Client]:
    with Client(server.address, "test-client", Peer("tests", "1"), first_pause=0.01) as client:
        yield client


@pytest.fixture
def watch(client: Client) -> Watcher:
    return Watcher(client)


def send_window(client: Client, data: bytes, width: int = 8) -> None:
    extent = Extent(width, len(data) // width)
    client.send(lambda blob: Window(JOB, "w", Pixels(extent, GRAY, blob)), [data], job=JOB)


def patch(seq: int, data: bytes, blob: int, y: int = 0) -> Patch:
    declared = Blob(blob, len(data), hashlib.sha256(data).hexdigest())
    return Patch(JOB, seq, "item", Bounds(0, y, len(data), 1), Pixels(Extent(len(data), 1), GRAY, declared), None)


def greeted(peer: Peerside) -> Peerside:
    peer.greet()
    return peer


def accept_job(peer: Peerside) -> None:
    peer.greet()
    assert peer.expect(Submit) == SUBMIT
    peer.send(Accepted(JOB, 1))


def test_greets_with_the_token(server: ScriptedServer, watch: Watcher) -> None:
    peer = server.accept()
    hello = peer.greet()
    assert hello.client_id == "test-client"
    assert peer.request_headers["Authorization"].startswith("Foveate nonce=")
    assert "Sec-WebSocket-Extensions" not in peer.request_headers
    watch.state(ConnectionState.SEARCHING)
    watch.state(ConnectionState.CONNECTING)
    watch.state(ConnectionState.READY)
    assert watch.until(Welcome).version == 1


def test_a_whole_job(server: ScriptedServer, client: Client, watch: Watcher) -> None:
    client.post(SUBMIT)  # before there is a connection
    peer = server.accept()
    accept_job(peer)
    peer.send(Windows(JOB, 2, (ASKED,)))
    watch.until(Windows)
    send_window(client, bytes(range(64)))
    window = peer.expect(Window)
    assert bytes(decode_chunk(peer.expect(bytes)).payload) == bytes(range(64))
    assert window.pixels.blob.sha256 == hashlib.sha256(bytes(range(64))).hexdigest()
    peer.send(patch(3, b"abcd", 1))
    peer.send(Done(JOB, 4, (), {}))  # overtakes the patch's bytes on the wire, not for the client
    peer.send_bytes(encode_chunk(1, 0, b"abcd"))
    delivery = watch.until(Delivery)
    while not isinstance(delivery.message, Patch):
        delivery = watch.until(Delivery)
    assert delivery.payloads == (b"abcd",)
    assert watch.until(Done).seq == 4
    client.post(Ack(JOB))
    assert peer.expect(Ack) == Ack(JOB)


def test_resumes_after_a_lost_connection(server: ScriptedServer, client: Client, watch: Watcher) -> None:
    client.post(SUBMIT)
    peer = server.accept()
    accept_job(peer)
    peer.send(Windows(JOB, 2, (ASKED,)))
    watch.until(Windows)
    send_window(client, bytes(64))
    peer.expect(Window)
    peer.send(patch(3, b"abcd", 1))  # its bytes never come
    peer.send(Note(JOB, 4, "held back behind the patch"))
    peer.kill()
    watch.state(ConnectionState.LOST)

    peer = server.accept()
    peer.greet()
    assert peer.expect(Resume) == Resume(JOB, 2)
    peer.send(patch(3, b"abcd", 1))
    peer.send_bytes(encode_chunk(1, 0, b"abcd"))
    peer.send(Note(JOB, 4, "held back behind the patch"))
    peer.send(Windows(JOB, 5, (ASKED,)))
    watch.state(ConnectionState.READY)
    watch.until(Patch)
    watch.until(Note)
    assert watch.until(Windows).requests == (ASKED,)
    send_window(client, bytes(64))
    peer.expect(Window)


def test_finds_a_server_that_moved(start_server: StartServer) -> None:
    first, second = start_server(), start_server()
    addresses = [first.address, second.address]
    with Client(lambda: addresses.pop(0), "test-client", Peer("tests", "1"), first_pause=0.01) as client:
        client.post(SUBMIT)
        peer = first.accept()
        accept_job(peer)
        Watcher(client).until(Accepted)
        peer.kill()
        moved = second.accept()
        moved.greet()
        assert moved.expect(Resume).since == 1


def test_an_unanswered_submit_is_sent_again(server: ScriptedServer, client: Client) -> None:
    client.post(SUBMIT)
    peer = server.accept()
    peer.greet()
    peer.expect(Submit)
    peer.kill()
    peer = server.accept()
    peer.greet()
    assert peer.expect(Submit) == SUBMIT


def test_cancel_overtakes_pixels(server: ScriptedServer, client: Client, watch: Watcher) -> None:
    client.post(SUBMIT)
    peer = server.accept()
    peer.greet(receive_window=1 << 20)
    peer.expect(Submit)
    peer.send(Accepted(JOB, 1))
    peer.send(Windows(JOB, 2, (WindowRequest("w", Bounds(0, 0, 2048, 2048), Extent(1, 1)),)))
    watch.until(Windows)
    send_window(client, bytes(4 << 20), 2048)
    peer.expect(Window)
    assert len(peer.expect(bytes)) > 1 << 20  # all credit is used: three chunks wait
    client.post(Cancel(JOB))
    assert peer.expect(Cancel) == Cancel(JOB)
    peer.send(Credit(8 << 20))
    peer.send(Cancelled(JOB, 3))
    watch.until(Cancelled)
    client.list_jobs()
    peer.expect(ListJobs)  # and no chunk of the cancelled job in between


def test_cancelling_what_the_server_never_saw(start_server: StartServer) -> None:
    server = start_server()
    with Client(server.address, "test-client", Peer("tests", "1")) as client:
        client.post(SUBMIT)
        client.post(Cancel(JOB))
        peer = server.accept()
        peer.expect(object)  # hello; both intents are in the ledger by now
        peer.send(Welcome(1, Peer("test", "1"), (), Limits(), ()))
        Watcher(client).until(Cancelled)
        client.list_jobs()
        peer.expect(ListJobs)


def test_questions_are_asked_again(server: ScriptedServer, client: Client, watch: Watcher) -> None:
    request = client.list_jobs()
    peer = server.accept()
    peer.greet()
    assert peer.expect(ListJobs).request == request
    peer.kill()
    peer = server.accept()
    peer.greet()
    assert peer.expect(ListJobs).request == request
    peer.send(Jobs(request, ()))
    assert watch.until(Jobs).request == request


def test_no_credit_while_nobody_polls(server: ScriptedServer, client: Client, watch: Watcher) -> None:
    client.post(SUBMIT)
    peer = server.accept()
    accept_job(peer)
    watch.until(Accepted)
    data = bytes(1 << 20)
    for blob in range(1, 9):  # eight times 1 MiB: the client's whole receive window
        peer.send(patch(blob + 1, data, blob))
        peer.send_bytes(encode_chunk(blob, 0, data))
    client.list_jobs()
    peer.expect(ListJobs)  # not credit
    for _ in range(8):
        watch.until(Patch)
    granted = 0
    while granted < 6 << 20:  # less than a quarter of the window is not worth a message
        granted += peer.expect(Credit).bytes


def test_unpolled_progress_gives_way_to_newer(server: ScriptedServer, client: Client) -> None:
    client.post(SUBMIT)
    peer = server.accept()
    accept_job(peer)
    for seq in range(2, 102):
        peer.send(Progress(JOB, seq, "restoring", seq / 200))
    peer.send(Note(JOB, 102, "the last"))
    events: list[ClientEvent] = []
    while not any(isinstance(event, Delivery) and isinstance(event.message, Note) for event in events):
        assert client.wait(PATIENCE)
        events += client.poll()
    newest = [event.message for event in events if isinstance(event, Delivery) and isinstance(event.message, Progress)]
    assert newest[-1].seq == 101


@pytest.mark.parametrize(
    ("status", "body", "code"),
    [
        (HTTPStatus.UNAUTHORIZED, "no", ErrorCode.UNAUTHORIZED),
        (HTTPStatus.FORBIDDEN, "no", ErrorCode.FORBIDDEN),
        (
            HTTPStatus.UNAUTHORIZED,
            json.dumps({"code": "unauthorized", "message": "Revoked.", "remedy": "Pair again.", "fault": "user"}),
            ErrorCode.UNAUTHORIZED,
        ),
    ],
)
def test_a_refused_token_is_final(start_server: StartServer, status: HTTPStatus, body: str, code: ErrorCode) -> None:
    server = start_server()
    server.refusal = (status, body)
    with Client(server.address, "test-client", Peer("tests", "1"), first_pause=0.01) as client:
        error = Watcher(client).state(ConnectionState.REFUSED).error
    assert error is not None
    assert error.code is code
    assert ("Revoked." in error.message) == ("Revoked" in body)
    assert len(server.handshakes) == 1


def test_a_fatal_problem_is_final(server: ScriptedServer, watch: Watcher) -> None:
    peer = server.accept()
    error = ErrorInfo(ErrorCode.VERSION_MISMATCH, "Too old.", "Update the plugin.", Fault.USER)
    peer.send(Problem(error, fatal=True))
    assert watch.state(ConnectionState.REFUSED).error == error


def test_a_server_that_breaks_the_protocol(server: ScriptedServer, watch: Watcher) -> None:
    peer = server.accept()
    peer.greet()
    peer.send_bytes(encode_chunk(1, 0, b"never declared"))
    error = watch.state(ConnectionState.REFUSED).error
    assert error is not None
    assert error.fault is Fault.SERVER


def test_unknown_messages_are_ignored(server: ScriptedServer, client: Client, watch: Watcher) -> None:
    peer = server.accept()
    peer.greet()
    peer.connection.send('{"type":"from_the_future"}')
    request = client.list_jobs()
    peer.expect(ListJobs)
    peer.send(Jobs(request, ()))
    watch.until(Jobs)


def test_a_wrong_intent_comes_back_as_a_problem(server: ScriptedServer, client: Client, watch: Watcher) -> None:
    server.accept().greet()
    client.post(Cancel("no uuid"))
    problem = watch.until(Problem)
    assert problem.error.code is ErrorCode.PROTOCOL_ERROR
    assert "UUID" in problem.error.message


def test_nobody_there() -> None:
    with Client(ServerAddress("ws://127.0.0.1:1", TOKEN), "test-client", Peer("tests", "1")) as client:
        error = Watcher(client).state(ConnectionState.LOST).error
    assert error is not None
    assert error.code is ErrorCode.NO_SERVER


@pytest.mark.parametrize(
    ("error", "state"),
    [
        (ServerError("The server ended at once.", code=ErrorCode.NO_SERVER), ConnectionState.REFUSED),
        (InputError("The command is none."), ConnectionState.REFUSED),
        (ConnectionLostError("No server is running.", code=ErrorCode.NO_SERVER), ConnectionState.LOST),
    ],
)
def test_a_server_that_cannot_be_found(error: FoveateError, state: ConnectionState) -> None:
    def find() -> ServerAddress:
        raise error

    with Client(find, "test-client", Peer("tests", "1"), first_pause=0.01) as client:
        assert Watcher(client).state(state).error == error.info


def test_a_server_that_shuts_down_is_waited_for(server: ScriptedServer, watch: Watcher) -> None:
    peer = server.accept()
    peer.greet()
    peer.send(Problem(ErrorInfo(ErrorCode.SHUTTING_DOWN, "The server ends.", "", Fault.SERVER), fatal=True))
    watch.state(ConnectionState.LOST)
    server.accept().greet()
    watch.state(ConnectionState.READY)


class Demand:
    """A server that is started on demand: its second start is another one."""

    def __init__(self, server: ScriptedServer) -> None:
        self.server = server
        self.starts, self.looks = 0, 0
        self.is_running = False

    @property
    def finder(self) -> ServerOnDemand:
        return ServerOnDemand(self.start, self.look)

    def start(self) -> ServerAddress:
        self.starts += not self.is_running
        self.is_running = True
        return self.server.address

    def look(self) -> ServerAddress:
        self.looks += 1
        if not self.is_running:
            raise ConnectionLostError("No server is running.", code=ErrorCode.NO_SERVER)
        return self.server.address

    def end(self, peer: Peerside, code: int = 1012) -> None:
        self.is_running = False
        peer.connection.close(code)


@pytest.fixture
def demand(server: ScriptedServer) -> Demand:
    return Demand(server)


@pytest.fixture
def demanding(demand: Demand) -> Iterator[Watcher]:
    with Client(demand.finder, "test-client", Peer("tests", "1"), first_pause=0.01) as client:
        yield Watcher(client)


def test_a_server_that_was_ended_is_not_started_before_something_is_wanted(
    server: ScriptedServer, demand: Demand, demanding: Watcher
) -> None:
    demand.end(greeted(server.accept()))
    told = demanding.state(ConnectionState.ENDED).error
    assert told is not None
    assert str(told) == "The server was ended. It starts again with the next job."
    wait_until(lambda: demand.looks > 3, PATIENCE, "looks for another server")
    assert (demand.starts, demanding.client.poll()) == (1, [])
    demanding.client.post(SUBMIT)
    demanding.state(ConnectionState.SEARCHING)
    accept_job(server.accept())
    demanding.until(Accepted)
    assert demand.starts == 2


def test_a_server_that_was_ended_is_found_where_somebody_starts_another(
    server: ScriptedServer, demand: Demand, demanding: Watcher
) -> None:
    demand.end(greeted(server.accept()))
    demanding.state(ConnectionState.ENDED)
    demand.is_running = True
    again = greeted(server.accept())
    demanding.state(ConnectionState.READY)
    assert demand.starts == 1
    demand.is_running = False
    again.kill()
    greeted(server.accept())
    assert demand.starts == 2


@pytest.mark.parametrize("wanted", [SUBMIT, ListJobs(1)])
def test_a_server_that_is_ended_while_something_is_under_way_is_started_again(
    server: ScriptedServer, demand: Demand, demanding: Watcher, wanted: ClientMessage
) -> None:
    peer = greeted(server.accept())
    demanding.client.post(wanted)
    peer.expect(type(wanted))
    demand.end(peer)
    demanding.state(ConnectionState.LOST)
    peer = greeted(server.accept())
    peer.expect(type(wanted))
    assert demand.starts == 2


def test_an_idle_client_starts_a_server_again_that_ended_without_a_word(
    server: ScriptedServer, demand: Demand, demanding: Watcher
) -> None:
    peer = greeted(server.accept())
    demand.is_running = False
    peer.kill()
    demanding.state(ConnectionState.LOST)
    greeted(server.accept())
    assert demand.starts == 2


def test_who_cannot_start_a_server_waits_for_one_that_was_ended(server: ScriptedServer, watch: Watcher) -> None:
    greeted(server.accept()).connection.close(1012)
    watch.state(ConnectionState.LOST)
    greeted(server.accept())
    watch.state(ConnectionState.READY)


def test_an_ack_that_may_be_lost_goes_out_again_at_the_end(server: ScriptedServer) -> None:
    client = Client(server.address, "id", Peer("test", "1"), first_pause=60)
    peer = server.accept()
    peer.greet()
    client.post(Ack(JOB))
    assert peer.expect(Ack) == Ack(JOB)
    peer.kill()
    Watcher(client).state(ConnectionState.LOST)
    closing = threading.Thread(target=client.close)
    closing.start()
    again = server.accept()
    again.greet()
    assert again.expect(Ack) == Ack(JOB)
    closing.join()
    assert server.peers.empty()


def test_an_ack_without_a_connection_goes_out_at_the_end(server: ScriptedServer) -> None:
    client = Client(server.address, "id", Peer("test", "1"), first_pause=60)
    peer = server.accept()
    peer.greet()
    Watcher(client).state(ConnectionState.READY)
    peer.kill()
    Watcher(client).state(ConnectionState.LOST)
    client.post(Ack(JOB))
    closing = threading.Thread(target=client.close)
    closing.start()
    again = server.accept()
    again.greet()
    assert again.expect(Ack) == Ack(JOB)
    closing.join()


def test_acks_that_did_not_arrive_are_told(start_server: StartServer) -> None:
    server = start_server()
    server.refusal = (HTTPStatus.FORBIDDEN, "")
    client = Client(server.address, "id", Peer("test", "1"))
    Watcher(client).state(ConnectionState.REFUSED)
    client.post(Ack(JOB))
    assert client.close() == (Ack(JOB),)


def test_what_has_arrived_goes_out_once(server: ScriptedServer) -> None:
    client = Client(server.address, "id", Peer("test", "1"))
    peer = server.accept()
    peer.greet()
    client.post(Ack(JOB))
    assert peer.expect(Ack) == Ack(JOB)
    assert client.close() == ()
    assert server.peers.empty()


def test_control_goes_out_before_closing(start_server: StartServer) -> None:
    server = start_server()
    with Client(server.address, "test-client", Peer("tests", "1")) as client:
        client.post(SUBMIT)
        peer = server.accept()
        accept_job(peer)
        Watcher(client).until(Accepted)
        client.post(Cancel(JOB))
    assert peer.expect(Cancel) == Cancel(JOB)
