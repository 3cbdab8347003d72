"""The fields of a job's dialog, made from what the server tells: a row for each parameter that its model knows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gi.repository import Gimp, Gtk

from . import arguments
from ._shared import controller, operation_form, protocol
from .argument_widgets import DropDown, Line, Listing, Number, Share, Switch, attach
from .arguments import Argument
from .compare_field import CompareField
from .faces_field import FacesField
from .operation_procedures import OperationProcedure

_AFTER = "preset"  # the parameter below which the number of variations stands
_NAMED = ("preset", "scheduler", "vae", "restorer")  # parameters that name one of what there is
_HISTORIES = {"prompt": "prompts", "negative_prompt": "negative_prompts"}  # what was used before, in the settings
_MNEMONICS = {"Strength": "Stren_gth", "Scale": "Sc_ale", "Target": "_Target", "Certainty": "Cer_tainty"}
_HINTS = {
    "prompt": "Empty: what suits what is there",
    "negative_prompt": "What it shall not show",
    "seed": "Another one each time",
    "loras": "film:0.8, grain",
    "only": "1, 3-5",
}


class FormFields:
    """Two grids: what is basic, and what is folded away. The model is chosen elsewhere."""

    def __init__(
        self,
        config: Gimp.ProcedureConfig,
        operation: OperationProcedure,
        image: Gimp.Image | None,
        controller: controller.Controller,
    ) -> None:
        self._config, self._operation, self._image, self._controller = config, operation, image, controller
        self._say = controller.say
        self._faces: FacesField | None = None
        self._shown: operation_form.Form | None = None
        self._fields: dict[str, Any] = {}  # by the argument's name, made when the model first knows it
        self._rows: dict[str, tuple[Gtk.Widget, ...]] = {}  # likewise; "variations" too
        self._compared: CompareField | None = None
        self.main, self.more = _grid(), _grid()
        self._labels = Gtk.SizeGroup(mode=Gtk.SizeGroupMode.HORIZONTAL)  # one column of them in both
        self.main.show()
        self.more.show()

    def add_last(self, title: str, widget: Gtk.Widget) -> None:
        """Put another field below all others that are basic."""
        self._attach(self.main, 2 * len(self._operation.arguments) + 1, title, widget)

    def add_folded(self, title: str, widget: Gtk.Widget, tip: str) -> None:
        """Put another field above all others that are folded away."""
        self._attach(self.more, -1, title, widget, tip)

    @property
    def preset(self) -> str:
        """Return the chosen preset; empty for none."""
        return self._text("preset")

    @property
    def loras(self) -> tuple[str, ...]:
        """Return the names of the LoRAs that are typed, without their weights."""
        names = (part.partition(":")[0].strip() for part in self._text("loras").split(","))
        return tuple(filter(None, names))

    def _text(self, parameter: str) -> str:
        names = {argument.parameter: argument.name for argument in self._operation.arguments}
        return self._config.get_property(names[parameter]) or "" if parameter in names else ""

    def offer(self, shown: operation_form.Form | None, models: Sequence[protocol.ModelInfo]) -> None:
        """Show what the job's model knows."""
        if self._faces is not None:
            self._faces.look()
        if shown is None:
            return
        if shown != self._shown:
            is_first, self._shown = self._shown is None or self._shown.model is None, shown
            for row, argument in enumerate(self._operation.arguments):
                self._offer(2 * row, argument, shown)
            self._offer_variations(shown)
            if is_first and "prompt" in self._fields and shown.get("prompt"):
                self._fields["prompt"].entry.grab_focus()
        if self._compared is not None:
            variants = shown.get(arguments.VARIANTS)
            self._compared.widget.set_visible(variants is not None)
            self._compared.offer(shown, models, variants.schema if variants else {})

    def problem(self) -> str:
        """Return why nothing can be started with what the fields show; empty where nobody knows a reason."""
        typed = (self._typed_beyond(each) for each in (*self._operation.arguments, arguments.VARIATIONS))
        others = (field.problem() for field in (self._faces, self._compared) if field)
        return next(filter(None, (*typed, *others)), "")

    def _typed_beyond(self, argument: Argument) -> str:
        field = self._fields.get(argument.name)
        is_shown = any(widget.get_visible() for widget in self._rows.get(argument.name, ()))
        return field.problem(self._say(argument.title)) if isinstance(field, (Number, Share)) and is_shown else ""

    def reset(self) -> None:
        """Show what the arguments say, in the place of what was typed or ticked and is none of their values."""
        for field in self._fields.values():
            if isinstance(field, (Number, Share, FacesField)):
                field.reset()

    def settle(self) -> None:
        """Leave to the server what no field shows, such as a prompt of before where the model is a restorer."""
        shown = self._shown
        if shown is None or shown.model is None:
            return
        for argument in self._operation.arguments:
            if argument.parameter != "model" and shown.get(argument.parameter) is None:
                self._config.set_property(argument.name, argument.default)
        if self._operation.has_variations and shown.get("seed") is None:
            self._config.set_property(arguments.VARIATIONS.name, arguments.VARIATIONS.default)

    def _offer(self, row: int, argument: Argument, shown: operation_form.Form) -> None:
        parameter = shown.get(argument.parameter)
        if argument.parameter == arguments.VARIANTS:
            self._make_lists(row)
            return
        if parameter is not None and argument.part:
            parameter = parameter.part(argument.part)
        if parameter is not None and argument.name not in self._fields:
            self._make(row, argument, parameter)
        for widget in self._rows.get(argument.name, ()):
            widget.set_visible(parameter is not None)
        if parameter is not None:
            self._offer_to(self._fields[argument.name], argument, parameter)

    def _make(self, row: int, argument: Argument, parameter: operation_form.Parameter) -> None:
        say, grid = self._say, self.more if argument.is_advanced else self.main
        title = say(_MNEMONICS.get(parameter.title, parameter.title))
        field = self._fields[argument.name] = self._field(argument, parameter, title)
        field.widget.show_all()
        tip = say(parameter.description)
        if isinstance(field, Share):  # it has its title in itself
            field.widget.set_tooltip_text(tip)
            self._labels.add_widget(field.widget.get_label())
            grid.attach(field.widget, 0, row, 2, 1)
            self._rows[argument.name] = (field.widget,)
        else:
            self._rows[argument.name] = self._attach(grid, row, title, field.widget, tip)

    def _attach(
        self, grid: Gtk.Grid, row: int, title: str, widget: Gtk.Widget, tip: str = ""
    ) -> tuple[Gtk.Widget, ...]:
        made = label, _ = attach(grid, row, title, widget, tip)
        self._labels.add_widget(label)
        for each in made:
            each.show_all()
        return made

    def _field(self, argument: Argument, parameter: operation_form.Parameter, title: str) -> Any:
        config, name = self._config, argument.name
        if argument.kind != arguments.INTEGER and ("enum" in parameter.schema or argument.parameter in _NAMED):
            return DropDown(config, name)
        if argument.kind in {arguments.INTEGER, arguments.NUMBER}:
            return Share(config, argument, parameter, title) if parameter.is_share else Number(config, argument)
        if argument.kind == arguments.FLAG:
            return Switch(config, argument)
        hint = self._say(_HINTS.get(argument.parameter, ""))
        if argument.parameter == "only" and self._operation.name == "faces" and self._image is not None:
            self._faces = FacesField(config, name, self._image, self._controller, said=self._numbers, hint=hint)
            return self._faces
        if parameter.choices:
            return Listing(config, name, hint)
        kept = _HISTORIES.get(argument.parameter)
        return Line(config, name, getattr(self._controller.settings, kept) if kept else (), hint)

    def _numbers(self) -> protocol.JsonObject:
        """Return the numbers that are said, by parameters, such as how certain it must be that something is a face."""
        numbers = {arguments.INTEGER, arguments.NUMBER}
        said = {each.parameter: each.said(self._config) for each in self._operation.arguments if each.kind in numbers}
        return {name: value for name, value in said.items() if value is not None}

    def _offer_to(self, field: Any, argument: Argument, parameter: operation_form.Parameter) -> None:
        say = self._say
        if isinstance(field, Listing):
            field.offer([(each.title, str(each.value)) for each in parameter.choices])
            field.widget.set_tooltip_text("\n".join([say(parameter.description), *_described(parameter)]))
        elif isinstance(field, DropDown) and argument.kind == arguments.CHOICE:
            nicks = {value: nick for nick, value in argument.choices}
            field.offer([(nicks[each.value], say(each.title)) for each in parameter.choices if each.value in nicks])
        elif isinstance(field, DropDown):
            none = [] if any(each.value == "" for each in parameter.choices) else [("", say("The checkpoint's own"))]
            field.offer([*none, *((str(each.value), say(each.title)) for each in parameter.choices)])
        elif not isinstance(field, (Line, FacesField)):
            field.offer(parameter)

    def _offer_variations(self, shown: operation_form.Form) -> None:
        if not self._operation.has_variations:
            return
        if "variations" not in self._rows:
            names = [argument.parameter for argument in self._operation.arguments]
            row = 2 * names.index(_AFTER) + 1 if _AFTER in names else 2 * len(names)
            field = self._fields["variations"] = Number(self._config, arguments.VARIATIONS, usual=1)
            field.widget.show_all()
            title, tip = self._say(arguments.VARIATIONS.title), self._say(arguments.VARIATIONS.description)
            self._rows["variations"] = self._attach(self.main, row, title, field.widget, tip)
        for widget in self._rows["variations"]:
            widget.set_visible(shown.get("seed") is not None)

    def _make_lists(self, row: int) -> None:
        if self._compared is None:
            lists = [each for each in self._operation.arguments if each.parameter == arguments.VARIANTS]
            self._compared = CompareField(self._config, lists, self._say)
            self._compared.widget.show_all()
            self.main.attach(self._compared.widget, 0, row, 2, 1)


def _described(parameter: operation_form.Parameter) -> list[str]:
    """Return what there is to choose, with the words that it answers to."""
    return [f"{each.value}: {each.description}" if each.description else str(each.value) for each in parameter.choices]


def _grid() -> Gtk.Grid:
    return Gtk.Grid(row_spacing=6, column_spacing=12)
