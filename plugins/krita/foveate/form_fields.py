"""The fields of a form, made from it: one for each parameter, in its order; what is seldom changed is folded away.

What is set for nearly every job stands apart, so that it stays in sight where the rest scrolls.
"""

from __future__ import annotations

from ._shared import filled_form, operation_form, protocol
from .additions_field import Additions
from .compare_field import CompareField
from .controller import KritaController
from .extend_field import ExtendField
from .faces_field import FacesField
from .parameter_fields import ParameterField, plain_field
from .prompt_field import PromptField
from .qt import QtWidgets, Signal
from .widgets import column, remove

_IN_SIGHT = {"strength"}
_SPECIAL = {"prompt": PromptField, "negative_prompt": PromptField, "extend": ExtendField, "variants": CompareField}


class FormFields(QtWidgets.QWidget):  # type: ignore[misc]
    """The widgets of a form that is filled in."""

    changed = Signal()

    def __init__(self, controller: KritaController) -> None:
        super().__init__()
        self._controller = controller
        self.filled = filled_form.FilledForm(self._field, self._place, remove)
        self._basic = column(self, spacing=8)
        self.folded, self.in_sight = QtWidgets.QWidget(), QtWidgets.QWidget()
        self._advanced, self._apart = column(self.folded), column(self.in_sight, spacing=8)

    def offer(self, shown: operation_form.Form, used: protocol.JsonObject) -> None:
        """See FilledForm."""
        self.filled.offer(shown, used)
        self.show_decided()

    def show_decided(self) -> None:
        """Disable the fields of parameters that another field decides, and no others."""
        decided, replaced = self.filled.decided, self.filled.replaced
        for name, field in self.filled.fields.items():
            field.setEnabled(name not in decided)
            field.setVisible(name not in replaced)
        self.in_sight.setVisible(any(name in self.filled.fields for name in _IN_SIGHT - replaced))

    def _place(self, parameter: operation_form.Parameter, field: ParameterField) -> None:
        place = self._apart if parameter.name in _IN_SIGHT else self._basic
        (self._advanced if parameter.is_advanced else place).addWidget(field)

    def _field(self, parameter: operation_form.Parameter) -> ParameterField | None:
        field = self._made(parameter)
        if field is not None:
            field.changed.connect(self.changed)
        return field

    def _made(self, parameter: operation_form.Parameter) -> ParameterField | None:
        """Return a special field where there is one, else what the parameter's schema asks for."""
        if parameter.name in _SPECIAL:
            return _SPECIAL[parameter.name](self._controller, parameter)
        if parameter.name == "only":
            return FacesField(self._controller, lambda: self.filled.values)
        if parameter.type == "array":
            listed = {choice.value for choice in parameter.choices}
            models = [model for model in self._controller.models if model.name in listed]
            return Additions(parameter, models, self._controller.say) if models else None
        return plain_field(parameter, self._controller.say)
