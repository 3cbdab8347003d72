"""The dialog in front of a job: GIMP's own procedure dialog, with presets, and the models that the server offers."""

from __future__ import annotations

import gi

for _name, _version in (("Gtk", "3.0"), ("GimpUi", "3.0")):
    gi.require_version(_name, _version)

from gi.repository import Gimp, GimpUi, GLib, Gtk  # noqa: E402 - the versions come first

from . import connection  # noqa: E402
from ._shared import client, texts, workbench  # noqa: E402
from .operations import Operation  # noqa: E402

_SCALES = ("strength", "scale")  # arguments that are shown as scales
_NUMBERS = ("min-score",)  # ... and in a field that is a scale itself
LOOK_MS = 100  # between two looks at the server
_STATES = {
    client.ConnectionState.SEARCHING: "Searching for the server",
    client.ConnectionState.CONNECTING: "Connecting",
    client.ConnectionState.READY: "Ready",
    client.ConnectionState.LOST: "Not reached, trying again",
    client.ConnectionState.REFUSED: "Refused",
    client.ConnectionState.CLOSED: "Closed",
}


def init() -> None:
    """Prepare GTK for this process."""
    GimpUi.init("foveate")


def ask(
    procedure: Gimp.Procedure,
    image: Gimp.Image,
    config: Gimp.ProcedureConfig,
    operation: Operation,
    say: texts.Texts,
) -> bool:
    """Show the dialog until it is closed; return whether the job is wanted. The choices are in `config` then."""
    dialog = GimpUi.ProcedureDialog.new(procedure, config, f"Foveate: {say(operation.title)}")
    models = ModelChoice(config, say)
    state = StateLine(say)
    for name in (*operation.widgets, *operation.expert):
        if name in _SCALES:
            dialog.get_scale_entry(name, 1.0)
        elif name in _NUMBERS:  # GIMP complains about a scale entry of less than a whole
            dialog.get_spin_scale(name, 1.0)
    dialog.fill_box("foveate-main", list(operation.widgets)).pack_end(models.widget, False, False, 0)
    parts = ["foveate-main"]
    if operation.expert:
        dialog.fill_box("foveate-expert", list(operation.expert))
        dialog.get_label("foveate-expert-title", say("More"), False, False)
        dialog.fill_expander("foveate-more", "foveate-expert-title", False, "foveate-expert")
        parts.append("foveate-more")
    dialog.fill(parts)
    _add_lines(dialog, _region_sentence(image, say), state.widget)
    bench = connection.open_workbench()

    def look() -> bool:
        if bench.poll():
            state.show(bench.connection)
            models.offer(bench.models_for(operation.name))
        return True

    timer = GLib.timeout_add(LOOK_MS, look)
    try:
        return bool(dialog.run())
    finally:
        GLib.source_remove(timer)
        bench.close()
        dialog.destroy()


class ModelChoice:
    """A drop-down with the models of the server: the chosen one is kept also while the list is not there yet."""

    def __init__(self, config: Gimp.ProcedureConfig, say: texts.Texts) -> None:
        self._config = config
        self._say = say
        self._combo = Gtk.ComboBoxText()
        self._combo.set_hexpand(True)
        label = Gtk.Label.new_with_mnemonic(say("_Model"))
        label.set_mnemonic_widget(self._combo)
        label.set_xalign(0.0)
        self.widget = Gtk.Box(orientation=Gtk.Orientation.HORIZONTAL, spacing=12)
        self.widget.pack_start(label, False, False, 0)
        self.widget.pack_start(self._combo, True, True, 0)
        self._combo.connect("changed", self._chosen)
        self._offered: tuple[tuple[str, str], ...] = ()
        self.offer(())
        config.connect("notify::model", lambda *_: self._combo.set_active_id(self._wanted))  # a preset, or a reset
        self.widget.show_all()

    @property
    def _wanted(self) -> str:
        return self._config.get_property("model") or ""

    def offer(self, models: tuple | list) -> None:
        """Show the models, and the default; a wanted one that is not offered stays in the list."""
        rows = [("", self._say("The server's default")), *((each.name, self._title(each)) for each in models)]
        if self._wanted not in dict(rows):
            rows.append((self._wanted, self._wanted))
        if self._offered == tuple(rows):
            return
        wanted, self._offered = self._wanted, ()
        self._combo.remove_all()
        for name, title in rows:
            self._combo.append(name, title)
        self._combo.set_active_id(wanted)
        self._offered = tuple(rows)

    def _title(self, model: object) -> str:
        return model.title if model.available else f"{model.title} ({self._say('fetched at first use')})"

    def _chosen(self, combo: Gtk.ComboBoxText) -> None:
        name = combo.get_active_id()
        if self._offered and name is not None and name != self._wanted:
            self._config.set_property("model", name)


class StateLine:
    """What is known about the server, in a line."""

    def __init__(self, say: texts.Texts) -> None:
        self._say = say
        self.widget = Gtk.Label(xalign=0.0, wrap=True, max_width_chars=60)
        self.widget.get_style_context().add_class("dim-label")
        self.show(workbench.ConnectionView())

    def show(self, view: workbench.ConnectionView) -> None:
        """Show the state, and what is wrong where something is."""
        text = f"{self._say('Server')}: {self._say(_STATES[view.state])}"
        if view.is_ready:
            text += f" ({view.server})"
        elif view.error is not None:
            text += f". {self._say.sentence(str(view.error))}"
        self.widget.set_text(text.strip())


def _region_sentence(image: Gimp.Image, say: texts.Texts) -> str:
    if Gimp.Selection.is_empty(image):
        return say("Nothing is selected: all that is visible is worked on.")
    _, _, left, top, right, bottom = Gimp.Selection.bounds(image)
    return say("The selection has {width} × {height} pixels.", width=right - left, height=bottom - top)


def _add_lines(dialog: GimpUi.ProcedureDialog, sentence: str, state: Gtk.Label) -> None:
    about = Gtk.Label(label=sentence, xalign=0.0, wrap=True, max_width_chars=60)
    box = Gtk.Box(orientation=Gtk.Orientation.VERTICAL, spacing=6, border_width=12)
    box.pack_start(about, False, False, 0)
    box.pack_start(state, False, False, 0)
    box.show_all()
    dialog.get_content_area().pack_end(box, False, False, 0)
