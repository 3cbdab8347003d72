"""What to do: the operation, its few parameters, and the button that starts it."""

from __future__ import annotations

from typing import Any

from . import labels
from ._shared import checkpoint_choices, form, protocol
from .add_model_dialog import AddModelDialog
from .checkpoint_form import CheckpointForm, MoreFields
from .compare_fields import CompareFields
from .controller import VARIATIONS, Desk
from .operation_fields import FacesFields, FillFields, OwnFields, UpscaleFields
from .parameter_widgets import ModelChoice, PercentSlider
from .qt import Qt, QtWidgets
from .widgets import Fold, Shrinking, button, column, label, row

_TIPS = {
    "refocus": "Bring a blurred or noisy region into focus, in place",
    "faces": "Find the faces and bring each into focus, in place",
    "upscale": "Enlarge the selected region, or all of the image",
    "fill": "Make new content in the selection, remove what is there, or extend the canvas; needs a checkpoint",
    "compare": "Try models, strengths, seeds or LoRAs side by side, on a sheet of its own; needs a checkpoint",
}
_OWN = {
    "refocus": OwnFields,
    "faces": FacesFields,
    "upscale": UpscaleFields,
    "fill": FillFields,
    "compare": CompareFields,
}
_ACROSS = 3  # operations side by side


