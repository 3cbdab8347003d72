"""What is compared: a list for each axis, such as "0.3, 0.5", and menus of the names that there are."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from ._shared import comparison_lists, operation_form, translations
from .controller import KritaController
from .parameter_fields import Line, ParameterField
from .widgets import add_choice, column, menu_button


class CompareField(ParameterField):
    """Models, strengths, seeds and LoRAs; the result is a sheet with each combination."""

    def __init__(self, controller: KritaController, parameter: operation_form.Parameter) -> None:
        super().__init__()
        self._controller = controller
        self._schema = parameter.schema
        self._operation = ""
        self.lists = {axis.name: ListField(axis, controller.say) for axis in comparison_lists.AXES}
        column(self, *self.lists.values())
        for field in self.lists.values():
            field.changed.connect(self.changed.emit)

    @property
    def value(self) -> Any:
        """Return the variants; None while the lists are none."""
        return comparison_lists.variants_or_none(self._listed(), self._schema, self._controller.models)

    @value.setter
    def value(self, variants: Any) -> None:
        lists = comparison_lists.lists_of(variants)
        for name, field in self.lists.items():
            field.value = lists.get(name, "")

    @property
    def decided(self) -> frozenset[str]:
        """See FormField. The model still decides what the form shows."""
        return frozenset(name for name, field in self.lists.items() if field.value.strip()) - {"model"}

    def offer(self, shown: operation_form.Form) -> None:
        """See FormField."""
        self._operation = shown.operation
        for name, entries in comparison_lists.suggestions(shown, self._controller.models).items():
            self.lists[name].suggest(entries)

    def ask(self) -> None:
        """See ParameterField."""
        next(iter(self.lists.values())).edit.setFocus()

    def missing(self) -> str:
        """See FormField."""
        models, say = self._controller.models, self._controller.say
        return comparison_lists.problem(self._listed(), self._schema, models, self._operation, say)

    def _listed(self) -> dict[str, str]:
        return {name: field.value for name, field in self.lists.items()}


class ListField(Line):
    """A list to type, and a menu that adds to it."""

    def __init__(self, axis: comparison_lists.Axis, say: translations.Texts) -> None:
        tip = f"{say(axis.description)} {say('Separate them with commas.')}"
        super().__init__(operation_form.Parameter(axis.name, axis.title, tip, "string"), say)
        self._say = say
        self.edit.setPlaceholderText(axis.example)
        self.button, self.menu = menu_button(say(axis.title), say("Add one of those that there are"))
        self.button.hide()
        self.layout().addWidget(self.button)
        self._entries: Sequence[tuple[str, str]] = ()

    def suggest(self, entries: Sequence[tuple[str, str]]) -> None:
        """Fill the menu with titles, and what each adds to the list."""
        if entries == self._entries:
            return
        self._entries = entries
        self.menu.clear()
        for title, text in entries:
            add_choice(self.menu, self._say(title), partial(self._add, text))
        self.button.setVisible(bool(entries))

    def _add(self, text: str) -> None:
        self.value = comparison_lists.with_another(self.value, text)
