"""One number for a whole job: never backwards, a share of the work, and true to the time."""

import pytest

from foveate_server.jobs.progress_counter import ProgressCounter
from foveate_server.operations.contract import Item
from foveate_shared.wire.protocol import Outcome


class Scene:
    """A counter with a clock of our own."""

    def __init__(self, *items):
        self.now = 0.0
        self.counter = ProgressCounter(lambda: self.now)
        self.counter.add(items)

    def work(self, name, seconds, *, since=0.0, until=1.0, ends=None, brings=()):
        """Let an item run evenly from one fraction to another, reporting it often; return what was told on the way."""
        self.counter.start()
        told = []
        for part in range(1, 11):
            self.now += seconds / 10
            self.counter.report(name, since + (until - since) * part / 10)
            told.append(self.counter.fraction)
        self.counter.stop()
        self.counter.add(brings)
        if ends is not None:
            self.counter.end(Outcome(name, ends))
        return told

    def expect(self, seconds, lasts):
        """Let an item say that it will work in so many seconds, while others pass; return what was told at each."""
        self.counter.start()
        self.counter.get_ready(seconds)
        told = []
        for _ in range(lasts):
            self.now += 1
            told.append(self.counter.fraction)
        self.counter.stop()
        return told

    def get_ready(self, name, seconds):
        """Let an item run without any work."""
        self.counter.start()
        self.now += seconds
        self.counter.report(name, 0.0)
        self.counter.stop()


def item(name, weight=1.0, **options):
    return Item(name, "working", (), weight=weight, **options)


def test_it_is_the_share_of_the_whole_work():
    scene = Scene(item("a", 3), item("b", 1))
    assert scene.work("a", 6, until=0.5)[-1] == pytest.approx(3 / 8)
    assert scene.counter.seconds_left == pytest.approx(10)
    scene.work("a", 6, since=0.5, ends="done")
    assert scene.counter.fraction == pytest.approx(3 / 4)
    assert scene.work("b", 4, ends="done")[-1] == 1
    assert scene.counter.seconds_left == 0


def test_what_waits_between_items_takes_no_time_of_the_work():
    scene = Scene(item("a", 1), item("b", 1))
    scene.work("a", 10, ends="done")
    scene.now += 1000
    assert scene.counter.seconds_left == pytest.approx(10)
    assert scene.counter.fraction == pytest.approx(0.5)


def test_while_nobody_knows_what_follows_little_is_told_and_no_time():
    scene = Scene(item("find", 1, is_survey=True))
    told = scene.work("find", 5, ends="done", brings=[item(f"face-{number}", 10) for number in range(3)])
    assert told == sorted(told)
    assert told[-1] <= 0.15
    assert scene.counter.seconds_left == pytest.approx(150)
    after = scene.work("face-0", 50)
    assert after == sorted(after)
    assert after[-1] == pytest.approx(11 / 31, abs=0.1)


def test_a_survey_that_was_most_of_the_work_has_been_so_at_once_when_that_is_known():
    scene = Scene(item("find", 9, is_survey=True))
    scene.work("find", 9, ends="done", brings=[item("face-1", 1)])
    assert scene.counter.fraction == pytest.approx(0.9)


def test_what_a_look_brings_for_certain_is_work_from_the_start():
    scene = Scene(item("look-1", 1, brings=3))
    assert scene.work("look-1", 1, ends="done", brings=[item("look-2", 1, brings=2)])[-1] == pytest.approx(0.25)
    assert scene.counter.fraction == pytest.approx(0.25)


def test_more_items_than_were_known_do_not_turn_it_back_nor_hold_it():
    scene = Scene(item("a", 1))
    scene.work("a", 1, until=0.8)
    scene.work("a", 0, until=0.8, ends="done", brings=[item("b", 1), item("c", 1)])
    assert scene.counter.fraction >= 0.8
    told = scene.work("b", 5)
    assert told == sorted(set(told)), "it goes on evenly, instead of standing until the truth has caught up"
    assert scene.work("c", 5)[-1] == pytest.approx(1)


def test_an_item_of_which_nothing_was_to_be_done_counts_as_little_as_it_took():
    scene = Scene(item("face-1", 10), item("face-2", 10))
    scene.work("face-1", 0.1, until=0.0, ends="kept")
    assert scene.counter.fraction == pytest.approx(0)
    assert scene.work("face-2", 10, until=0.5)[-1] == pytest.approx(0.5)
    assert scene.counter.seconds_left == pytest.approx(10)


def test_what_was_restored_in_vain_was_work_all_the_same():
    scene = Scene(item("face-1", 10), item("face-2", 10))
    scene.work("face-1", 10, ends="kept")
    assert scene.counter.fraction == pytest.approx(0.5)


def test_a_weight_that_turns_out_to_be_another():
    scene = Scene(item("a", 10), item("b", 10))
    scene.counter.weigh("a", 30)
    assert scene.work("a", 30)[-1] == pytest.approx(0.75)


def test_getting_ready_counts_as_long_as_it_lasts():
    scene = Scene(item("a", 10), item("b", 10))
    scene.get_ready("a", 20)  # such as for weights that are loaded
    told = scene.work("a", 10)
    assert told[-1] == pytest.approx(30 / 40)
    assert scene.counter.seconds_left == pytest.approx(10)


def test_what_a_server_did_before_its_end_says_nothing_of_the_pace_of_the_next():
    scene = Scene()
    scene.counter.add([item("a", 10), item("b", 10)], ended=["a"])
    assert scene.counter.fraction == pytest.approx(0.5)
    assert scene.counter.seconds_left is None
    scene.work("b", 20, until=0.5)
    assert scene.counter.seconds_left == pytest.approx(20)


