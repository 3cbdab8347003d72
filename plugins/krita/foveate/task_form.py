"""What to do: the operation, its few parameters, and the button that starts it."""

from __future__ import annotations

from typing import Any

from . import words
from ._shared import checkpoints, form, protocol
from .add_model_dialog import AddModelDialog
from .checkpoint_form import CheckpointForm, MoreFields
from .desk import VARIATIONS, Desk
from .extend_fields import ExtendFields
from .faces_list import FacesList
from .parameters import ModelChoice, Share, Steps
from .parts import Fold, Shrinking, button, column, label, row
from .qt import Qt, QtWidgets

_TIPS = {
    "refocus": "Bring a blurred or noisy region into focus, in place",
    "faces": "Find the faces and bring each into focus, in place",
    "upscale": "Enlarge the selected region, or all of the image",
    "fill": "Make new content in the selection, remove what is there, or extend the canvas; needs a checkpoint",
}
_SCALES = ((2, "2 ×"), (3, "3 ×"), (4, "4 ×"))
_TARGETS = (("new", "New image"), ("document", "In place"))
_AREAS = (("selection", "Selection"), ("canvas", "Extend canvas"))
_STARTS = (("fill", "Surroundings"), ("original", "What is there"), ("noise", "Noise"))
_BASE = {"strength", "scale", "target", "start", "extend", "only", "min_score", "model"}  # set by widgets of our own


