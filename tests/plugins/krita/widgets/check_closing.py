"""Before Krita ends, or an image is closed, results that wait are told of."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from foveate_krita import closing
from foveate_krita.closing import ClosingGuard
from foveate_krita.qt import QtWidgets

from fakes.krita import Document, Identity, Layer, module

KEY = "document"


class Named(Identity):
    def toString(self):  # noqa: N802 - Qt's name
        return KEY


@dataclass
class View:
    shown: Document

    def document(self):
        return self.shown


@dataclass
class Window:
    main: QtWidgets.QMainWindow
    shown: list[View] = field(default_factory=list)

    def qwindow(self):
        return self.main

    def views(self):
        return self.shown


class Desk:
    """One of Krita's windows with two images, of which the first is the panel's, and who answers questions."""

    def __init__(self, studio):
        self.studio = studio
        self.krita = module()
        self.asked = []
        self.says_yes = False
        mine, other = (Document(2, 2, bytes(16), root=Layer("root")) for _ in range(2))
        mine.root.uniqueId = lambda: Named(1)
        self.window = self.open(mine, other)
        self.krita.app.windows = lambda: [self.window]
        self.guard = ClosingGuard(self.krita, studio.controller)

    def open(self, *documents):
        main, area = QtWidgets.QMainWindow(), QtWidgets.QMdiArea()
        main.setCentralWidget(area)
        for _ in documents:
            area.addSubWindow(QtWidgets.QLabel()).show()
        main.show()
        return Window(main, [View(document) for document in documents])

    @property
    def images(self):
        return self.window.main.findChild(QtWidgets.QMdiArea).subWindowList()

    def answer(self, _parent, text, yes, back):
        self.asked.append((text, yes, back))
        return self.says_yes

    def variations(self, count=2):
        self.studio.bring_checkpoint()
        task = self.studio.panel.task
        task._model.wanted = "deterministic-diffusion"
        task.refresh()
        task.variations.setValue(count)
        task.run_button.click()
        jobs = self.studio.controller.jobs[:count]
        for job in jobs:
            self.studio.finish(job)
        return jobs


@pytest.fixture
def desk(studio, monkeypatch):
    made = Desk(studio)
    monkeypatch.setattr(closing, "confirmed", made.answer)
    yield made
    made.says_yes = True
    made.window.main.close()
    made.window.main.deleteLater()


def test_without_a_result_that_waits_nobody_is_asked(desk):
    assert desk.images[0].close()
    assert desk.window.main.close()
    assert desk.asked == []


def test_quitting_asks_while_variations_wait(desk):
    desk.variations()
    assert not desk.window.main.close()
    assert desk.window.main.isVisible()
    text, yes, back = desk.asked.pop()
    assert text.startswith("2 results wait for your choice. The server keeps them")
    assert (yes, back) == ("Quit all the same", "Go back")
    desk.says_yes = True
    assert desk.window.main.close()
    assert len(desk.asked) == 1


def test_closing_an_image_asks_for_its_own_results_alone(desk):
    desk.variations()
    mine, other = desk.images
    assert other.close()
    assert desk.asked == []
    desk.window.shown.pop()
    assert not mine.close()
    assert desk.asked[-1][:2] == (
        "2 results for this image wait for your choice. Once it is closed, they open in a copy of it, unless you "
        "open it again.",
        "Close all the same",
    )
    desk.says_yes = True
    assert mine.close()
    asked = len(desk.asked)
    assert desk.window.main.close()
    assert len(desk.asked) == asked  # nobody is asked twice about the same results


def test_another_view_of_the_image_can_be_closed(desk):
    desk.variations()
    desk.window.shown[1] = desk.window.shown[0]
    assert desk.images[1].close()
    assert desk.asked == []


def test_one_that_was_chosen_is_enough(desk):
    jobs = desk.variations()
    desk.studio.panel.jobs.card(jobs[0]).apply.click()
    assert desk.window.main.close()
    assert desk.asked == []


def test_a_single_result_that_waits_counts_as_well(desk):
    desk.studio.controller.change(ask_first=True)
    desk.studio.connect()
    desk.studio.panel.task.run_button.click()
    desk.studio.finish(desk.studio.controller.jobs[0])
    assert not desk.window.main.close()
    assert desk.asked[-1][0].startswith("1 result waits for your choice.")


def test_with_another_window_krita_goes_on(desk):
    desk.variations()
    second = desk.open()
    desk.krita.app.windows = lambda: [desk.window, second]
    desk.guard.refresh()
    assert second.main.close()
    assert desk.asked == []


def test_nothing_is_watched_once_krita_ends(desk):
    desk.variations()
    desk.guard.end()
    assert desk.images[0].close()
    assert desk.window.main.close()
    assert desk.asked == []
