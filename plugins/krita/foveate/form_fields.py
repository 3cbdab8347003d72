"""The fields of a form, made from it: one for each parameter, in its order; what is seldom changed is folded away."""

from __future__ import annotations

from ._shared import operation_form, protocol
from .additions_field import Additions
from .compare_field import CompareField
from .controller import KritaController
from .extend_field import ExtendField
from .faces_field import FacesField
from .parameter_fields import ParameterField, plain_field
from .prompt_field import PromptField
from .qt import QtWidgets, Signal
from .widgets import column, remove


class FormFields(QtWidgets.QWidget):  # type: ignore[misc]
    """Follows a form; what was set by hand stays, as far as the new form knows it."""

    changed = Signal()

    def __init__(self, controller: KritaController) -> None:
        super().__init__()
        self._controller = controller
        self._form: operation_form.Form | None = None
        self.fields: dict[str, ParameterField] = {}  # by parameter
        self._basic = column(self, spacing=8)
        self.folded = QtWidgets.QWidget()
        self._advanced = column(self.folded)

    @property
    def values(self) -> protocol.JsonObject:
        """Return what is set, by parameter; what another field decides is left out."""
        decided = self._decided()
        return {name: field.value for name, field in self.fields.items() if name not in decided}

    @property
    def parameters(self) -> protocol.JsonObject:
        """Return a job's parameters, see Form.shown_parameters_of."""
        return self._form.shown_parameters_of(self.values) if self._form else {}

    @property
    def takes_all(self) -> bool:
        """Tell whether all of the image is worked on, whatever is selected."""
        return any(field.takes_all for field in self.fields.values())

    def missing(self) -> str:
        """Return why nothing can be started yet; empty where it can."""
        return next(filter(None, (field.missing() for field in self.fields.values())), "")

    def clear(self) -> None:
        """Forget the form: another operation follows."""
        self._form = None
        self._drop(*self.fields)

    def offer(self, shown: operation_form.Form, used: protocol.JsonObject) -> None:
        """Show the fields of a form. Those that were not there begin with what was `used` last, else the default."""
        before, self._form = self._form, shown
        if shown == before:
            return
        kept = shown.carried_over(before, self.values, used)
        stays = shown.looking_like(before)
        self._drop(*(name for name in self.fields if name not in stays))
        for parameter in shown.parameters:
            field = self.fields.pop(parameter.name, None) or self._field(parameter)
            if field is None:
                continue
            self.fields[parameter.name] = field  # in the form's order, as in the layouts
            (self._advanced if parameter.is_advanced else self._basic).addWidget(field)
            field.offer(shown)
            field.value = kept.get(parameter.name, parameter.default)
        self.show_decided()

    def show_decided(self) -> None:
        """Disable the fields of parameters that another field decides, and no others."""
        decided, replaced = self._decided(), {name for field in self.fields.values() for name in field.replaced}
        for name, field in self.fields.items():
            field.setEnabled(name not in decided)
            field.setVisible(name not in replaced)

    def _decided(self) -> set[str]:
        return {name for field in self.fields.values() for name in field.decided}

    def _drop(self, *names: str) -> None:
        for name in names:
            remove(self.fields.pop(name))

    def _field(self, parameter: operation_form.Parameter) -> ParameterField | None:
        """Return a new field for a parameter."""
        field = self._made(parameter)
        if field is not None:
            field.changed.connect(self.changed)
        return field

    def _made(self, parameter: operation_form.Parameter) -> ParameterField | None:
        """Return a special field where there is one, else what the parameter's schema asks for."""
        controller, say = self._controller, self._controller.say
        if parameter.name in {"prompt", "negative_prompt"}:
            return PromptField(controller, parameter)
        if parameter.name == "only":
            return FacesField(controller, lambda: self.values)
        if parameter.name == "extend":
            return ExtendField(parameter, say)
        if parameter.name == "variants":
            return CompareField(controller, parameter)
        if parameter.type == "array":
            listed = {choice.value for choice in parameter.choices}
            models = [model for model in controller.models if model.name in listed]
            return Additions(parameter, models, say) if models else None
        return plain_field(parameter, say)
