"""A dialog is as high as its contents, as far as the screen is: its buttons stay in sight."""

from types import SimpleNamespace
from unittest.mock import MagicMock

import pytest
from foveate_gimp import scrolled_form

TITLE_BAR = 30


class Dialog:
    """A dialog on a screen of 1024 x 600, below a panel of 20."""

    def __init__(self):
        self.height, self.wanted, self.y, self.moved = 200, 200, 100, []

    def get_window(self):
        frame = SimpleNamespace(x=50, y=self.y, height=self.height + TITLE_BAR)
        return SimpleNamespace(get_frame_extents=lambda: frame, get_height=lambda: self.height)

    def get_display(self):
        area = SimpleNamespace(y=20, height=580)
        return SimpleNamespace(get_monitor_at_window=lambda _: SimpleNamespace(get_workarea=lambda: area))

    def get_size(self):
        return 400, self.height

    def get_preferred_width(self):
        return 380, 420

    def get_preferred_height_for_width(self, width):
        assert width == 400
        return 100, self.wanted

    def resize(self, width, height):
        self.height = height

    def move(self, x, y):
        self.moved.append((x, y))


@pytest.fixture
def dialog():
    return Dialog()


@pytest.fixture
def form(dialog, monkeypatch):
    monkeypatch.setattr(scrolled_form, "Gtk", MagicMock())
    return scrolled_form.ScrolledForm(dialog, 6)


def test_it_grows_and_shrinks_with_its_contents(dialog, form):
    for wanted in (300, 250):
        dialog.wanted = wanted
        form.look()
        assert (dialog.height, dialog.moved) == (wanted, [])


def test_it_never_reaches_beyond_the_screen(dialog, form):
    dialog.wanted = 900
    form.look()
    assert (dialog.height, dialog.moved) == (550, [(50, 20)])


def test_what_a_person_made_of_it_stays(dialog, form):
    form.look()
    dialog.height = 150
    form.look()
    assert dialog.height == 150


def test_before_it_is_shown_nothing_is_done(dialog, form):
    dialog.get_window = lambda: None
    dialog.wanted = 300
    form.look()
    assert dialog.height == 200
