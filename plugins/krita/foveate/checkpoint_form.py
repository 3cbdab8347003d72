"""What a checkpoint is told: prompts, preset and variations; and, folded away, how it samples."""

from __future__ import annotations

from typing import Any

from ._shared import form, protocol
from .controller import VARIATIONS, Desk
from .prompt_field import PromptField
from .qt import QtWidgets, Signal
from .schema_widgets import DropDown, field_for
from .widgets import column, name_label, row

OWN_FIELDS = {"prompt", "negative_prompt", "preset", "strength", "scale", "target", "start", "extend"}
OWN_FIELDS |= {"only", "min_score", "variants"}  # which the task's form shows itself


class CheckpointForm(QtWidgets.QWidget):  # type: ignore[misc]
    """Prompts, preset, and how many variations."""

    preset_changed = Signal()

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        say = desk.say
        self.prompt = PromptField(
            say,
            say("Prompt"),
            say("What the picture shall show there. Empty: what suits what is there. Weights: (words)1.2"),
            hint=say("Empty: what suits what is there"),
            lines=3,
            history=lambda: desk.settings.prompts,
        )
        self.negative = PromptField(
            say,
            say("Negative prompt"),
            say("What the picture shall not show."),
            hint=say("What it shall not show"),
            lines=1,
            history=lambda: desk.settings.negative_prompts,
        )
        self.prompt.forget_wanted.connect(lambda: desk.forget_prompts("prompts"))
        self.negative.forget_wanted.connect(lambda: desk.forget_prompts("negative_prompts"))
        self.preset: Any = None  # a Selection, once the server told which there are
        self._offered: Any = None
        self._variations = QtWidgets.QSpinBox()
        self._variations.setRange(1, form.MAX_VARIATIONS)
        self._variations.setToolTip(
            say("How many pictures are made, each with a seed of its own. They wait for you to choose.")
        )
        self._variations.setAccessibleName(say("Variations"))
        self._presets = column()
        layout = column(self)
        layout.addWidget(self.prompt)
        layout.addWidget(self.negative)
        layout.addLayout(self._presets)
        self._counted = QtWidgets.QWidget()
        self._counted.setLayout(row(name_label(say("Variations"), self._variations), self._variations, None))
        layout.addWidget(self._counted)

    @property
    def values(self) -> protocol.JsonObject:
        """Return what is set, by parameter."""
        return {"prompt": self.prompt.value, "negative_prompt": self.negative.value, "preset": self.preset_name}

    @property
    def preset_name(self) -> str:
        """Return the chosen preset; empty for none."""
        return str(self.preset.value or "") if self.preset else ""

    @property
    def variations(self) -> int:
        """Return how many jobs there shall be."""
        return int(self._variations.value())

    def show_variations(self, shown: bool) -> None:
        """Show how many variations there shall be, or nothing of it."""
        self._counted.setVisible(shown)

    def recall(self, used: protocol.JsonObject) -> None:
        """Show what was used last."""
        self.prompt.value = used.get("prompt", "")
        self.negative.value = used.get("negative_prompt", "")
        if self.preset:
            self.preset.value = used.get("preset", "")
        count = used.get(VARIATIONS, 1)
        self._variations.setValue(count if isinstance(count, int) else 1)

    def offer(self, shown: form.Form) -> None:
        """List the presets that there are."""
        parameter = shown.get("preset")
        choices = parameter.choices if parameter else ()
        if parameter is None or choices == self._offered:
            return
        before, self._offered = self.preset_name, choices
        if self.preset:
            self._presets.removeWidget(self.preset)
            self.preset.deleteLater()
        self.preset = DropDown(parameter, self._desk.say)
        self.preset.value = before
        self.preset.changed.connect(self.preset_changed.emit)
        self._presets.addWidget(self.preset)


class MoreFields(QtWidgets.QWidget):  # type: ignore[misc]
    """A field for everything else that an operation's model knows."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self._form: form.Form | None = None
        self._fields: dict[str, Any] = {}
        self._layout = column(self)

    @property
    def values(self) -> protocol.JsonObject:
        """Return what is set, by parameter."""
        return {name: field.value for name, field in self._fields.items()}

    def offer(self, shown: form.Form) -> None:
        """Show the fields of a form; what was set by hand stays, as far as the form knows it."""
        before, self._form = self._form, shown
        if before is not None and (before.operation, before.advanced) == (shown.operation, shown.advanced):
            return
        kept = before.parameters_of(self.values) if before else {}
        for field in self._fields.values():
            self._layout.removeWidget(field)
            field.hide()
            field.deleteLater()
        self._fields = {}
        for parameter in shown.parameters:
            field = None if parameter.name in OWN_FIELDS else self._field(parameter)
            if field is not None:
                self._fields[parameter.name] = field
                self._layout.addWidget(field)
        self._set(kept)

    def leave_out(self, names: frozenset[str]) -> None:
        """Disable the fields of parameters that something else decides, and no others."""
        for name, field in self._fields.items():
            field.setEnabled(name not in names)

    def recall(self, used: protocol.JsonObject) -> None:
        """Show what was used last; what was not used has its default."""
        form_ = self._form
        if form_ is not None:
            self._set({name: used.get(name, form_.default(name)) for name in self._fields})

    def _set(self, values: protocol.JsonObject) -> None:
        for name, value in values.items():
            if name in self._fields:
                self._fields[name].value = value

    def _field(self, parameter: form.Parameter) -> Any:
        return field_for(parameter, self._desk.bench.models, self._desk.say)
