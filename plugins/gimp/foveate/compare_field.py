"""What is compared, in a dialog: a line with a list for each parameter that may vary, and how many pictures follow."""

from __future__ import annotations

from collections.abc import Sequence

from gi.repository import Gimp, Gtk

from ._shared import comparison_lists, operation_form, protocol, translations
from .argument_widgets import Line, Listing, attach
from .arguments import Argument

_NAMED = ("model", "loras")  # axes whose values are names of what was added


class CompareField:
    """A frame with the fields."""

    def __init__(self, config: Gimp.ProcedureConfig, arguments: Sequence[Argument], say: translations.Texts) -> None:
        self._config = config
        self._say = say
        self._arguments = {argument.part: argument.name for argument in arguments}
        self._named: dict[str, Listing] = {}
        self._problem = ""
        self._count = Gtk.Label(xalign=0.0, no_show_all=True)
        self._count.get_style_context().add_class("dim-label")
        grid = Gtk.Grid(row_spacing=6, column_spacing=12, border_width=6)
        for row, axis in enumerate(comparison_lists.AXES):
            argument, tip = self._arguments[axis.name], say(axis.description)
            if axis.name in _NAMED:
                field = self._named[axis.name] = Listing(config, argument, axis.example)
            else:
                field = Line(config, argument, hint=axis.example)
            attach(grid, row, say(axis.title), field.widget, tip)
        grid.attach(self._count, 1, len(comparison_lists.AXES), 1, 1)
        self.widget = Gtk.Frame(label=say("What is compared"))
        self.widget.add(grid)

    def offer(
        self, shown: operation_form.Form, models: Sequence[protocol.ModelInfo], variants: protocol.JsonObject
    ) -> None:
        """Name what there is to compare; `variants` is the schema of what follows."""
        listed = comparison_lists.suggestions(shown, models)
        for name, field in self._named.items():
            field.offer([(self._say(title), text) for title, text in listed[name]])
        lists = {part: self._config.get_property(name) or "" for part, name in self._arguments.items()}
        self._problem = comparison_lists.problem(lists, variants, models, shown.operation, self._say) if models else ""
        made = comparison_lists.variants_or_none(lists, variants, models)  # None: the dialog says what is wrong
        self._count.set_text(self._say("Pictures beside the original: {count}", count=len(made)) if made else "")
        self._count.set_visible(bool(made))

    def problem(self) -> str:
        """Return why the lists cannot be compared, by what was offered last; empty where nobody knows a reason."""
        return self._problem
