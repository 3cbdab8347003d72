"""The dialog in front of a job: GIMP's own procedure dialog, with presets, and the models that the server offers."""

from __future__ import annotations

from collections.abc import Sequence

import gi

for _name, _version in (("Gtk", "3.0"), ("GimpUi", "3.0")):
    gi.require_version(_name, _version)

from gi.repository import Gimp, GimpUi, GLib, Gtk  # noqa: E402 - the versions come first

from . import connection, menu, model_dialog, running_job_files  # noqa: E402
from ._shared import client, errors, job_list, translations  # noqa: E402
from .argument_widgets import DropDown, Strength  # noqa: E402
from .checkpoint_fields import CheckpointFields  # noqa: E402
from .compare_fields import CompareFields  # noqa: E402
from .operations import OperationProcedure  # noqa: E402

_SCALES = ("scale",)  # arguments that are shown as scales
_NUMBERS = ("min-score",)  # ... and in a field that is a scale itself
_STAND_IN = "strength"  # an argument for a box that has none of GIMP's own: without any, GIMP takes all of them
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
    operation: OperationProcedure,
    say: translations.Texts,
) -> bool:
    """Show the dialog until it is closed; return whether the job is wanted. The choices are in `config` then."""
    dialog = GimpUi.ProcedureDialog.new(procedure, config, f"Foveate: {say(operation.title)}")
    form = _JobForm(config, operation, say)
    state = StateLine(say)
    for name in (*operation.widgets, *operation.expert):
        if name in _SCALES:
            dialog.get_scale_entry(name, 1.0)
        elif name in _NUMBERS:  # GIMP complains about a scale entry of less than a whole
            dialog.get_spin_scale(name, 1.0)
    form.lay_out(dialog.fill_box("foveate-main", list(operation.widgets) or [_STAND_IN]))
    if not operation.widgets:
        _hide(dialog.get_spin_scale(_STAND_IN, 1.0))
    parts = ["foveate-main"]
    if operation.expert:
        dialog.fill_box("foveate-expert", list(operation.expert))
        dialog.get_label("foveate-expert-title", say("More"), False, False)
        dialog.fill_expander("foveate-more", "foveate-expert-title", False, "foveate-expert")
        parts.append("foveate-more")
    dialog.fill(parts)
    sentence = say("All that is visible is worked on.") if operation.is_whole else _region_sentence(image, say)
    is_any_left = running_job_files.is_any_left(running_job_files.folder_of(connection.settings_path()))
    menu_line = MenuLine(say)
    problem = Gtk.Label(xalign=0.0, wrap=True, max_width_chars=60)
    _hide(problem)
    left = say("A result from before is waiting: Filters > Foveate > Waiting Results.") if is_any_left else ""
    _add_lines(dialog, (sentence, left), problem, menu_line.widget, state.widget)
    bench = connection.open_workbench()

    def look() -> bool:
        if bench.poll():
            state.show(bench.connection)
            menu_line.look(bench)
        form.look(bench)
        reason = _problem(config, operation)
        dialog.set_response_sensitive(Gtk.ResponseType.OK, not reason)
        problem.set_text(say.sentence(reason))
        problem.set_visible(bool(reason))
        return True

    timer = GLib.timeout_add(LOOK_MS, look)
    try:
        return bool(dialog.run())
    finally:
        GLib.source_remove(timer)
        bench.close()
        dialog.destroy()


class _JobForm:
    """The fields that depend on the server's models."""

    def __init__(self, config: Gimp.ProcedureConfig, operation: OperationProcedure, say: translations.Texts) -> None:
        self._operation = operation
        self._is_stale = False  # a model may have been added
        self._models = ModelChoice(config, say)
        self._fields = CheckpointFields(config, say, connection.load_settings(), variations=not operation.compares)
        self._compared = CompareFields(config, say) if operation.compares else None
        self._strength = Strength(config, say) if operation.has_strength else None
        self._help = Gtk.Box(orientation=Gtk.Orientation.VERTICAL, spacing=6)
        if operation.needs_checkpoint:
            self._help.pack_start(model_dialog.help_widget(say), True, True, 0)
            self._help.pack_start(model_dialog.add_button(say, self._refresh), False, False, 0)
            self._help.show_all()
        _hide(self._help)

    def lay_out(self, box: Gtk.Box) -> None:
        """Put the fields around those that are GIMP's own."""
        above = [self._help, self._fields.main]
        if self._compared is not None:
            above.append(self._compared.widget)
        if self._strength is not None:
            self._strength.widget.show_all()
            above.append(self._strength.widget)
        for place, widget in enumerate(above):
            box.pack_start(widget, False, False, 0)
            box.reorder_child(widget, place)
        box.pack_end(self._fields.more, False, False, 0)
        box.pack_end(self._models.widget, False, False, 0)

    def look(self, bench: job_list.Workbench) -> None:
        """Follow what is known of the server, and what is chosen."""
        name = self._operation.name
        self._models.offer(bench.models_for(name))
        shown = bench.form(name, self._models.value, self._fields.preset)
        self._fields.offer(shown)
        if self._compared is not None:
            self._compared.offer(shown, [model.name for model in bench.models_for(name)])
        is_prompted = shown is not None and shown.is_prompted
        if self._strength is not None:
            self._strength.offer(float(shown.default("strength", 1.0)) if is_prompted else 1.0)
            self._strength.widget.set_visible(is_prompted or name != "upscale")
        if self._operation.needs_checkpoint:
            self._help.set_visible(bool(bench.models) and not bench.models_for(name))
        if self._is_stale:
            bench.refresh_models()
            self._is_stale = False

    def _refresh(self) -> None:
        self._is_stale = True


