"""The fields of a form, made from it: one for each parameter, in its order; what is seldom changed is folded away."""

from __future__ import annotations

from ._shared import form, protocol
from .additions_field import Additions
from .compare_field import CompareField
from .controller import KritaController
from .extend_field import ExtendField
from .faces_field import FacesField
from .parameter_fields import Field, plain_field
from .prompt_field import PromptField
from .qt import QtWidgets, Signal
from .widgets import column


class FormFields(QtWidgets.QWidget):  # type: ignore[misc]
    """Follows a form; what was set by hand stays, as far as the new form knows it."""

    changed = Signal()

    def __init__(self, desk: KritaController) -> None:
        super().__init__()
        self._desk = desk
        self._form: form.Form | None = None
        self.fields: dict[str, Field] = {}  # by parameter
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
        """Return a job's parameters; what is at its default is left out, so that a preset or a checkpoint can say it.

        A restorer has neither: what is always shown is sent as it stands.
        """
        if self._form is None:
            return {}
        chosen = self._form.parameters_of(self.values)
        if self._form.is_prompted:
            return chosen
        plain = {each.name: self.values[each.name] for each in self._form.basic if each.name in self.values}
        return {**{name: value for name, value in plain.items() if value not in (None, "")}, **chosen}

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
        for name in list(self.fields):
            self._drop(name)

    def offer(self, shown: form.Form, used: protocol.JsonObject) -> None:
        """Show the fields of a form. Those that were not there begin with what was `used` last, else the default."""
        before, self._form = self._form, shown
        if shown == before:
            return
        kept = self._kept(before, shown, used)
        for name in self.fields.keys() - {parameter.name for parameter in shown.parameters}:
            self._drop(name)
        for position, parameter in enumerate(shown.parameters):
            known = before.get(parameter.name) if before else None
            if parameter.name not in self.fields or not _looks_like(parameter, known):
                self._drop(parameter.name)
                self._add(parameter, position)
            if field := self.fields.get(parameter.name):
                field.offer(shown)
                field.value = kept.get(parameter.name, parameter.default)
        self.show_decided()

    def show_decided(self) -> None:
        """Disable the fields of parameters that another field decides, and no others."""
        decided, replaced = self._decided(), {name for field in self.fields.values() for name in field.replaced}
        for name, field in self.fields.items():
            field.setEnabled(name not in decided)
            field.setVisible(name not in replaced)

    def _kept(self, before: form.Form | None, shown: form.Form, used: protocol.JsonObject) -> protocol.JsonObject:
        """Return what was set by hand; of another kind of model, what means the same to both, and what was used."""
        if before is None:
            return used
        said = before.parameters_of(self.values)
        if before.is_prompted == shown.is_prompted:
            return said
        return {**used, **{name: said[name] for name in said if before.default(name) == shown.default(name)}}

    def _decided(self) -> set[str]:
        return {name for field in self.fields.values() for name in field.decided}

    def _add(self, parameter: form.Parameter, position: int) -> None:
        field = self._field(parameter)
        if field is None:
            return
        self.fields[parameter.name] = field
        layout = self._advanced if parameter.is_advanced else self._basic
        later = {each.name for each in self._form.parameters[position + 1 :]} if self._form else set()
        shown = [self.fields[name] for name in self.fields if name in later]
        places = [layout.indexOf(each) for each in shown if layout.indexOf(each) >= 0]
        layout.insertWidget(min(places, default=layout.count()), field)
        field.changed.connect(self.changed.emit)

    def _drop(self, name: str) -> None:
        field = self.fields.pop(name, None)
        if field is not None:
            field.hide()
            field.deleteLater()

    def _field(self, parameter: form.Parameter) -> Field | None:
        """Return the field for a parameter: a special one where there is one, else what its schema asks for."""
        desk, say = self._desk, self._desk.say
        if parameter.name in {"prompt", "negative_prompt"}:
            return PromptField(desk, parameter)
        if parameter.name == "only":
            return FacesField(desk, lambda: self.values)
        if parameter.name == "extend":
            return ExtendField(parameter, say)
        if parameter.name == "variants":
            return CompareField(desk, parameter)
        if parameter.type == "array":
            listed = {choice.value for choice in parameter.choices}
            models = [model for model in desk.models if model.name in listed]
            return Additions(parameter, models, say) if models else None
        return plain_field(parameter, say)


def _looks_like(parameter: form.Parameter, known: form.Parameter | None) -> bool:
    """Tell whether a parameter's field can stay: nothing but the default is another one, and still there is one."""
    if known is None or (parameter.default is None) != (known.default is None):
        return False
    seen = [(each.title, each.choices, each.is_advanced, each.schema) for each in (parameter, known)]
    return seen[0] == seen[1]
