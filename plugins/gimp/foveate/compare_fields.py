"""What is compared, in a dialog: a line with a list for each parameter that may vary, and how many pictures follow."""

from __future__ import annotations

from gi.repository import Gimp, Gtk

from ._shared import comparison_lists, errors, form, translations
from .argument_widgets import Line, Listing, attach
from .operations import COMPARED

_NAMED = ("model", "loras")  # axes whose values are names of what was added


class CompareFields:
    """A box of fields: hidden until the job's model is a checkpoint."""

    def __init__(self, config: Gimp.ProcedureConfig, say: translations.Texts) -> None:
        self._config = config
        self._say = say
        self._named: dict[str, Listing] = {}
        self._count = Gtk.Label(xalign=0.0)
        self._count.get_style_context().add_class("dim-label")
        grid = Gtk.Grid(row_spacing=6, column_spacing=12)
        for row, axis in enumerate(comparison_lists.AXES):
            argument, tip = COMPARED[axis.name], say(axis.description)
            if axis.name in _NAMED:
                field = self._named[axis.name] = Listing(config, argument, axis.example)
            else:
                field = Line(config, argument, hint=axis.example)
            attach(grid, row, say(axis.title), field.widget, tip)
        grid.attach(self._count, 1, len(comparison_lists.AXES), 1, 1)
        self.widget = Gtk.Frame(label=say("What is compared"))
        grid.set_border_width(6)
        self.widget.add(grid)
        self.widget.show_all()
        self.widget.set_no_show_all(True)
        self.widget.hide()

    def offer(self, shown: form.Form | None, models: list[str]) -> None:
        """Show the fields where the job's model is a checkpoint; name what there is to compare."""
        is_prompted = shown is not None and shown.is_prompted
        self.widget.set_visible(is_prompted)
        if not is_prompted:
            return
        loras = shown.get("loras")
        self._named["model"].offer(models)
        self._named["loras"].offer(
            [*(str(each.value) for each in loras.choices), comparison_lists.NO_LORA] if loras else []
        )
        self._count.set_text(self._counted())

    def _counted(self) -> str:
        lists = {name: self._config.get_property(argument) or "" for name, argument in COMPARED.items()}
        try:
            count = len(comparison_lists.variants_of(lists))
        except errors.FoveateError:  # the dialog says what is wrong
            return ""
        return self._say("Pictures beside the original: {count}", count=count)