class TaskForm(QtWidgets.QWidget):  # type: ignore[misc]
    """The upper half of the panel."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        say = desk.say
        self.operation = "refocus"
        self._form: form.Form | None = None  # of the operation and its model, once the server told
        self._segments = {name: self._segment(name) for name in _TIPS}
        self.fields: dict[str, OwnFields] = {name: kind(desk) for name, kind in _OWN.items()}
        self._strength = PercentSlider(
            say("Strength"), say("How much of the effect is applied: 0 % leaves every pixel as it is"), 1.0
        )
        self._model = ModelChoice(desk)
        self.checkpoint = CheckpointForm(desk)
        self._more = MoreFields(desk)
        self._region = label(name="hint")
        self.run_button = button("", say("Start (Alt+Return)"), self.start, "run")
        self._reason = label(name="hint")
        self._lay_out()
        self._connect()
        self.choose("refocus")

    def choose(self, operation: str) -> None:
        """Show an operation with its parameters as last used."""
        self.operation = operation
        self._segments[operation].setChecked(True)
        self._form = None
        self._recall(self._desk.defaults(operation))
        self.refresh()

    def ask(self, operation: str, parameter: str) -> None:
        """Show an operation, and the fields that set a parameter."""
        self.choose(operation)
        self._own.ask(parameter)

    def start(self) -> None:
        """Start the job, or say why not."""
        self._desk.look()
        if reason := self._desk.blocked() or self._missing():
            self._explain(reason)
            return
        self._explain("")
        wish = self.parameters()
        if self._is_prompted and self._own.has_variations and self.checkpoint.variations > 1:
            wish[VARIATIONS] = self.checkpoint.variations
        self._desk.run(self.operation, wish)

    def parameters(self) -> protocol.JsonObject:
        """Return the parameters as they are set; what a checkpoint has by default is left out."""
        chosen = self._base()
        if self._form is None:  # the server has not told yet: what is remembered holds
            mine, used = {"strength", "model", VARIATIONS, *self._own.names}, self._desk.defaults(self.operation)
            return {**{name: value for name, value in used.items() if name not in mine}, **chosen}
        if not self._form.is_prompted:
            return chosen
        values = {**self._more.values, **self.checkpoint.values, **chosen}
        return self._form.parameters_of({name: values[name] for name in values.keys() - self._own.decided})

    def refresh(self) -> None:
        """Show what the job would work on, and why none can be started where that is so."""
        say, context = self._desk.say, self._desk.context
        self._region.setVisible(context is not None)
        if context is not None:
            seen = None if self._own.takes_all else context.selection
            self._region.setText(labels.region(context.extent, seen, say))
        self._model.offer(self.operation)
        self._take_form()
        self._show_fields()
        self.run_button.setText(self._own.verb(context is not None and context.selection is not None))
        self.run_button.setShortcut("Alt+Return")  # a button's shortcut goes with its text
        reason = self._desk.blocked() or self._missing()
        self.run_button.setEnabled(not reason)
        self._explain(reason or self._waiting())

    def open_adding(self) -> Any:
        """Open the dialog that adds a model."""
        dialog = AddModelDialog(self._desk, self.window())
        dialog.open()
        return dialog

    @property
    def _is_prompted(self) -> bool:
        return self._form is not None and self._form.is_prompted

    @property
    def _own(self) -> OwnFields:
        return self.fields[self.operation]

    @property
    def _has_strength(self) -> bool:
        return self._is_prompted or not self._own.is_always_full

    def _base(self) -> protocol.JsonObject:
        """Return what our own widgets say, whatever the model is."""
        chosen = dict(self._own.values)
        if self._has_strength:
            chosen["strength"] = self._strength.value
        if self._model.value:
            chosen["model"] = self._model.value
        return chosen

    def _take_form(self) -> None:
        """Follow the model, the preset and what the server knows; what was set by hand stays."""
        shown = self._desk.bench.form(self.operation, self._model.value, self.checkpoint.preset_name)
        if shown is not None:
            self._own.offer(shown)
        before = self._form
        if shown is None or shown == before:
            return
        self._form = shown
        if not shown.is_prompted:
            if before is not None and before.is_prompted:
                self._strength.value = 1.0
            return
        self.checkpoint.offer(shown)
        self._more.offer(shown)
        if before is None or not before.is_prompted:
            self._recall_prompted(shown, before)
        elif "strength" not in before.parameters_of({"strength": self._strength.value}):
            self._strength.value = shown.default("strength", 1.0)

    def _recall_prompted(self, shown: form.Form, before: form.Form | None) -> None:
        """Show what was used last with a checkpoint: it is known only now that the model is one."""
        used = self._desk.defaults(self.operation)
        used = used if self._was_prompted(used) else {}
        self.checkpoint.recall(used)
        preset = self.checkpoint.preset_name
        if preset:
            shown = self._desk.bench.form(self.operation, self._model.value, preset) or shown
            self._form = shown
            self._more.offer(shown)
        self._more.recall(used)
        strength = shown.default("strength", 1.0)
        self._strength.value = used.get("strength", strength) if before is None else strength

    def _was_prompted(self, used: protocol.JsonObject) -> bool:
        model = checkpoint_choices.model_for(self._desk.bench.models, self.operation, str(used.get("model", "")))
        return checkpoint_choices.is_checkpoint(model)

    def _show_fields(self) -> None:
        """Show the fields of the operation and of its model, and nothing of checkpoints where there is none."""
        prompted, own = self._is_prompted, self._own
        has = checkpoint_choices.has_checkpoint(self._desk.bench.models)
        for name, fields in self.fields.items():
            if fields.needs_checkpoint:
                self._segments[name].setVisible(has and bool(self._desk.bench.models_for(name)))
            for widget in (fields, *fields.folded):
                # Without a layout there is nothing in it, and it would take some room all the same.
                widget.setVisible(fields is own and widget.layout() is not None)
        self._strength.setVisible(self._has_strength)
        self._strength.setEnabled("strength" not in own.decided)
        self.checkpoint.setVisible(prompted)
        self.checkpoint.show_variations(own.has_variations)
        self._more.leave_out(own.decided)
        self._more.setVisible(prompted)
        self._top.parentWidget().setVisible(has)
        wanted = self._top if has else self._folded
        if self._model.parentWidget() is not wanted.parentWidget():
            wanted.insertWidget(0, self._model)

    def _explain(self, reason: str) -> None:
        """Say why nothing can be started, or why it does not start at once."""
        self._reason.setText(reason)
        self._reason.setVisible(bool(reason))

    def _missing(self) -> str:
        if self._form is not None and self._form.model is None and self._desk.bench.models:
            return self._desk.say("The chosen model is not there any more: choose another.")
        return self._own.missing()

    def _waiting(self) -> str:
        return "" if self._desk.bench.connection.is_ready else self._desk.say("It starts once the server is there.")

    def _recall(self, used: protocol.JsonObject) -> None:
        self._model.wanted = used.get("model", "")
        self._strength.value = used.get("strength", 1.0)
        self._own.recall(used)

    def _take_model(self, name: str) -> None:
        """Choose a checkpoint that was just added: that is what it was added for."""
        status = self._desk.adder.status
        if status is not None and status.kind == checkpoint_choices.DIFFUSION:
            self._model.wanted = name

    def _segment(self, operation: str) -> Any:
        made = QtWidgets.QToolButton()
        made.setObjectName("segment")
        made.setText(self._desk.say(labels.OPERATIONS[operation]))
        made.setToolTip(self._desk.say(_TIPS[operation]))
        made.setCheckable(True)
        made.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        policy = QtWidgets.QSizePolicy.Policy
        made.setSizePolicy(policy.Expanding, policy.Fixed)
        made.clicked.connect(lambda: self.choose(operation))
        return made

    def _connect(self) -> None:
        desk = self._desk
        for fields in self.fields.values():
            fields.changed.connect(self.refresh)
        for changed in (self._model.changed, self.checkpoint.preset_changed):
            changed.connect(self.refresh)
        self._model.add_wanted.connect(self.open_adding)
        desk.model_added.connect(self._take_model)
        for changed in (desk.changed, desk.context_changed, desk.faces_changed):
            changed.connect(self.refresh)
        desk.refused.connect(self._explain)

    def _lay_out(self) -> None:
        self._group = QtWidgets.QButtonGroup(self)
        for segment in self._segments.values():
            self._group.addButton(segment)
        say = self._desk.say
        more, top = QtWidgets.QWidget(), QtWidgets.QWidget()
        self._folded = column(more)  # where the model stands as long as there is no checkpoint
        self._folded.addWidget(self._model)
        for fields in self.fields.values():
            for widget in fields.folded:
                self._folded.addWidget(widget)
        self._folded.addWidget(self._more)
        self._top = column(top)
        inside = QtWidgets.QWidget()
        layout = column(inside, spacing=8)
        layout.addWidget(top)
        for widget in (self.checkpoint, self._strength, *self.fields.values()):
            layout.addWidget(widget)
        layout.addWidget(Fold(say("More"), say("The model, and what is seldom changed"), more))
        whole = column(self, spacing=8)
        segments, lines = list(self._segments.values()), column(spacing=0)
        for start in range(0, len(segments), _ACROSS):
            lines.addLayout(row(*segments[start : start + _ACROSS], spacing=0))
        whole.addLayout(lines)
        for widget in (Shrinking(inside), self._region, self.run_button, self._reason):
            whole.addWidget(widget)
