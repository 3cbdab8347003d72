"""One job in the list: its picture, how far it is or how it ended, and what can be done with it."""

from __future__ import annotations

from ._shared import job_list, job_status, labels
from .controller import KritaController
from .qt import QtWidgets, Signal
from .widgets import PictureLabel, PreviewLabel, button, column, label, row

_SIDE = 52  # logical pixels of the thumbnail


class JobCard(QtWidgets.QFrame):  # type: ignore[misc]
    """A job; refresh() makes it show what is."""

    recipe_wanted = Signal()

    def __init__(self, desk: KritaController, job: job_list.JobEntry) -> None:
        super().__init__()
        self.setObjectName("card")
        self._desk, self._job = desk, job
        say = desk.say
        self._picture = PictureLabel(_SIDE)
        self._title = label(job.title, "title")
        self._state = label(name="hint")
        self._progress = QtWidgets.QProgressBar()
        self._progress.setObjectName("progress")
        self._progress.setRange(0, 1000)
        self._progress.setTextVisible(False)
        self._progress.setFixedHeight(4)
        self._preview = PreviewLabel(say("Preview, not applied"))
        self._notes = label(name="notes")
        self.cancel = button(say("Cancel"), say("End this job; the image stays as it is"), lambda: desk.cancel(job))
        self.apply = button(
            say("Apply"), say("Add the result as a new layer; one step to undo"), lambda: desk.apply(job), "strong"
        )
        self.discard = button(say("Discard"), say("Give this result up"), lambda: desk.discard(job))
        self.again = button(say("Again"), say("Run the same on the active image"), lambda: desk.again(job))
        self.recipe = button(say("Recipe"), say("Show what makes this result again"), self.recipe_wanted.emit)
        self.remove = button(say("Remove"), say("Remove this from the list; layers stay"), lambda: desk.discard(job))
        self._lay_out()
        self.refresh()

    def refresh(self) -> None:
        """Show the job as it is."""
        job, status = self._job, self._job.flow.status
        running, waiting, preview = job.is_running, job.waits_for_person, self._desk.previews.of(job)
        over = not running and not waiting
        self._picture.show_image(job.host.after or job.host.before)
        self._picture.setVisible(not waiting)
        self._state.setText(job_status.describe(status, self._desk.say, separator=" · ", percent=False))
        self._state.setToolTip(status.summary)
        self._progress.setVisible(running)
        self._progress.setValue(round(1000 * status.fraction))
        self._preview.show_image(preview)
        self._preview.setVisible(preview is not None)
        self._notes.setText("\n".join(self._sentences()))
        self._notes.setVisible(bool(self._notes.text()))
        self.cancel.setVisible(running)
        self.cancel.setEnabled(status.text != "Cancelling")
        self.apply.setVisible(waiting)
        self.apply.setText(labels.apply_text(job, self._desk.say))
        self.discard.setVisible(waiting)
        self.again.setVisible(over)
        self.remove.setVisible(over)
        self.recipe.setVisible(job.flow.result is not None and not running)

    def _sentences(self) -> list[str]:
        say, status = self._desk.say, self._job.flow.status
        said = labels.notes(self._job, say)
        if status.error:
            said.append(say.sentence(str(status.error)))
        return said

    def _lay_out(self) -> None:
        texts = column(spacing=3)
        texts.addWidget(self._title)
        texts.addWidget(self._state)
        texts.addWidget(self._progress)
        texts.addStretch(1)
        layout = column(self, margin=8)
        top = row(self._picture, texts, spacing=8)
        top.setStretch(1, 1)
        layout.addLayout(top)
        layout.addWidget(self._preview)
        layout.addWidget(self._notes)
        layout.addLayout(row(self.cancel, self.apply, self.discard, self.again, self.recipe, self.remove, None))
