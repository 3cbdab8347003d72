"""The queue and the history: cards, the newest on top."""

from __future__ import annotations

from typing import Any, cast

from ._shared import job_list
from .controller import KritaController
from .job_card import JobCard
from .qt import Qt, QtWidgets
from .variations_card import VariationsCard
from .widgets import column, label, remove, scrolling


class JobHistory(QtWidgets.QScrollArea):  # type: ignore[misc]
    """Shows the controller's jobs, and scrolls by itself."""

    def __init__(self, controller: KritaController) -> None:
        super().__init__(objectName="jobs", focusPolicy=Qt.FocusPolicy.NoFocus)
        self._controller = controller
        self._cards: dict[Any, JobCard | VariationsCard] = {}  # by wish
        inside = QtWidgets.QWidget(objectName="jobs")
        self._empty = label(
            controller.say("Results appear here. Select a region, then press the button above."), "hint"
        )
        self._layout = column(inside, self._empty, None)
        scrolling(self, inside)
        controller.signals.changed.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Make the cards those of the controller's jobs; variations of one wish share one."""
        wishes = {jobs[0].wish: jobs for jobs in self._controller.groups() if jobs[0] in self._controller.jobs}
        self._empty.setVisible(not wishes)
        for key in self._cards.keys() - wishes.keys():
            remove(self._cards.pop(key))
        for position, (key, jobs) in enumerate(wishes.items()):
            card = self._cards.get(key)
            if card is None:
                kind = VariationsCard if jobs[0].group else JobCard
                card = self._cards[key] = kind(self._controller, jobs if jobs[0].group else jobs[0])
                self._layout.insertWidget(position, card)
                self.verticalScrollBar().setValue(0)  # who started it wants to see how it goes
            elif isinstance(card, VariationsCard):
                card.show_jobs(jobs)
            else:
                card.refresh()

    def card(self, job: job_list.JobEntry) -> JobCard:
        """Return the card of a job."""
        card = self._cards[job.wish]
        return card.card(job) if isinstance(card, VariationsCard) else card

    def variations(self, job: job_list.JobEntry) -> VariationsCard:
        """Return the card of a job that is one of several variations."""
        return cast("VariationsCard", self._cards[job.wish])
