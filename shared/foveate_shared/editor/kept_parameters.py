"""What a person said last of each parameter, kept in the settings: for panels whose fields are views on them.

Until a person changes one, it shows what the job would have without it: the preset's, the operation's or the
checkpoint's own value. What only checkpoints know is kept once for all operations, their strength apart.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ..forms import checkpoint_choices, comparison_lists, typed_values
from ..forms.operation_form import Choice, Form, Parameter
from ..wire.protocol import Json, JsonObject, as_object
from .controller import Controller
from .offered_operations import EXTEND, served_by

WORDS = "words"  # where it is kept that only checkpoints know: one prompt for all operations
SLOTS = (1, 2, 3, 4)  # LoRAs that a panel has room for; scripts can name more
_OF_THE_STYLE = ("num_inference_steps", "guidance_scale", "scheduler", "strength")  # a preset may say them


def offered(controller: Controller) -> list[str]:
    """Return the operations that a panel offers: that which extends a picture has an entry of its own."""
    names = controller.offered
    return [*names, EXTEND] if served_by(EXTEND) in names else names


def form_of(controller: Controller, operation: str) -> Form | None:
    """Return an operation's form, for the model, preset and LoRAs that are kept; None where it is not offered (yet)."""
    name, words = served_by(operation), controller.used(WORDS)
    loras = tuple(str(words[f"loras_{slot}"]) for slot in SLOTS if _counts(words, slot))
    return controller.form(name, str(controller.used(name).get("model", "")), str(words.get("preset", "")), loras)


def _counts(words: JsonObject, slot: int) -> bool:
    return bool(words.get(f"loras_{slot}")) and words.get(f"loras_{slot}_weight") != 0


def schema_of(controller: Controller, operation: str, name: str) -> JsonObject:
    """Return a parameter's schema; an empty one where no server has told it, who then says what is wrong."""
    shown = form_of(controller, operation)
    parameter = shown.get(name) if shown else None
    return parameter.schema if parameter else {}


def list_of(axis: comparison_lists.Axis) -> str:
    """Return under which name it is kept what is compared."""
    return f"compare_{axis.title.lower()}"


def parameters_of(
    controller: Controller, operation: str, others: Mapping[str, Callable[[KeptParameter], Json]]
) -> JsonObject:
    """Return a job's parameters as they are kept; `others` tell what stands elsewhere, and are asked where it matters.

    Raises InputError where one cannot be read.
    """
    shown = form_of(controller, operation)
    if shown is None:  # no server has told yet
        return {}
    values: dict[str, Json] = {}
    for parameter in shown.parameters:
        tell, kept = others.get(parameter.name), KeptParameter(lambda: controller, shown.operation, parameter)
        values[parameter.name] = tell(kept) if tell else kept.said(extends=operation == EXTEND)
    return shown.parameters_of(values)


def used_last(controller: Controller, operation: str) -> JsonObject:
    """Return a job's parameters as they were used last, for a job that starts by itself.

    With a checkpoint these are all of them, since words make its pictures. They are kept as "last".
    """
    used = controller.used(operation)
    last = as_object(used.pop("last", None))
    if used.get("model") and last.get("model") == used["model"]:
        return {name: value for name, value in last.items() if name != "siblings"}  # it is one picture
    return {name: value for name, value in used.items() if name in {"model", "strength"} and value}


@dataclass(frozen=True)
class KeptParameter:
    """What is kept of a parameter, and of the parts that have fields of their own."""

    controller: Callable[[], Controller]  # the one that is open
    operation: str  # the server's
    parameter: Parameter

    def get(self, key: str = "") -> Json:
        """Return what a person chose; None where nobody did."""
        where, name = self._place(key)
        return self.controller().used(where).get(name)

    def put(self, value: Json, key: str = "") -> None:
        """Keep it, floats without the digits that a widget adds."""
        where, name = self._place(key)
        self.controller().keep(where, name, round(value, 4) if isinstance(value, float) else value)

    def shown(self) -> Parameter | None:
        """Return the parameter as the form for the kept model and preset has it."""
        shown = form_of(self.controller(), self.operation)
        return shown.get(self.parameter.name) if shown else None

    def view(self, key: str) -> Json:
        """Return what a field shows: what is kept, else the form's default; None where that is not known."""
        value, shown = self.get(key), self.shown()
        return shown.default if value is None and shown and key == self.parameter.name else value

    @property
    def choices(self) -> tuple[Choice, ...]:
        """Return what can be chosen now."""
        shown = self.shown()
        return shown.choices if shown else ()

    @property
    def chosen(self) -> int:
        """Return the number of what is chosen, else of the default."""
        value = self.view(self.parameter.name)
        return next((number for number, each in enumerate(self.choices) if each.value == value), 0)

    def choose(self, number: int) -> None:
        """Choose by number. A new style brings its own values: they are shown."""
        self.put(self.choices[number].value)
        shown = form_of(self.controller(), self.operation) if self.parameter.name == "preset" else None
        for parameter in shown.parameters if shown else ():
            if parameter.name in _OF_THE_STYLE:
                KeptParameter(self.controller, self.operation, parameter).put(None)

    def choose_lora(self, slot: int, name: str) -> None:
        """Choose a LoRA; it begins at the weight that is usual for it."""
        self.put(name, f"loras_{slot}")
        known = next((model for model in self.controller().models if model.name == name), None)
        if known:
            self.put(checkpoint_choices.usual_weight(known), f"loras_{slot}_weight")

    def lists(self) -> dict[str, str]:
        """Return what is compared, by names of axes."""
        return {axis.name: str(self.get(list_of(axis)) or "") for axis in comparison_lists.AXES}

    def said(self, *, extends: bool) -> Json:
        """Return what a job has to say of it. Raises InputError where it cannot be read.

        `extends`: the picture is to grow. Sides are said then alone.
        """
        name, parameter = self.parameter.name, self.parameter
        if name == "loras":
            slots = [(self.get(f"loras_{slot}"), self.get(f"loras_{slot}_weight")) for slot in SLOTS]
            chosen = [
                (str(lora), weight if isinstance(weight, (int, float)) else 1.0) for lora, weight in slots if lora
            ]
            return list(checkpoint_choices.with_loras(chosen))
        if name == "variants":
            return list(comparison_lists.variants_of(self.lists(), parameter.schema, self.controller().models))
        if parameter.are_numbers:
            kept = {part.name: self.get(f"{name}_{part.name}") for part in parameter.parts}
            sides = {side: pixels for side, pixels in kept.items() if isinstance(pixels, int)}
            return typed_values.growth(sides) if extends else None
        value = self.get()
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            return value
        within = parameter.within(value)
        return int(within) if isinstance(value, int) else within

    def _place(self, key: str) -> tuple[str, str]:
        name = self.parameter.name
        if name == "strength":
            shown = form_of(self.controller(), self.operation)
            if shown is not None and shown.is_prompted:
                return WORDS, f"strength of {self.operation}"
        elif self.parameter.is_for_checkpoints:
            return WORDS, key or name
        return self.operation, key or name
