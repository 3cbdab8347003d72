"""The job that a panel's form is about: its operation and form, what its button says, and what stands in its way."""

from __future__ import annotations

from ..forms import checkpoint_choices
from ..forms.operation_form import Form
from ..jobs import document_problems
from ..wire.protocol import Json, JsonObject
from . import labels, offered_operations
from .document_controller import VARIATIONS, DocumentController


class NextJob:
    """See the module. The fields hold the values, and the model's name: they are handed in."""

    def __init__(self, controller: DocumentController) -> None:
        self.operation = ""  # none before a server told which there are
        self.count = 1  # variations, as last used
        self.form: Form | None = None  # of the operation and its model, once the server told
        self._controller = controller

    def choose(self, operation: str) -> JsonObject:
        """Turn to an operation; return its parameters as last used."""
        self.operation, self.form, used = operation, None, self._controller.used(operation)
        count = used.get(VARIATIONS)
        self.count = count if isinstance(count, int) else 1
        return used

    def follow(self, model: str, preset: Json, loras: Json = None) -> JsonObject | None:
        """Take the form for a model, a preset and LoRAs (None: those used last).

        Returns what new fields of it begin with.

        That is what was used last with a model of this kind. None where the server has not told the form (yet).
        """
        used = self._controller.used(self.operation)
        chosen = used.get("preset") if preset is None else preset
        added = checkpoint_choices.names_that_count(used.get("loras") if loras is None else loras)
        shown = self._controller.form(self.operation, model, str(chosen or ""), added)
        if shown is None:
            return None
        self.form = shown
        before = checkpoint_choices.model_for(self._controller.models, self.operation, str(used.get("model", "")))
        return used if checkpoint_choices.is_checkpoint(before) == shown.is_prompted else {}

    @property
    def has_variations(self) -> bool:
        """Tell whether several pictures can be chosen from."""
        return self.form is not None and self.form.has_variations

    def parameters(self, filled: JsonObject, model: str) -> JsonObject:
        """Return the parameters that fields say; before the server told which there are, what is remembered holds."""
        if self.form is not None:
            return filled
        chosen = {**self._controller.used(self.operation), "model": model}
        return {name: value for name, value in chosen.items() if name != VARIATIONS and value != ""}

    def start(self, parameters: JsonObject, count: int) -> None:
        """Start the job, in so many variations where it has any."""
        several: JsonObject = {VARIATIONS: count} if self.has_variations and count > 1 else {}
        self._controller.run(self.operation, {**parameters, **several})

    def region(self, *, takes_all: bool) -> str:
        """Return what would be worked on; `takes_all`: whatever is selected. Empty where that is no part of it."""
        context = self._controller.context
        if context is None or not self._works_on_document:
            return ""
        if self._is_outside(takes_all=takes_all):
            return self._controller.say.sentence(document_problems.selection_outside().info.message)
        return labels.region(context.extent, None if takes_all else context.selection, self._controller.say)

    def verb(self, said: JsonObject) -> str:
        """Return what stands on the button that starts it; `said` are the values of its fields."""
        context = self._controller.context
        is_selected = context is not None and (context.selection is not None or context.is_outside)
        return offered_operations.verb(
            self._controller.words_of(self.operation), self._controller.say, said, is_selected=is_selected
        )

    def obstacle(self, model: str, missing: str, *, takes_all: bool = False) -> str:
        """Return why it cannot be started; empty where it can. `missing` is what fields lack; see :meth:`region`."""
        if reason := self._controller.blocked(self.operation):
            return reason
        if not self.operation:
            return self.delay()
        if self.form is not None and self.form.model is None and model:
            return self._controller.say("The chosen model is not there any more: choose another.")
        if self._is_outside(takes_all=takes_all):
            return self._controller.say.sentence(str(document_problems.selection_outside()))
        return missing

    def _is_outside(self, *, takes_all: bool) -> bool:
        """Tell whether something is selected that it would work on, but nothing of the image."""
        context = self._controller.context
        return not takes_all and context is not None and context.is_outside and self._works_on_document

    def delay(self) -> str:
        """Return why it would not begin at once; empty where it would."""
        return (
            "" if self._controller.connection.is_ready else self._controller.say("It starts once the server is there.")
        )

    @property
    def _works_on_document(self) -> bool:
        return self._controller.takes_document(self.operation)
