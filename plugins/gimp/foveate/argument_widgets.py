"""Widgets that are bound to a procedure's arguments: both ways, so that presets, Reset and last values work."""

from __future__ import annotations

from collections.abc import Sequence

from gi.repository import Gimp, GimpUi, Gtk

from ._shared import comparison_lists, errors, operation_form, parameter_values
from .arguments import INTEGER, Argument

_ELLIPSIZE_END = 3  # Pango's
_POPUP_CHARACTERS = 60
_STEP = 0.5  # of numbers that are not whole


class DropDown:
    """A drop-down: the chosen value is kept also while it is not offered."""

    def __init__(self, config: Gimp.ProcedureConfig, name: str) -> None:
        self._config = config
        self._name = name
        self._offered: tuple[tuple[str, str], ...] = ()
        self.widget = Gtk.ComboBoxText(hexpand=True)
        self.widget.connect("changed", self._chosen)
        config.connect(f"notify::{name}", lambda *_: self.widget.set_active_id(self.value))

    @property
    def value(self) -> str:
        """Return what is chosen; empty for nothing."""
        return self._config.get_property(self._name) or ""

    def offer(self, rows: Sequence[tuple[str, str]]) -> None:
        """Show the values with their titles."""
        rows = tuple(rows) if self.value in dict(rows) else (*rows, (self.value, self.value))
        if self._offered == rows:
            return
        wanted, self._offered = self.value, ()
        self.widget.remove_all()
        for value, title in rows:
            self.widget.append(value, title)
        self.widget.set_active_id(wanted)
        self._offered = rows

    def _chosen(self, combo: Gtk.ComboBoxText) -> None:
        chosen = combo.get_active_id()
        if self._offered and chosen is not None and chosen != self.value:
            self._config.set_property(self._name, chosen)


class Line:
    """A line of text; with a history, a drop-down offers what was written before."""

    def __init__(self, config: Gimp.ProcedureConfig, name: str, history: Sequence[str] = (), hint: str = "") -> None:
        self._config = config
        self._name = name
        if history:
            self.widget = Gtk.ComboBoxText.new_with_entry()
            for each in history:
                self.widget.append_text(each)
            cell = self.widget.get_cells()[0]
            cell.set_property("ellipsize", _ELLIPSIZE_END)
            cell.set_property("max-width-chars", _POPUP_CHARACTERS)
            self.entry = self.widget.get_child()
        else:
            self.widget = self.entry = Gtk.Entry()
        self.widget.set_hexpand(True)
        self.entry.set_placeholder_text(hint)
        self.entry.set_activates_default(True)
        self._show()
        self.entry.connect("changed", self._typed)
        config.connect(f"notify::{name}", lambda *_: self._show())

    def _show(self) -> None:
        value = self._config.get_property(self._name) or ""
        if self.entry.get_text() != value:
            self.entry.set_text(value)

    def _typed(self, entry: Gtk.Entry) -> None:
        if entry.get_text() != (self._config.get_property(self._name) or ""):
            self._config.set_property(self._name, entry.get_text())


class Listing:
    """A line with a list of names, and a menu of those that there are."""

    def __init__(self, config: Gimp.ProcedureConfig, name: str, hint: str) -> None:
        self._line = Line(config, name, hint=hint)
        self._offered: tuple[tuple[str, str], ...] = ()
        self._menu = Gtk.Menu()
        self._button = Gtk.MenuButton(popup=self._menu)
        self.widget = Gtk.Box(spacing=6)
        self.widget.pack_start(self._line.widget, True, True, 0)
        self.widget.pack_start(self._button, False, False, 0)

    def offer(self, rows: Sequence[tuple[str, str]]) -> None:
        """Put titles into the menu, and what each adds to the list."""
        if self._offered == tuple(rows):
            return
        self._offered = tuple(rows)
        for item in self._menu.get_children():
            self._menu.remove(item)
        for title, name in self._offered:
            item = Gtk.MenuItem(label=title)
            item.connect("activate", lambda _, name=name: self._add(name))
            self._menu.append(item)
        self._menu.show_all()

    def _add(self, name: str) -> None:
        self._line.entry.set_text(comparison_lists.with_another(self._line.entry.get_text(), name))


class TypedBeyond:
    """A number typed beyond its field's limits: it stays as it is, and is told; GTK would make the limit of it."""

    def __init__(self, spin: Gtk.SpinButton) -> None:
        """Also let Return be OK, as in all other fields, where the number can be taken."""
        self._spin = spin
        self._value: float | None = None  # None where the text is no such number
        spin.set_activates_default(True)
        spin.connect("changed", lambda _: self._typed())
        spin.connect("output", lambda _: self._stays())

    def problem(self, label: str) -> str:
        """Return what is wrong; empty where nothing is. `label` is how the person knows the field."""
        if self._value is None:
            return ""
        low, high = self._spin.get_range()
        try:
            parameter_values.check({"minimum": low, "maximum": high}, self._value, label)
        except errors.InputError as error:
            return str(error.info)
        return ""

    def forget(self) -> None:
        """Show the field's number in the place of what was typed."""
        self._value = None
        self._spin.set_value(self._spin.get_value())

    def _typed(self) -> None:
        value = _number(self._spin.get_text())
        self._value = value if value is not None and value != self._within(value) else None
        self._spin.set_activates_default(self._value is None)  # at once: no Return may start with the limit instead

    def _stays(self) -> bool:
        """Tell whether GTK is to leave the text alone: it does not where the arrows have said another number since."""
        return self._value is not None and self._spin.get_value() == self._within(self._value)

    def _within(self, value: float) -> float:
        low, high = self._spin.get_range()
        return min(max(value, low), high)


