"""One job in the list: its picture, how far it is or how it ended, and what can be done with it."""

from __future__ import annotations

from functools import partial

from ._shared import job_list, job_status, labels
from .controller import KritaController
from .qt import QtWidgets, Signal
from .widgets import PictureLabel, PreviewLabel, button, column, label, row, tell

_SIDE = 52  # logical pixels of the thumbnail


class JobCard(QtWidgets.QFrame):  # type: ignore[misc]
    """A job; refresh() makes it show what is."""

    recipe_wanted = Signal(object)  # of this job

    def __init__(self, controller: KritaController, job: job_list.JobEntry) -> None:
        super().__init__(objectName="card")
        self._controller, self._job = controller, job
        say, show_recipe = controller.say, partial(self.recipe_wanted.emit, job)
        self._picture = PictureLabel(_SIDE)
        self._title, self._state, self._notes = label(job.title, "title"), label(name="hint"), label(name="notes")
        self._progress = QtWidgets.QProgressBar(objectName="progress", maximum=1000, textVisible=False)
        self._progress.setFixedHeight(4)
        self._preview = PreviewLabel(say("Preview, not applied"))
        self.cancel = button(
            say("Cancel"), say("End this job; the image stays as it is"), lambda: controller.cancel(job)
        )
        self.apply = button(
            say("Apply"),
            say("Add the result as a new layer; one step to undo"),
            lambda: controller.apply(job),
            "strong",
        )
        self.discard = button(say("Discard"), say("Give this result up"), lambda: controller.discard(job))
        self.again = button(say("Again"), say("Run the same on the active image"), lambda: controller.again(job))
        self.recipe = button(say("Recipe"), say("Show what makes this result again"), show_recipe)
        self.remove = button(
            say("Remove"), say("Remove this from the list; layers stay"), lambda: controller.discard(job)
        )
        top = row(self._picture, column(None, self._title, self._state, self._progress, None, spacing=3), spacing=8)
        top.setStretch(1, 1)
        buttons = row(self.cancel, self.apply, self.discard, self.again, self.recipe, self.remove, None)
        column(self, top, self._preview, self._notes, buttons, margin=8)
        self.refresh()

    def refresh(self) -> None:
        """Show the job as it is."""
        job, status, say = self._job, self._job.flow.status, self._controller.say
        running, waiting, preview = job.is_running, job.waits_for_person, self._controller.previews.of(job)
        self._picture.show_image(job.host.after or job.host.before)
        self._state.setText(job_status.describe(status, say, separator=" · ", percent=False))
        self._state.setToolTip(say.sentence(status.summary))
        self._progress.setValue(round(1000 * status.fraction))
        self._preview.show_image(preview)
        tell(self._notes, "\n".join([*labels.notes(job, say), *labels.error(job, say)]))
        self.cancel.setEnabled(status.text != "Cancelling")
        self.apply.setText(labels.apply_text(job, say))
        shown = {
            self._picture: not waiting,
            self._preview: preview is not None,
            self._progress: running,
            self.cancel: running,
            self.apply: waiting,
            self.discard: waiting,
            self.again: not running and not waiting,
            self.remove: not running and not waiting,
            self.recipe: job.flow.result is not None and not running,
        }
        for widget, is_shown in shown.items():
            widget.setVisible(is_shown)
