"""One job in the list: its picture, how far it is or how it ended, and what can be done with it."""

from __future__ import annotations

from functools import partial

from ._shared import job_acts, job_list, job_status, labels
from .controller import KritaController
from .qt import QtWidgets
from .recipe_dialog import RecipeDialog
from .widgets import PictureLabel, PreviewLabel, breakable, button, column, label, row, tell
from .wrapping import Wrapping

_SIDE = 52  # logical pixels of the thumbnail


class JobCard(QtWidgets.QFrame):  # type: ignore[misc]
    """A job; refresh() makes it show what is."""

    def __init__(self, controller: KritaController, job: job_list.JobEntry) -> None:
        super().__init__(objectName="card")
        self._controller, self._job = controller, job
        say = controller.say
        self._picture = PictureLabel(_SIDE)
        self._title, self._state, self._notes = (
            label(breakable(job.title), "title"),
            label(name="hint"),
            label(name="notes"),
        )
        self._question = label(name="notes")
        self._progress = QtWidgets.QProgressBar(objectName="progress", maximum=1000, textVisible=False)
        self._progress.setFixedHeight(4)
        self._preview = PreviewLabel(say("Preview, not applied"))
        own = {"cancel": controller.cancel, "apply": controller.apply, "again": self._run_again}
        own |= {"begin": controller.begin, "rest": controller.make_rest}
        own["recipe"] = self._show_recipe
        self._buttons = {
            act.name: button(
                say(act.text),
                say(act.tip),
                partial(own.get(act.name, controller.discard), job),
                "strong" if act.is_main else "small",
            )
            for act in job_acts.JOB_ACTS
        }
        self.cancel, self.apply, self.begin = (self._buttons[name] for name in ("cancel", "apply", "begin"))
        self.discard, self.again = self._buttons["discard"], self._buttons["again"]
        self.recipe, self.remove = self._buttons["recipe"], self._buttons["remove"]
        said = column(None, self._title, self._state, self._progress, None, spacing=3)
        top = row(self._picture, said, spacing=8, wide=1)
        # Above the picture: what is asked, and why, is in sight where there is room for little.
        column(self, top, self._question, Wrapping(*self._buttons.values()), self._notes, self._preview, margin=8)
        self.refresh()

    def refresh(self) -> None:
        """Show the job as it is."""
        job, status, say = self._job, self._job.flow.status, self._controller.say
        waiting, preview = job.waits_for_person, self._controller.previews.of(job)
        self._picture.show_image(job.host.after or job.host.before)
        self._state.setText(job_status.describe(status, say, separator=" · ", percent=False))
        self._state.setToolTip(say.sentence(status.summary))
        self._progress.setValue(round(1000 * status.fraction))
        self._preview.show_image(preview)
        tell(self._question, self._controller.question(job))
        tell(self._notes, breakable(labels.summary(job, say)))
        self.cancel.setEnabled(status.text != "Cancelling")
        self.apply.setText(labels.apply_text(job, say))
        self._picture.setVisible(not waiting)
        self._preview.setVisible(preview is not None)
        self._progress.setVisible(job.is_running)
        for act in job_acts.JOB_ACTS:
            self._buttons[act.name].setVisible(act.fits(job))
        self.apply.setVisible(self._controller.can_apply(job))

    def _run_again(self, job: job_list.JobEntry) -> None:
        with self._controller.acting_in(self):
            self._controller.again(job)

    def _show_recipe(self, job: job_list.JobEntry) -> None:
        dialog = RecipeDialog(self._controller.say, job.title, job.flow.result.recipe, self.window())
        self._controller.dialogs.show(dialog)