class Number:
    """A number; while it is not said, the field shows what is usual, or nothing where that is not known."""

    def __init__(self, config: Gimp.ProcedureConfig, argument: Argument, usual: float | None = None) -> None:
        self._config, self._name, self._unsaid = config, argument.name, argument.default
        self._is_whole = argument.kind == INTEGER
        self._usual = usual
        self._is_showing = False
        self.widget = Gtk.SpinButton.new_with_range(argument.low, argument.high, 1 if self._is_whole else _STEP)
        self.widget.set_numeric(True)  # letters cannot be typed: they would be another number without a word
        self._beyond = TypedBeyond(self.widget)
        self.widget.connect("output", self._shows_nothing)
        self._show()
        self.widget.connect("value-changed", self._changed)
        config.connect(f"notify::{self._name}", lambda *_: self._show())

    def problem(self, label: str) -> str:
        """See TypedBeyond.problem."""
        return self._beyond.problem(label)

    def reset(self) -> None:
        """Show what the argument says, also where something else was typed."""
        self._show()
        self._beyond.forget()

    def offer(self, parameter: operation_form.Parameter) -> None:
        """Take the limits, and what is usual for the model and the preset."""
        usual = parameter.default
        self._usual = float(usual) if isinstance(usual, (int, float)) else None
        low, high = self.widget.get_range()
        self._is_showing = True
        self.widget.set_range(
            low if parameter.minimum is None else parameter.minimum,
            high if parameter.maximum is None else parameter.maximum,
        )
        self._is_showing = False
        self._show()

    def _show(self) -> None:
        value = self._config.get_property(self._name)
        self._is_showing = True
        self.widget.set_value((self._usual or 0) if value == self._unsaid else value)
        self.widget.update()
        self._is_showing = False

    def _shows_nothing(self, spin: Gtk.SpinButton) -> bool:
        if self._usual is not None or self._config.get_property(self._name) != self._unsaid:
            return False
        spin.set_text("")
        return True

    def _changed(self, spin: Gtk.SpinButton) -> None:
        value = spin.get_value()
        if not self._is_showing:
            wanted = self._unsaid if value == self._usual else value
            self._config.set_property(self._name, int(wanted) if self._is_whole else wanted)


class Share:
    """A number between nothing and all, as a scale; while it is not said, it shows what is usual."""

    def __init__(
        self, config: Gimp.ProcedureConfig, argument: Argument, parameter: operation_form.Parameter, title: str
    ) -> None:
        self._config, self._name, self._unsaid = config, argument.name, argument.default
        self._usual = 1.0
        self._is_showing = False
        self.widget = GimpUi.ScaleEntry.new(title, 1.0, parameter.minimum or 0.0, parameter.maximum or 1.0, 2)
        self._beyond = TypedBeyond(self.widget.get_spin_button())
        self._show()
        self.widget.connect("value-changed", self._changed)
        config.connect(f"notify::{self._name}", lambda *_: self._show())

    def problem(self, label: str) -> str:
        """See TypedBeyond.problem."""
        return self._beyond.problem(label)

    def reset(self) -> None:
        """Show what the argument says, also where something else was typed."""
        self._show()
        self._beyond.forget()

    def offer(self, parameter: operation_form.Parameter) -> None:
        """Take what is usual for the model and the preset."""
        usual = parameter.default
        self._usual = float(usual) if isinstance(usual, (int, float)) else 1.0
        self._show()

    def _show(self) -> None:
        value = self._config.get_property(self._name)
        self._is_showing = True
        self.widget.set_value(self._usual if value == self._unsaid else value)
        self._is_showing = False

    def _changed(self, scale: GimpUi.ScaleEntry) -> None:
        if not self._is_showing:
            self._config.set_property(self._name, scale.get_value())


class Switch:
    """Yes or no."""

    def __init__(self, config: Gimp.ProcedureConfig, argument: Argument) -> None:
        self._config, self._name = config, argument.name
        self.widget = Gtk.CheckButton()
        self._show()
        self.widget.connect("toggled", lambda button: self._config.set_property(self._name, button.get_active()))
        config.connect(f"notify::{self._name}", lambda *_: self._show())

    def offer(self, parameter: operation_form.Parameter) -> None:
        """Take nothing: what is not said is no."""

    def _show(self) -> None:
        self.widget.set_active(bool(self._config.get_property(self._name)))


def _number(text: str) -> float | None:
    try:
        return float(text.strip().replace(",", "."))  # a decimal comma, in some languages
    except ValueError:
        return None


def attach(grid: Gtk.Grid, row: int, title: str, widget: Gtk.Widget, tip: str = "") -> tuple[Gtk.Widget, ...]:
    """Put a widget with its title into a row of a grid; return what lies in the row."""
    label = Gtk.Label.new_with_mnemonic(title)
    label.set_xalign(0.0)
    label.set_mnemonic_widget(widget)
    if tip:
        widget.set_tooltip_text(tip)
    grid.attach(label, 0, row, 1, 1)
    grid.attach(widget, 1, row, 1, 1)
    return label, widget
