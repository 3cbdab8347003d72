"""What to do: the operation, its few parameters, and the button that starts it."""

from __future__ import annotations

from typing import Any

from . import words
from ._shared import protocol
from .desk import Desk
from .faces_list import FacesList
from .parameters import ModelChoice, Share, Steps
from .parts import Fold, button, column, label, row
from .qt import Qt, QtWidgets

_TIPS = {
    "refocus": "Bring a blurred or noisy region into focus, in place",
    "faces": "Find the faces and bring each into focus, in place",
    "upscale": "Enlarge the selected region, or all of the image",
}
_SCALES = ((2, "2 ×"), (3, "3 ×"), (4, "4 ×"))
_TARGETS = (("new", "New image"), ("document", "In place"))


class TaskForm(QtWidgets.QWidget):  # type: ignore[misc]
    """The upper half of the panel."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        say = desk.say
        self.operation = "refocus"
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
        self._faces = FacesList(desk)
        self._certainty = Share(
            say("Certainty"), say("How certain the detector must be of a face; less finds more, also what is none"), 0.5
        )
        self._certainty.changed.connect(self._take_certainty)
        self._faces.chosen_changed.connect(self.refresh)
        self._model = ModelChoice(desk)
        self._region = label(name="hint")
        self.run_button = button("", say("Start (Alt+Return)"), self.start, "run")
        self._reason = label(name="hint")
        self._lay_out()
        desk.changed.connect(self.refresh)
        desk.context_changed.connect(self.refresh)
        desk.faces_changed.connect(self.refresh)
        desk.refused.connect(self._explain)
        self.choose("refocus")

    def choose(self, operation: str) -> None:
        """Show an operation with its parameters as last used."""
        self.operation = operation
        self._segments[operation].setChecked(True)
        self._strength.setVisible(operation in {"refocus", "faces"})
        for widget in (self._scale, self._target):
            widget.setVisible(operation == "upscale")
        self._faces.setVisible(operation == "faces")
        self._certainty.setVisible(operation == "faces")
        self._recall(self._desk.defaults(operation))
        self.refresh()

    def start(self) -> None:
        """Start the job, or say why not."""
        self._desk.look()
        if reason := self._desk.blocked() or self._missing():
            self._explain(reason)
            return
        self._explain("")
        self._desk.run(self.operation, self.parameters())

    def parameters(self) -> protocol.JsonObject:
        """Return the parameters as they are set."""
        chosen: protocol.JsonObject = {}
        if self.operation == "upscale":
            chosen = {"scale": self._scale.value, "target": self._target.value}
        else:
            chosen = {"strength": self._strength.value}
        if self.operation == "faces":
            chosen["min_score"] = self._certainty.value
            if self._faces.is_listing:
                chosen["only"] = list(self._faces.chosen)
        if self._model.value:
            chosen["model"] = self._model.value
        return chosen

    def refresh(self) -> None:
        """Show what the job would work on, and why none can be started where that is so."""
        say, context = self._desk.say, self._desk.context
        self._region.setVisible(context is not None)
        if context is not None:
            self._region.setText(words.region(context.extent, context.selection, say))
        self._model.offer(self.operation)
        self.run_button.setText(self._verb(context is not None and context.selection is not None))
        self.run_button.setShortcut("Alt+Return")  # a button's shortcut goes with its text
        reason = self._desk.blocked() or self._missing()
        self.run_button.setEnabled(not reason)
        self._explain(reason or self._waiting())

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
        return say("Refocus selection") if selected else say("Refocus image")

    def _missing(self) -> str:
        if self.operation == "faces" and self._faces.is_listing and not self._faces.chosen:
            return self._desk.say("Tick a face first.")
        return ""

    def _waiting(self) -> str:
        return "" if self._desk.bench.connection.is_ready else self._desk.say("It starts once the server is there.")

    def _recall(self, used: protocol.JsonObject) -> None:
        self._strength.value = used.get("strength", 1.0)
        self._certainty.value = used.get("min_score", 0.5)
        self._scale.value = used.get("scale", 4)
        self._target.value = used.get("target", "new")
        self._model.wanted = used.get("model", "")

    def _take_certainty(self) -> None:
        self._faces.certainty = self._certainty.value

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

    def _lay_out(self) -> None:
        self._group = QtWidgets.QButtonGroup(self)
        for segment in self._segments.values():
            self._group.addButton(segment)
        say = self._desk.say
        more = QtWidgets.QWidget()
        inner = column(more, spacing=6)
        inner.addWidget(self._model)
        inner.addWidget(self._certainty)
        layout = column(self, spacing=8)
        layout.addLayout(row(*self._segments.values(), spacing=0))
        for widget in (self._strength, self._scale, self._target, self._faces):
            layout.addWidget(widget)
        layout.addWidget(Fold(say("More"), say("The model, and what is seldom changed"), more))
        layout.addWidget(self._region)
        layout.addWidget(self.run_button)
        layout.addWidget(self._reason)