class TaskForm(QtWidgets.QWidget):  # type: ignore[misc]
    """The upper half of the panel."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        say = desk.say
        self.operation = "refocus"
        self._form: form.Form | None = None  # of the operation and its model, once the server told
        self._segments = {name: self._segment(name) for name in _TIPS}
        self._strength = Share(
            say("Strength"), say("How much of the effect is applied: 0 % leaves every pixel as it is"), 1.0
        )
        self._scale = Steps(say("Scale"), say("How many times as wide and high the result is"), _SCALES, 4)
        self._target = Steps(
            say("Result"),
            say("A new, larger image; or in place: the detail of a larger rendering at the image's own size"),
            [(value, say(text)) for value, text in _TARGETS],
            "new",
        )
        self._area = Steps(
            say("Where"),
            say("New content in what is selected; or around all of the image, as a new, larger image"),
            [(value, say(text)) for value, text in _AREAS],
            "selection",
        )
        self._start = Steps(
            say("Start from"),
            say("What the selection holds at the start: a fill from its surroundings, what is there, or noise."),
            [(value, say(text)) for value, text in _STARTS],
            "fill",
        )
        self._extend = ExtendFields(say)
        self._faces = FacesList(desk)
        self._certainty = Share(
            say("Certainty"), say("How certain the detector must be of a face; less finds more, also what is none"), 0.5
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

    def start(self) -> None:
        """Start the job, or say why not."""
        self._desk.look()
        if reason := self._desk.blocked() or self._missing():
            self._explain(reason)
            return
        self._explain("")
        wish = self.parameters()
        if self._is_prompted and self.checkpoint.variations > 1:
            wish[VARIATIONS] = self.checkpoint.variations
        self._desk.run(self.operation, wish)

    def parameters(self) -> protocol.JsonObject:
        """Return the parameters as they are set; what a checkpoint has by default is left out."""
        chosen = self._base()
        if self._form is None:  # the server has not told yet: what is remembered holds
            used = self._desk.defaults(self.operation)
            return {**{name: value for name, value in used.items() if name not in {*_BASE, VARIATIONS}}, **chosen}
        if not self._form.is_prompted:
            return chosen
        return self._form.parameters_of({**self._more.values, **self.checkpoint.values, **chosen})

    def refresh(self) -> None:
        """Show what the job would work on, and why none can be started where that is so."""
        say, context = self._desk.say, self._desk.context
        self._region.setVisible(context is not None)
        if context is not None:
            seen = None if self._extends else context.selection
            self._region.setText(words.region(context.extent, seen, say))
        self._model.offer(self.operation)
        self._take_form()
        self._show_fields()
        self.run_button.setText(self._verb(context is not None and context.selection is not None))
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
    def _extends(self) -> bool:
        return self.operation == "fill" and self._area.value == "canvas"

    def _base(self) -> protocol.JsonObject:
        """Return what our own widgets say, whatever the model is."""
        chosen: protocol.JsonObject = {}
        if self.operation == "upscale":
            chosen = {"scale": self._scale.value, "target": self._target.value}
        if self.operation != "upscale" or self._is_prompted:
            chosen["strength"] = self._strength.value
        if self.operation == "faces":
            chosen["min_score"] = self._certainty.value
            if self._faces.is_listing:
                chosen["only"] = list(self._faces.chosen)
        if self.operation == "fill":
            chosen.update({"extend": self._extend.value} if self._extends else {"start": self._start.value})
        if self._model.value:
            chosen["model"] = self._model.value
        return chosen

    def _take_form(self) -> None:
        """Follow the model, the preset and what the server knows; what was set by hand stays."""
        shown = self._desk.bench.form(self.operation, self._model.value, self.checkpoint.preset_name)
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
        model = checkpoints.model_for(self._desk.bench.models, self.operation, str(used.get("model", "")))
        return checkpoints.is_checkpoint(model)

    def _show_fields(self) -> None:
        """Show the fields of the operation and of its model, and nothing of checkpoints where there is none."""
        operation, prompted = self.operation, self._is_prompted
        has = checkpoints.has_checkpoint(self._desk.bench.models)
        self._segments["fill"].setVisible(has and bool(self._desk.bench.models_for("fill")))
        self._strength.setVisible(operation != "upscale" or prompted)
        for widget in (self._scale, self._target):
            widget.setVisible(operation == "upscale")
        for widget in (self._faces, self._certainty):
            widget.setVisible(operation == "faces")
        self._area.setVisible(operation == "fill")
        self._start.setVisible(operation == "fill" and not self._extends)
        self._extend.setVisible(self._extends)
        self.checkpoint.setVisible(prompted)
        self._more.setVisible(prompted)
        self._top.parentWidget().setVisible(has)
        wanted = self._top if has else self._folded
        if self._model.parentWidget() is not wanted.parentWidget():
            wanted.insertWidget(0, self._model)

    def _explain(self, reason: str) -> None:
        """Say why nothing can be started, or why it does not start at once."""
        self._reason.setText(reason)
        self._reason.setVisible(bool(reason))

    def _verb(self, selected: bool) -> str:
        say = self._desk.say
        if self.operation == "faces":
            count = len(self._faces.chosen)
            if count == 1:
                return say("Refocus 1 face")
            return say("Refocus {count} faces", count=count) if count else say("Refocus all faces")
        if self.operation == "upscale":
            return say("Upscale selection") if selected else say("Upscale image")
        if self._extends:
            return say("Extend canvas")
        if self.operation == "fill":
            return say("Fill selection") if selected else say("Fill image")
        return say("Refocus selection") if selected else say("Refocus image")

    def _missing(self) -> str:
        say = self._desk.say
        if self.operation == "faces" and self._faces.is_listing and not self._faces.chosen:
            return say("Tick a face first.")
        if self._extends and not self._extend.value:
            return say("Say by how many pixels the canvas grows.")
        if self._form is not None and self._form.model is None and self._desk.bench.models:
            return say("The chosen model is not there any more: choose another.")
        return ""

    def _waiting(self) -> str:
        return "" if self._desk.bench.connection.is_ready else self._desk.say("It starts once the server is there.")

    def _recall(self, used: protocol.JsonObject) -> None:
        self._strength.value = used.get("strength", 1.0)
        self._certainty.value = used.get("min_score", 0.5)
        self._scale.value = used.get("scale", 4)
        self._target.value = used.get("target", "new")
        self._start.value = used.get("start", "fill")
        self._extend.value = used.get("extend")
        self._area.value = "canvas" if used.get("extend") else "selection"
        self._model.wanted = used.get("model", "")

    def _take_certainty(self) -> None:
        self._faces.certainty = self._certainty.value

    def _take_model(self, name: str) -> None:
        """Choose a checkpoint that was just added: that is what it was added for."""
        status = self._desk.adder.status
        if status is not None and status.kind == checkpoints.DIFFUSION:
            self._model.wanted = name

    def _segment(self, operation: str) -> Any:
        made = QtWidgets.QToolButton()
        made.setObjectName("segment")
        made.setText(self._desk.say(words.OPERATIONS[operation]))
        made.setToolTip(self._desk.say(_TIPS[operation]))
        made.setCheckable(True)
        made.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        policy = QtWidgets.QSizePolicy.Policy
        made.setSizePolicy(policy.Expanding, policy.Fixed)
        made.clicked.connect(lambda: self.choose(operation))
        return made

    def _connect(self) -> None:
        desk = self._desk
        self._certainty.changed.connect(self._take_certainty)
        for changed in (self._faces.chosen_changed, self._area.changed, self._extend.changed):
            changed.connect(self.refresh)
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
        self._folded.addWidget(self._certainty)
        self._folded.addWidget(self._more)
        self._top = column(top)
        fields = QtWidgets.QWidget()
        layout = column(fields, spacing=8)
        layout.addWidget(top)
        own = (self._strength, self._scale, self._target, self._area, self._start, self._extend, self._faces)
        for widget in (self.checkpoint, *own):
            layout.addWidget(widget)
        layout.addWidget(Fold(say("More"), say("The model, and what is seldom changed"), more))
        whole = column(self, spacing=8)
        whole.addLayout(row(*self._segments.values(), spacing=0))
        for widget in (Shrinking(fields), self._region, self.run_button, self._reason):
            whole.addWidget(widget)
