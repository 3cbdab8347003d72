"""What to do: the operation, its parameters, and the button that starts it."""

from __future__ import annotations

from functools import partial
from typing import Any

from ._shared import next_job, operation_form, protocol
from .add_model import AddModelDialog
from .controller import KritaController
from .form_boxes import past_wheel
from .form_fields import FormFields
from .model_choice import ModelChoice
from .parameter_fields import ParameterField, segment
from .picture_fields import PictureFields
from .qt import QtCore, QtWidgets
from .widgets import (
    Fold,
    Measured,
    Shrinking,
    SteadyLabel,
    button,
    column,
    holder,
    label,
    name_label,
    remove,
    row,
    tell,
)
from .wrapping import Wrapping

_ACROSS = 3  # operations side by side
_THREE_LINES = 108  # logical pixels: so much of them is seen where there is little room (German: two in a line)
_LINGERS = 2000  # milliseconds for which the button that cancels stays, grey, when the last job has ended
_UNKNOWN = "What can be done appears here once the server is there."


class TaskForm(Measured):
    """The upper half of the panel."""

    def __init__(self, controller: KritaController) -> None:
        super().__init__()
        self._controller = controller
        say = controller.say
        self._next = next_job.NextJob(controller)
        self._segments: dict[str, Any] = {}  # by operation
        self._form_fields = FormFields(controller)
        self._model = ModelChoice(controller)
        self.pictures = PictureFields(controller)
        self.variations = QtWidgets.QSpinBox(
            minimum=1,
            maximum=operation_form.MAX_VARIATIONS,
            toolTip=say("How many pictures are made, each with a seed of its own. They wait for you to choose."),
            accessibleName=say("Variations"),
        )
        past_wheel(self.variations)
        self._region = SteadyLabel("hint")
        self.run_button = button("", say("Start (Alt+Return)"), self.start, "run")
        self.cancel_button = button(
            say("Cancel"), say("End what runs; the image stays as it is"), controller.cancel_all, "stop"
        )
        self.cancel_button.setEnabled(False)
        self._lingering = QtCore.QTimer(self, singleShot=True, interval=_LINGERS, timeout=self._offer_cancel)
        self.reason = label(name="hint")  # for the panel: why nothing can be started, or why not at once
        self._explain = partial(tell, self.reason)
        self._lay_out()
        self._connect()
        self.refresh()

    @property
    def operation(self) -> str:
        """Return the operation that is shown; none before a server told which there are."""
        return self._next.operation

    @property
    def fields(self) -> dict[str, ParameterField]:
        """Return what is shown of the operation's parameters."""
        return self._form_fields.filled.fields

    def choose(self, operation: str) -> None:
        """Show an operation with its parameters as last used."""
        used = self._next.choose(operation)
        self._form_fields.filled.clear()
        self._model.wanted = used.get("model", "")
        self.variations.setValue(self._next.count)
        self.refresh()
        if operation in self._segments:
            self._offer.ensureWidgetVisible(self._segments[operation], 0, 0)

    def ask(self, operation: str, parameter: str) -> None:
        """Show an operation, and the field that sets a parameter."""
        self.choose(operation)
        if parameter in self.fields:
            self.fields[parameter].ask()
        elif not parameter:
            self.pictures.ask()

    def start(self) -> None:
        """Start the job, or say why not."""
        with self._controller.acting_in(self):
            self._start()

    def _start(self) -> None:
        faces = self._faces_alone()
        self._controller.look()
        if faces and not self._faces_alone():  # the selection has changed: see what the button says now
            return
        if reason := self._reason_not_to_start():
            self._explain(reason)
            return
        self._explain("")
        self._next.start(self.parameters(), self.variations.value())

    def _faces_alone(self) -> Any:
        """Return which faces were chosen; nothing where it is all of them."""
        return self._form_fields.filled.values.get("only")

    def parameters(self) -> protocol.JsonObject:
        """Return the parameters as they are set."""
        return self._next.parameters(self._form_fields.filled.parameters, self._model.value)

    def refresh(self) -> None:
        """Show what the job would work on, and why none can be started where that is so."""
        self._show_operations()
        self._model.setVisible(self._model.offer(self.operation))
        self._take_form()
        self._form_fields.show_decided()
        self._show_fields()
        self.pictures.offer(self.operation)
        self._region.setVisible(self._controller.takes_document(self.operation))
        self._region.tell(
            self._next.region(takes_all=self._form_fields.filled.takes_all), self._next.region(takes_all=True)
        )
        self.run_button.setText(self._next.verb(self._form_fields.filled.values))
        self.run_button.setShortcut("Alt+Return")  # a button's shortcut goes with its text
        self._offer_cancel()
        reason = self._reason_not_to_start()
        self.run_button.setEnabled(not reason)
        for part in (self._fold, self.run_button):
            part.setVisible(bool(self.operation))
        self._explain(reason or self._next.delay() if self.operation else self._controller.say(_UNKNOWN))

    def open_adding(self) -> Any:
        """Open the dialog that adds a model."""
        return self._controller.dialogs.show(AddModelDialog(self._controller, self.window()))

    def _offer_cancel(self) -> None:
        """Offer to end what runs, wherever its card is.

        As jobs end the button stays for a moment, and gets no narrower: who reaches for it just then, or presses it
        twice, must not find the one beside it in its place, which starts another job.
        """
        wishes, cancel = {job.wish for job in self._controller.entries if job.is_running}, self.cancel_button
        if len(wishes) > 1:
            cancel.setText(self._controller.say("Cancel all"))
        elif wishes and not cancel.isEnabled():  # the first one
            cancel.setText(self._controller.say("Cancel"))
        if not wishes and cancel.isEnabled():
            self._lingering.start()
        cancel.setEnabled(bool(wishes))
        cancel.setVisible(bool(wishes) or self._lingering.isActive())

    def _show_operations(self) -> None:
        """Make the buttons those of the server's operations, and show the ones that can be done."""
        known = [each.name for each in self._controller.operations]
        offered = self._controller.offered  # some of them
        if list(self._segments) != known:
            for old in self._segments.values():
                self._group.removeButton(old)
                remove(old)
            self._segments = {name: self._segment(name) for name in known}
            for made in self._segments.values():
                self._operations.addWidget(made)
        for name, made in self._segments.items():
            made.setVisible(name in offered)
        if self.operation not in offered and offered:
            self.choose(offered[0])
        if self.operation in self._segments:
            self._segments[self.operation].setChecked(True)

    def _take_form(self) -> None:
        """Follow the model, the preset and what the server knows; what was set by hand stays."""
        preset, loras = (self.fields[name].value if name in self.fields else None for name in ("preset", "loras"))
        used = self._next.follow(self._model.value, preset, loras)
        if self._next.form is not None and used is not None:
            self._form_fields.offer(self._next.form, used)

    def _show_fields(self) -> None:
        """Place the model where it belongs: folded away as long as there is no checkpoint."""
        self._counted.setVisible(self._next.has_variations)
        has = self._controller.has_checkpoint
        self._top.parentWidget().setVisible(has)
        wanted = self._top if has else self._folded
        if self._model.parentWidget() is not wanted.parentWidget():
            wanted.insertWidget(0, self._model)

    def _reason_not_to_start(self) -> str:
        filled = self._form_fields.filled
        return self._next.obstacle(self._model.value, filled.missing(), takes_all=filled.takes_all)

    def _take_model(self, name: str) -> None:
        """Choose a checkpoint that was just added: that is what it was added for."""
        status = self._controller.adder.status
        if status is not None and status.kind == protocol.DIFFUSION:
            self._model.wanted = name

    def _segment(self, operation: str) -> Any:
        words, say = self._controller.words_of(operation), self._controller.say
        made = segment(say(words.title), say(words.tip or words.title))
        made.setParent(self)
        made.clicked.connect(lambda: self.choose(operation))
        self._group.addButton(made)
        return made

    def _connect(self) -> None:
        signals = self._controller.signals
        for changed in (self._model.changed, self._form_fields.changed, self.pictures.changed):
            changed.connect(self.refresh)
        self._model.add_wanted.connect(self.open_adding)
        signals.model_added.connect(self._take_model)
        for changed in (signals.changed, signals.context_changed, signals.faces_changed):
            changed.connect(self.refresh)
        signals.refused.connect(self._explain)

    def _lay_out(self) -> None:
        say = self._controller.say
        self._group = QtWidgets.QButtonGroup(self)
        self._operations = Wrapping(spacing=0, across=_ACROSS)
        self._offer = Shrinking(holder(self._operations), least=_THREE_LINES)
        more, top, inside = QtWidgets.QWidget(), QtWidgets.QWidget(), QtWidgets.QWidget()
        self._counted = holder(row(name_label(say("Variations"), self.variations), self.variations, None))
        # The model stands there as long as there is no checkpoint.
        self._folded = column(more, self._model, self._form_fields.folded)
        self._top = column(top)
        self._fold = Fold(say("More"), say("The model, and what is seldom changed"), more)
        column(inside, top, self.pictures, self._form_fields, self._fold, spacing=8)
        column(
            self,
            self._offer,
            Shrinking(inside),
            self._form_fields.in_sight,
            self._counted,
            self._region,
            Wrapping(self.run_button, self.cancel_button, wide=0),
            spacing=8,
        )
