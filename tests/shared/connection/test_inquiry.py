"""Questions to the server, for who waits for the answer."""

import itertools

import pytest

from foveate_shared.connection.client import ConnectionState, Delivery, StateChange
from foveate_shared.connection.inquiry import Inquiry
from foveate_shared.errors import ConnectionLostError, InputError
from foveate_shared.wire.protocol import Jobs, JobSummary, Limits, Models, OperationInfo, Peer, Problem, Welcome

WELCOME = Welcome(1, Peer("foveate", "1"), (), Limits(), (OperationInfo("blur", "Blur", {}),))
JOB = JobSummary("a", "blur", "done", None, 0.0, 3)


class Client:
    """Gives out what a test lays down, a list for each look."""

    def __init__(self, *looks):
        self.looks = list(looks)

    def list_jobs(self):
        return 7

    list_models = list_jobs

    def wait(self, timeout=None):
        return True

    def poll(self):
        return self.looks.pop(0) if self.looks else []


def test_the_greeting_is_waited_for_once():
    client = Client([StateChange(ConnectionState.SEARCHING)], [StateChange(ConnectionState.READY), Delivery(WELCOME)])
    asking = Inquiry(client)
    assert asking.welcome() is asking.welcome() is WELCOME


def test_the_answer_is_the_one_to_the_question():
    others, own = Delivery(Jobs(6, ())), Delivery(Jobs(7, (JOB,)))
    assert Inquiry(Client([Delivery(WELCOME), others, own])).jobs() == (JOB,)
    assert Inquiry(Client([Delivery(Models(7, ()))])).models() == ()


def test_what_keeps_the_answer_away_is_raised():
    lost = StateChange(ConnectionState.LOST, ConnectionLostError("Nobody is there.").info)
    with pytest.raises(ConnectionLostError, match="Nobody is there"):
        Inquiry(Client([lost])).welcome()
    silent = StateChange(ConnectionState.SILENT, ConnectionLostError("It is suspended.").info)
    with pytest.raises(ConnectionLostError, match="suspended"):
        Inquiry(Client([Delivery(WELCOME)], [silent])).jobs()
    with pytest.raises(InputError, match="Too much"):
        Inquiry(Client([Delivery(Problem(InputError("Too much.").info, request=7))])).jobs()


def test_a_server_that_says_nothing_is_not_waited_for_for_ever():
    with pytest.raises(ConnectionLostError, match="does not answer"):
        Inquiry(Client(), clock=hours()).welcome()


def test_a_server_that_is_being_started_is_waited_for():
    client = Client([StateChange(ConnectionState.SEARCHING)], [], [], [Delivery(WELCOME)])
    assert Inquiry(client, clock=hours(1)).welcome() is WELCOME
    client = Client([StateChange(ConnectionState.SEARCHING)], [StateChange(ConnectionState.CONNECTING)])
    with pytest.raises(ConnectionLostError, match="does not answer"):
        Inquiry(client, clock=hours(1)).welcome()


def hours(stands_for=0):
    """Return a clock on which an hour passes between two looks, after it has stood still for some."""
    ticks = itertools.chain([0.0] * (stands_for + 1), itertools.count(0.0, 3600.0))
    return lambda: next(ticks)
