"""The queue and the history: cards, the newest on top."""

from __future__ import annotations

from typing import Any, cast

from .controller import Desk, DocumentJob
from .job_card import JobCard
from .qt import Qt, QtWidgets
from .recipe_dialog import RecipeDialog
from .variations_card import VariationsCard
from .widgets import column, label


class JobsList(QtWidgets.QScrollArea):  # type: ignore[misc]
    """Shows the desk's jobs."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.setObjectName("jobs")
        self._desk = desk
        self._cards: dict[Any, JobCard | VariationsCard] = {}  # by wish
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
        """Make the cards those of the desk's jobs; variations of one wish share one."""
        wishes = self._wishes()
        self._empty.setVisible(not wishes)
        for key in self._cards.keys() - wishes.keys():
            card = self._cards.pop(key)
            self._layout.removeWidget(card)
            card.hide()
            card.deleteLater()
        for position, (key, jobs) in enumerate(wishes.items()):
            card = self._cards.get(key)
            if card is None:
                self._layout.insertWidget(position, self._add(key, jobs))
            elif isinstance(card, VariationsCard):
                card.show_jobs(jobs)
            else:
                card.refresh()

    def card(self, job: DocumentJob) -> JobCard:
        """Return the card of a job."""
        card = self._cards[_key(job)]
        return card.card(job) if isinstance(card, VariationsCard) else card

    def variations(self, job: DocumentJob) -> VariationsCard:
        """Return the card of a job that is one of several variations."""
        return cast("VariationsCard", self._cards[_key(job)])

    def _wishes(self) -> dict[Any, list[DocumentJob]]:
        """Return the jobs, the newest wish first; those of one wish in the order in which they were made."""
        wishes: dict[Any, list[DocumentJob]] = {}
        for job in self._desk.jobs:
            wishes.setdefault(_key(job), []).insert(0, job)
        return wishes

    def _add(self, key: Any, jobs: list[DocumentJob]) -> Any:
        if jobs[0].entry.group:
            several = VariationsCard(self._desk, jobs)
            several.recipe_wanted.connect(self._show_recipe)
            self._cards[key] = several
            return several
        card = JobCard(self._desk, jobs[0])
        card.recipe_wanted.connect(lambda: self._show_recipe(jobs[0]))
        self._cards[key] = card
        return card

    def _show_recipe(self, job: DocumentJob) -> None:
        result = job.entry.flow.result
        if result is not None:
            RecipeDialog(self._desk.say, job.entry.title, result.recipe, self.window()).show()


def _key(job: DocumentJob) -> Any:
    """Return what jobs of one wish have in common."""
    return job.entry.group or id(job)
