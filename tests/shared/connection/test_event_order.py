from foveate_shared.connection.event_order import EventOrder
from foveate_shared.wire.blobs import Delivery
from foveate_shared.wire.protocol import Note, Started

FIRST, SECOND, THIRD, OTHER = Note("a", 1, "x"), Note("a", 2, "y"), Note("a", 3, "z"), Note("b", 1, "w")


def given(order, job):
    return [event for event, _ in order.whole(job)]


def test_an_event_that_lacks_bytes_holds_up_those_of_its_job_that_follow():
    order = EventOrder()
    order.add(FIRST, Delivery(FIRST))
    order.add(SECOND, None)
    order.add(THIRD, Delivery(THIRD))
    order.add(OTHER, Delivery(OTHER))
    assert given(order, "a") == [FIRST]
    assert given(order, "b") == [OTHER]
    order.complete("a", Delivery(SECOND, (b"bytes",)))
    assert [delivery.payloads for _, delivery in order.whole("a")] == [(b"bytes",), ()]
    assert given(order, "a") == []


def test_bytes_of_an_event_that_does_not_wait_change_nothing():
    order = EventOrder()
    order.add(FIRST, None)
    order.complete("a", Delivery(Started("a", 1, "item")))
    order.complete("c", Delivery(FIRST))
    assert given(order, "a") == []


def test_a_job_that_is_forgotten_while_its_events_are_given_out_gives_no_more():
    order = EventOrder()
    order.add(FIRST, Delivery(FIRST))
    order.add(SECOND, Delivery(SECOND))
    for event, _ in order.whole("a"):
        assert event is FIRST
        order.forget("a")
        break
    assert given(order, "a") == []
    order.add(OTHER, None)
    order.clear()
    order.complete("b", Delivery(OTHER))
    assert given(order, "b") == []
