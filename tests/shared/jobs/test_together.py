"""Variations of one wish, driven as one flow."""

import pytest

from foveate_shared.errors import ServerError
from foveate_shared.jobs.job_flow import JobState, Rerender
from foveate_shared.jobs.together import Together
from foveate_shared.wire.protocol import Accepted, Cancelled, Progress


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
