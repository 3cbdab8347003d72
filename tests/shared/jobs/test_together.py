"""Variations of one wish, driven as one flow."""

import pytest

from fakes.connection import RecordingConnection
from fakes.host import MemoryHost
from foveate_shared.errors import ServerError
from foveate_shared.geometry import Bounds, Extent
from foveate_shared.jobs import window_answers
from foveate_shared.jobs.job_flow import JobState, Rerender
from foveate_shared.jobs.together import Together
from foveate_shared.wire.protocol import Accepted, Cancelled, Progress, Window, WindowRequest, Windows


class Host:
    """A document that can only be frozen."""

    def freeze(self):
        from foveate_shared.geometry import Extent
        from foveate_shared.jobs.host import Snapshot
        from foveate_shared.pixels import Channels, PixelFormat, SampleType

        return Snapshot(Extent(8, 8), PixelFormat(SampleType.U8, Channels.RGBA), None, "srgb")

    def release(self):
        pass


class Connection:
    """Notes what is sent."""

    queued_bytes = 0

    def __init__(self):
        self.sent = []

    def post(self, message, *, job=None):
        self.sent.append(message)


@pytest.fixture
def flows():
    connection = Connection()
    return [Rerender(connection, Host(), "refocus", {"seed": seed}) for seed in (1, 2)]


def test_all_are_submitted_and_each_takes_its_own_messages(flows):
    together = Together(flows)
    together.start()
    assert [message.parameters for message in flows[0]._connection.sent] == [{"seed": 1}, {"seed": 2}]
    for flow in flows:
        assert together.handle(Accepted(flow.job, 1))
    assert together.handle(Progress(flows[1].job, 2, "painting", 0.5))
    assert together.status.fraction == 0.25
    assert not together.ended
    assert not together.handle(Accepted("another", 1))


def test_it_ends_when_all_have_ended(flows):
    together = Together(flows)
    together.start()
    together.cancel()
    for flow in flows:
        assert not together.ended
        together.handle(Cancelled(flow.job, 1))
    assert together.ended
    assert together.status.state is JobState.CANCELLED


def test_a_lost_server_ends_all(flows):
    together = Together(flows)
    together.start()
    together.abandon(ServerError("It is gone."))
    assert [flow.status.state for flow in flows] == [JobState.FAILED] * 2


class SteppingHost(MemoryHost):
    """A host that works step by step."""

    def steps(self, result, *, check):
        yield


def test_all_windows_of_one_are_sent_before_those_of_the_next(monkeypatch):
    """The server makes them in the order in which they come; a host that must not pause sends one at a time."""
    monkeypatch.setattr(window_answers, "STEP_SECONDS", 0.0)
    connection, host = RecordingConnection(), SteppingHost()
    flows = [Rerender(connection, host, "refocus", {"seed": seed}) for seed in (1, 2)]
    together = Together(flows)
    together.start()
    requests = tuple(WindowRequest(name, Bounds(0, 0, 4, 4), Extent(4, 4)) for name in ("one", "two"))
    for flow in flows:
        together.handle(Accepted(flow.job, 1))
        together.handle(Windows(flow.job, 2, requests))
    for _ in range(4):
        together.pump()
    sent = [(message.job, message.window) for message in connection.messages if isinstance(message, Window)]
    assert sent == [(flow.job, name) for flow in flows for name in ("one", "two")]
