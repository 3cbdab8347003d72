"""A form while a person fills it in: which fields it has, what they say together, and what stays when it changes.

It knows no widget: an editor makes fields, puts them where they are seen, and takes them away again.
"""

from __future__ import annotations

from collections.abc import Callable, Set
from typing import Any, Generic, TypeVar

from ..wire.protocol import JsonObject
from .operation_form import Form, Parameter


class FormField:
    """What sets the value of a parameter, without a widget: one that decides nothing else."""

    value: Any  # what is set; None where that says nothing
    takes_all = False  # of the image, whatever is selected
    decided: frozenset[str] = frozenset()  # parameters about which the form's other fields have nothing to say now
    replaced: frozenset[str] = frozenset()  # those of them that are not shown either

    def missing(self) -> str:
        """Return why nothing can be started yet; empty where it can."""
        return ""

    def offer(self, shown: Form) -> None:
        """Follow what the server knows of the operation and its model."""


Field = TypeVar("Field", bound=FormField)


class FilledForm(Generic[Field]):
    """Follows a form; what was set by hand stays, as far as the new form knows it."""

    def __init__(
        self,
        make: Callable[[Parameter], Field | None],
        place: Callable[[Parameter, Field], object],
        remove: Callable[[Field], object],
    ) -> None:
        """`make` gives a new field, None where a parameter has none; each is placed in the order of the form."""
        self.fields: dict[str, Field] = {}  # by parameter, in the form's order
        self._form: Form | None = None
        self._make, self._place, self._remove = make, place, remove

    @property
    def values(self) -> JsonObject:
        """Return what is set, by parameter; what another field decides is left out."""
        return {name: field.value for name, field in self.fields.items() if name not in self.decided}

    @property
    def parameters(self) -> JsonObject:
        """Return a job's parameters, see Form.shown_parameters_of."""
        return self._form.shown_parameters_of(self.values) if self._form else {}

    @property
    def takes_all(self) -> bool:
        """Tell whether all of the image is worked on, whatever is selected."""
        return any(field.takes_all for field in self.fields.values())

    @property
    def decided(self) -> Set[str]:
        """Return the parameters that another field decides."""
        return {name for field in self.fields.values() for name in field.decided}

    @property
    def replaced(self) -> Set[str]:
        """Return those of them that are not to be seen."""
        return {name for field in self.fields.values() for name in field.replaced}

    def missing(self) -> str:
        """Return why nothing can be started yet; empty where it can."""
        return next(filter(None, (field.missing() for field in self.fields.values())), "")

    def clear(self) -> None:
        """Forget the form: another operation follows."""
        self._form = None
        self._drop(set())

    def offer(self, shown: Form, used: JsonObject) -> None:
        """Show the fields of a form. Those that were not there begin with what was `used` last, else the default."""
        before, self._form = self._form, shown
        if shown == before:
            return
        kept = shown.carried_over(before, self.values, used)
        self._drop(shown.looking_like(before))
        for parameter in shown.parameters:
            field = self.fields.pop(parameter.name, None) or self._make(parameter)
            if field is None:
                continue
            self.fields[parameter.name] = field
            self._place(parameter, field)
            field.offer(shown)
            field.value = kept.get(parameter.name, parameter.default)

    def _drop(self, kept: Set[str]) -> None:
        for name in [name for name in self.fields if name not in kept]:
            self._remove(self.fields.pop(name))
