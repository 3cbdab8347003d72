"""What is compared: a list for each axis, such as "0.3, 0.5", and menus of the names that there are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ._shared import checkpoint_choices, comparison_lists, errors, form, protocol, translations
from .controller import Desk
from .operation_fields import OwnFields
from .qt import Qt, QtWidgets, Signal
from .widgets import column, name_label, row

_Entry = tuple[str, str]  # what a menu shows, and what it adds to the list


class CompareFields(OwnFields):
    """Models, strengths, seeds and LoRAs; the result is a sheet with each combination."""

    names = frozenset({"variants"})
    needs_checkpoint = True
    has_variations = False

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self.lists = {axis.name: ListField(axis, desk.say) for axis in comparison_lists.AXES}
        layout = column(self)
        for field in self.lists.values():
            layout.addWidget(field)
            field.changed.connect(self.changed.emit)

    @property
    def values(self) -> protocol.JsonObject:
        """See OwnFields. While the lists are none, nothing."""
        try:
            return {"variants": list(self._variants())}
        except errors.InputError:
            return {}

    @property
    def decided(self) -> frozenset[str]:
        """See OwnFields. The model still decides what the form shows."""
        return frozenset(name for name, field in self.lists.items() if field.value.strip()) - {"model"}

    def recall(self, used: protocol.JsonObject) -> None:
        """See OwnFields."""
        variants = used.get("variants")
        known = [entry for entry in variants if isinstance(entry, dict)] if isinstance(variants, list) else []
        lists = comparison_lists.lists_of(known)
        for name, field in self.lists.items():
            field.value = lists.get(name, "")

    def offer(self, shown: form.Form) -> None:
        """See OwnFields."""
        models = self._desk.bench.models
        able = self._desk.bench.models_for(shown.operation)
        self.lists["model"].offer([(model.title, model.name) for model in able])
        loras = [
            (model.title, comparison_lists.lora_text(model.name, checkpoint_choices.usual_weight(model)))
            for model in checkpoint_choices.additions(models, "loras", shown.model)
        ]
        none = [(self._desk.say("Without a LoRA"), comparison_lists.NO_LORA)] if loras else []
        self.lists["loras"].offer([*loras, *none])

    def ask(self, parameter: str) -> None:
        """See OwnFields."""
        next(iter(self.lists.values())).edit.setFocus()

    def missing(self) -> str:
        """See OwnFields."""
        try:
            variants = self._variants()
        except errors.InputError as error:
            return self._desk.say.sentence(str(error))
        return self._unknown(variants)

    def verb(self, selected: bool) -> str:
        """See OwnFields."""
        say, variants = self._desk.say, self.values.get("variants")
        count = len(variants) if isinstance(variants, list) else 0
        return say("Compare {count} variants", count=count) if count > 1 else say("Compare")

    def _variants(self) -> list[protocol.JsonObject]:
        return comparison_lists.variants_of({name: field.value for name, field in self.lists.items()})

    def _unknown(self, variants: Sequence[Any]) -> str:
        """Return a sentence about a name that nothing has."""
        say, models = self._desk.say, {model.name for model in self._desk.bench.models_for("compare")}
        loras = {model.name for model in self._desk.bench.models if model.kind == checkpoint_choices.ADDED["loras"]}
        for variant in variants:
            if variant.get("model") not in {None, *models}:
                return say("There is no checkpoint named “{name}”.", name=variant["model"])
            for lora in variant.get("loras", ()):
                if lora["name"] not in loras:
                    return say("There is no LoRA named “{name}”.", name=lora["name"])
        return ""


class ListField(QtWidgets.QWidget):  # type: ignore[misc]
    """A list to type, and a menu that adds to it."""

    changed = Signal()

    def __init__(self, axis: comparison_lists.Axis, say: translations.Texts) -> None:
        super().__init__()
        title = say(axis.title)
        tip = f"{say(axis.description)} {say('Separate them with commas.')}"
        self.edit = QtWidgets.QLineEdit()
        self.edit.setPlaceholderText(axis.example)
        self.edit.setToolTip(tip)
        self.edit.setAccessibleName(title)
        self.edit.textChanged.connect(lambda _: self.changed.emit())
        self.button = QtWidgets.QToolButton()
        self.button.setObjectName("flat")
        self.button.setText("▾")
        self.button.setToolTip(say("Add one of those that there are"))
        self.button.setAccessibleName(f"{title}: {self.button.toolTip()}")
        self.button.setPopupMode(QtWidgets.QToolButton.ToolButtonPopupMode.InstantPopup)
        self.button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.menu = QtWidgets.QMenu(self.button)
        self.button.setMenu(self.menu)
        self.button.hide()
        self._offered: Sequence[_Entry] = ()
        self.setLayout(row(name_label(title, self.edit), self.edit, self.button))

    @property
    def value(self) -> str:
        """Return the list as it is written."""
        return str(self.edit.text())

    @value.setter
    def value(self, text: str) -> None:
        self.edit.setText(text)

    def offer(self, entries: Sequence[_Entry]) -> None:
        """Fill the menu."""
        if entries == self._offered:
            return
        self._offered = entries
        self.menu.clear()
        for title, text in entries:
            action = self.menu.addAction(title.replace("&", "&&"))
            action.triggered.connect(lambda _=False, text=text: self._add(text))
        self.button.setVisible(bool(entries))

    def _add(self, text: Any) -> None:
        before = self.value.strip().rstrip(",;").strip()
        self.value = f"{before}, {text}" if before else text
