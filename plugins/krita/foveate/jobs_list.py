"""The queue and the history: cards, the newest on top."""

from __future__ import annotations

from typing import Any

from .desk import Desk, Job
from .job_card import JobCard
from .parts import column, label
from .qt import Qt, QtWidgets
from .recipe_dialog import RecipeDialog


class JobsList(QtWidgets.QScrollArea):  # type: ignore[misc]
    """Shows the desk's jobs."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.setObjectName("jobs")
        self._desk = desk
        self._cards: dict[int, JobCard] = {}  # by the job's identity
        inside = QtWidgets.QWidget()
        inside.setObjectName("jobs")
        self._layout = column(inside)
        self._empty = label(desk.say("Results appear here. Select a region, then press the button above."), "hint")
        self._layout.addWidget(self._empty)
        self._layout.addStretch(1)
        self.setWidget(inside)
        self.setWidgetResizable(True)
        self.setFrameShape(QtWidgets.QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        desk.changed.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Make the cards those of the desk's jobs."""
        jobs = self._desk.jobs
        self._empty.setVisible(not jobs)
        gone = self._cards.keys() - {id(job) for job in jobs}
        for key in gone:
            card = self._cards.pop(key)
            self._layout.removeWidget(card)
            card.hide()
            card.deleteLater()
        for position, job in enumerate(jobs):
            card = self._cards.get(id(job))
            if card is None:
                self._layout.insertWidget(position, self._add(job))
            else:
                card.refresh()

    def card(self, job: Job) -> JobCard:
        """Return the card of a job."""
        return self._cards[id(job)]

    def _add(self, job: Job) -> Any:
        card = JobCard(self._desk, job)
        card.recipe_wanted.connect(lambda: self._show_recipe(job))
        self._cards[id(job)] = card
        return card

    def _show_recipe(self, job: Job) -> None:
        result = job.entry.flow.result
        if result is not None:
            RecipeDialog(self._desk.say, job.entry.title, result.recipe, self.window()).show()