def test_steps_are_those_of_the_only_item_and_never_go_back():
    scene = Scene(item("a"))
    assert scene.counter.steps(4, 20) == (4, 20)
    assert scene.counter.steps(20, 20) == (20, 20)
    assert scene.counter.steps(1, 10) == (0, 0), "a second try is no step back"
    assert scene.counter.steps(20, 20) == (20, 20)


def test_steps_of_several_items_are_the_items():
    scene = Scene(item("find", is_survey=True))
    assert scene.counter.steps(3, 4) == (0, 0)
    scene.work("find", 1, ends="done", brings=[item("face-1"), item("face-2")])
    assert scene.counter.steps(7, 20) == (1, 2)
    scene.work("face-1", 1, ends="done")
    assert scene.counter.steps(1, 20) == (2, 2)
    scene.work("face-2", 1, ends="done")
    assert scene.counter.steps(0, 0) == (2, 2)


def test_getting_ready_is_a_part_of_the_job_from_its_beginning():
    scene = Scene(item("a", 10))
    told = scene.expect(5, lasts=5)
    assert told == pytest.approx([1 / 15, 2 / 15, 3 / 15, 4 / 15, 5 / 15], abs=0.01)
    assert scene.work("a", 10, until=0.5)[-1] == pytest.approx(15 / 25, abs=0.1), "half as fast as costs were measured"
    assert scene.counter.seconds_left == pytest.approx(10)


def test_no_time_is_claimed_while_nothing_was_computed():
    scene = Scene(item("a", 10))
    scene.expect(5, lasts=5)
    assert scene.counter.seconds_left is None


@pytest.mark.parametrize("lasts", [2, 20])
def test_getting_ready_for_longer_or_shorter_than_was_expected(lasts):
    scene = Scene(item("a", 10))
    told = [*scene.expect(5, lasts=lasts), *scene.work("a", 10)]
    assert told == sorted(told)
    assert told[lasts - 1] == pytest.approx(lasts / (lasts + 10), abs=0.1)
    assert told[-1] == pytest.approx(1)


def test_what_has_to_be_loaded_on_the_way_is_time_that_is_left():
    scene = Scene(item("a", 10), item("b", 10))
    scene.work("a", 10, ends="done")
    scene.expect(6, lasts=2)
    assert scene.counter.seconds_left == pytest.approx(10 + 4)
    assert scene.counter.fraction >= 0.5, "no step back: it goes on from there"
    assert scene.work("b", 10, ends="done")[-1] == pytest.approx(1)


@pytest.mark.parametrize("seconds", [0.02, 5])
def test_a_look_that_told_nothing_on_the_way_shows_no_pace(seconds):
    parts = [item(f"part-{number}", 10) for number in range(3)]
    scene = Scene(item("parts", 1, is_survey=True))
    scene.counter.start()
    scene.now += seconds  # in which the worker may have started
    scene.counter.stop()
    scene.counter.add(parts)
    scene.counter.end(Outcome("parts", "done"))
    scene.work("part-0", 0.5, until=0.1)
    assert scene.counter.seconds_left is None, "half a second is no ground yet"
    scene.work("part-0", 4.5, since=0.1)
    assert scene.counter.seconds_left == pytest.approx(10)


def test_items_that_wait_are_taken_to_turn_out_like_those_before():
    scene = Scene(*(item(f"part-{number}", 90) for number in range(3)))
    scene.counter.weigh("part-0", 10)
    scene.work("part-0", 10, ends="done")
    assert scene.counter.seconds_left == pytest.approx(60), "20 are to come if they do, and 180 if they do not"
    scene.counter.weigh("part-1", 10)
    scene.work("part-1", 10, ends="done")
    assert scene.counter.seconds_left == pytest.approx(90 / 9 ** (2 / 3))
    scene.counter.weigh("part-2", 90)
    assert scene.counter.seconds_left == pytest.approx(90), "what is known is not guessed"


def test_what_an_item_takes_after_its_last_report_is_expected_of_those_that_wait():
    scene = Scene(*(item(f"part-{number}", 10) for number in range(3)))
    scene.work("part-0", 2)
    scene.now += 4  # in which its pixels are handed over
    scene.counter.end(Outcome("part-0", "done"))
    assert scene.counter.seconds_left == pytest.approx(12)
    scene.work("part-1", 2, ends="done")
    assert scene.counter.seconds_left == pytest.approx(4)


def test_waiting_for_what_was_announced_is_no_part_of_the_work():
    scene = Scene(*(item(f"part-{number}", 10) for number in range(2)))
    scene.work("part-0", 2)
    scene.expect(5, lasts=5)
    scene.counter.end(Outcome("part-0", "done"))
    assert scene.counter.seconds_left == pytest.approx(2)


def test_the_time_in_which_an_item_lies_still_counts_for_nothing():
    scene = Scene(Item("large", "", (), weight=10.0))
    counter = scene.counter
    counter.start()
    for fraction in (0.1, 0.2):
        scene.now += 1
        counter.report("large", fraction)
    before = counter.fraction, counter.seconds_left
    counter.pause()
    scene.now += 500
    assert (counter.fraction, counter.seconds_left) == before
    counter.start()
    scene.now += 1
    counter.report("large", 0.3)
    counter.stop()
    assert counter.fraction == pytest.approx(0.3)
    assert counter.seconds_left == pytest.approx(7.0)
    assert counter.work_left == pytest.approx(7.0)
    assert counter.weight_of("large") == 10.0
