"""Variations of one wish: thumbnails to choose from, and the chosen one as any job."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from . import style
from ._shared import job_list, labels, operation_form
from .controller import KritaController
from .job_card import JobCard
from .qt import Qt, QtCore, QtGui, QtWidgets, Signal
from .widgets import STRONG_FOCUS, button, column, label, remove, row
from .wrapping import Wrapping

_SIDE = 60  # logical pixels of a thumbnail


class VariationsCard(QtWidgets.QWidget):  # type: ignore[misc]
    """Shows several jobs; the arrow keys move between them."""

    def __init__(self, controller: KritaController, jobs: Sequence[job_list.JobEntry]) -> None:
        super().__init__()
        self._controller = controller
        self._jobs: list[job_list.JobEntry] = []
        self._cards: dict[int, JobCard] = {}  # by the job's identity
        self._thumbs: dict[int, _Thumbnail] = {}  # likewise
        self._group = QtWidgets.QButtonGroup(self)
        self._chosen: job_list.JobEntry | None = None
        self._title = label(name="heading")
        self._others = button(
            controller.say("Discard the others"), controller.say("Give all up but the chosen one"), self._discard_others
        )
        self._strip = Wrapping(spacing=4)
        self._layout = column(self, self._title, self._strip, row(self._others, None), spacing=4)
        self.show_jobs(jobs)

    def show_jobs(self, jobs: Sequence[job_list.JobEntry]) -> None:
        """Show these jobs, in this order, as they are now."""
        if list(jobs) != self._jobs:
            self._replace(list(jobs))
        for job in self._jobs:
            self._thumbs[id(job)].refresh()
            self._cards[id(job)].refresh()
        self._title.setText(labels.of_variations(self._jobs, self._controller.say))
        self._others.setVisible(len(self._jobs) > 1)

    def card(self, job: job_list.JobEntry) -> JobCard:
        """Return the card of a job."""
        return self._cards[id(job)]

    def choose(self, job: job_list.JobEntry) -> None:
        """Show a job below the thumbnails."""
        self._chosen = job
        self._thumbs[id(job)].setChecked(True)
        for each in self._jobs:
            self._cards[id(each)].setVisible(each is job)

    def _replace(self, jobs: list[job_list.JobEntry]) -> None:
        for job in self._jobs:
            if job not in jobs:
                remove(self._cards.pop(id(job)))
                remove(self._thumbs.pop(id(job)))
        self._jobs = jobs
        for place, job in enumerate(jobs, 1):
            if id(job) not in self._cards:  # some of those before it may have been taken in an earlier session
                self._add(job, operation_form.variation_number(job.parameters) or place)
        if jobs:
            self.choose(self._chosen if self._chosen in jobs else jobs[0])

    def _add(self, job: job_list.JobEntry, number: int) -> None:
        card = JobCard(self._controller, job)
        thumb = _Thumbnail(self._controller, job, number)
        thumb.clicked.connect(lambda _=False: self.choose(job))
        thumb.taken.connect(lambda: self._take(job))
        self._group.addButton(thumb)
        self._strip.addWidget(thumb)
        self._cards[id(job)], self._thumbs[id(job)] = card, thumb
        self._layout.insertWidget(2, card)

    def _take(self, job: job_list.JobEntry) -> None:
        if self._controller.can_apply(job):
            self._controller.apply(job)

    def _discard_others(self) -> None:
        for job in [job for job in self._jobs if job is not self._chosen]:
            self._controller.discard(job)


class _Thumbnail(QtWidgets.QToolButton):  # type: ignore[misc]
    """A small picture of what a job shows now. A double click or Return takes it."""

    taken = Signal()

    def __init__(self, controller: KritaController, job: job_list.JobEntry, number: int) -> None:
        super().__init__(objectName="thumb", checkable=True, focusPolicy=STRONG_FOCUS)
        self._controller, self._job, self._number = controller, job, number
        self._shown: tuple[Any, bool] = None, False  # the picture, and whether it is greyed
        self.setIconSize(QtCore.QSize(_SIDE, _SIDE))
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextUnderIcon)
        self.refresh()

    def refresh(self) -> None:
        """Show the newest picture, and how far it is."""
        job = self._job
        image = job.host.after or self._controller.previews.of(job) or job.host.before
        shown = image, labels.has_no_result(job)
        if shown != self._shown and image is not None and not image.isNull():
            self._shown = shown
            icon = QtGui.QIcon(style.square(image, _SIDE, self.devicePixelRatioF()))
            if shown[1]:  # it is the picture as it was before, and looks like one that cannot be had
                icon = _greyed(icon)
            self.setIcon(icon)
        self.setText(labels.variation_mark(self._number, job))
        self.setToolTip(labels.variation_tip(self._number, job, self._controller.say))
        self.setAccessibleName(self.toolTip())

    def mouseDoubleClickEvent(self, event: Any) -> None:  # noqa: N802 - Qt's names, here and below
        """Take it."""
        super().mouseDoubleClickEvent(event)
        self.taken.emit()

    def keyPressEvent(self, event: Any) -> None:  # noqa: N802
        """Take it on Return."""
        if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            self.taken.emit()
        else:
            super().keyPressEvent(event)


def _greyed(icon: Any) -> Any:
    """Return a QIcon of a thumbnail as of something that cannot be had."""
    (size,) = icon.availableSizes()
    return QtGui.QIcon(icon.pixmap(size, QtGui.QIcon.Mode.Disabled))
