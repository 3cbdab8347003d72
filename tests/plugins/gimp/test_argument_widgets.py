"""Widgets of a dialog's numbers, with a spin button that does with a typed number what GTK's does."""

import pytest
from foveate_gimp.argument_widgets import TypedBeyond


class Spin:
    """A spin button: what is typed becomes its value, within its limits, when the field is left."""

    def __init__(self, low, high, value):
        self.low, self.high, self.value, self.text = low, high, value, str(value)
        self.heard = {"changed": [], "output": []}
        self.is_return_ok = False

    def connect(self, signal, call):
        self.heard[signal].append(call)

    def set_activates_default(self, wanted):
        self.is_return_ok = wanted

    def get_range(self):
        return self.low, self.high

    def get_text(self):
        return self.text

    def get_value(self):
        return self.value

    def type(self, text):
        self.text = text
        for call in self.heard["changed"]:
            call(self)

    def leave(self):
        self.put(float(self.text.replace(",", ".")))

    def put(self, value):
        self.value = min(max(value, self.low), self.high)
        if not any(call(self) for call in self.heard["output"]):
            self.type(str(self.value))

    set_value = put


@pytest.fixture
def spin():
    return Spin(2, 4, 3)


@pytest.fixture
def beyond(spin):
    return TypedBeyond(spin)


@pytest.mark.parametrize(("text", "limit"), [("99", "at most 4"), ("1", "at least 2"), ("4,5", "at most 4")])
def test_a_number_beyond_the_limits_stays_and_is_told(spin, beyond, text, limit):
    spin.type(text)
    assert beyond.problem("Scale") == f"Scale must be {limit}. Write a number from 2 to 4."
    assert not spin.is_return_ok
    spin.leave()
    assert (spin.text, bool(beyond.problem("Scale"))) == (text, True)


def test_another_number_mends_it(spin, beyond):
    spin.type("99")
    spin.leave()
    spin.type("2")
    assert (beyond.problem("Scale"), spin.is_return_ok) == ("", True)


def test_so_do_the_arrows(spin, beyond):
    spin.type("99")
    spin.leave()
    spin.put(spin.value - 1)
    assert (spin.text, beyond.problem("Scale"), spin.is_return_ok) == ("3", "", True)


@pytest.mark.parametrize("text", ["", "-", "3", "2.5"])
def test_what_can_be_taken_or_is_not_typed_yet_is_no_problem(spin, beyond, text):
    spin.type(text)
    assert (beyond.problem("Scale"), spin.is_return_ok) == ("", True)


def test_reset_shows_the_number_again_though_it_has_not_changed(spin, beyond):
    spin.type("99")
    spin.leave()
    spin.set_value(4)  # Reset, where the limit is what is usual
    assert spin.text == "99"
    beyond.forget()
    assert (spin.text, beyond.problem("Scale"), spin.is_return_ok) == ("4", "", True)