class ModelChoice:
    """A drop-down with the models of the server: the chosen one is kept also while the list is not there yet."""

    def __init__(self, config: Gimp.ProcedureConfig, say: translations.Texts) -> None:
        self._say = say
        self._selection = DropDown(config, "model")
        label = Gtk.Label.new_with_mnemonic(say("_Model"))
        label.set_mnemonic_widget(self._selection.widget)
        label.set_xalign(0.0)
        self.widget = Gtk.Box(orientation=Gtk.Orientation.HORIZONTAL, spacing=12)
        self.widget.pack_start(label, False, False, 0)
        self.widget.pack_start(self._selection.widget, True, True, 0)
        self.offer(())
        self.widget.show_all()

    @property
    def value(self) -> str:
        """Return the chosen model's name; empty for the server's default."""
        return self._selection.value

    def offer(self, models: tuple | list) -> None:
        """Show the models, and the default."""
        default = ("", self._say("The server's default"))
        self._selection.offer([default, *((each.name, self._title(each)) for each in models)])

    def _title(self, model: object) -> str:
        return model.title if model.available else f"{model.title} ({self._say('fetched at first use')})"


class StateLine:
    """What is known about the server, in a line."""

    def __init__(self, say: translations.Texts) -> None:
        self._say = say
        self.widget = Gtk.Label(xalign=0.0, wrap=True, max_width_chars=60)
        self.widget.get_style_context().add_class("dim-label")
        self.show(job_list.ConnectionView())

    def show(self, view: job_list.ConnectionView) -> None:
        """Show the state, and what is wrong where something is."""
        text = f"{self._say('Server')}: {self._say(_STATES[view.state])}"
        if view.is_ready:
            text += f" ({view.server})"
        elif view.error is not None:
            text += f". {self._say.sentence(str(view.error))}"
        self.widget.set_text(text.strip())


class MenuLine:
    """Says that GIMP is to be started anew, where the menu lacks what the server's models allow."""

    def __init__(self, say: translations.Texts) -> None:
        self.widget = Gtk.Label(label=say(menu.START_ANEW), xalign=0.0, wrap=True, max_width_chars=60)
        _hide(self.widget)

    def look(self, bench: job_list.Workbench) -> None:
        """Follow what the server has."""
        menu.note(bench.models)
        self.widget.set_visible(menu.is_behind(bench.models))


def _problem(config: Gimp.ProcedureConfig, operation: OperationProcedure) -> str:
    """Return why what is chosen makes no sense yet; empty where it does."""
    try:
        operation.parameters(config)
    except errors.FoveateError as error:
        return str(error.info)
    return ""


def _hide(widget: Gtk.Widget) -> None:
    widget.set_no_show_all(True)
    widget.hide()


def _region_sentence(image: Gimp.Image, say: translations.Texts) -> str:
    if Gimp.Selection.is_empty(image):
        return say("Nothing is selected: all that is visible is worked on.")
    _, _, left, top, right, bottom = Gimp.Selection.bounds(image)
    return say("The selection has {width} × {height} pixels.", width=right - left, height=bottom - top)


def _add_lines(dialog: GimpUi.ProcedureDialog, sentences: Sequence[str], *lines: Gtk.Label) -> None:
    box = Gtk.Box(orientation=Gtk.Orientation.VERTICAL, spacing=6, border_width=12)
    for sentence in filter(None, sentences):
        box.pack_start(Gtk.Label(label=sentence, xalign=0.0, wrap=True, max_width_chars=60), False, False, 0)
    for line in lines:
        box.pack_start(line, False, False, 0)
    box.show_all()
    dialog.get_content_area().pack_end(box, False, False, 0)
