"""Add a model: what to get for which graphics card, and the command line's own `models add`, run from here."""

from __future__ import annotations

from collections.abc import Callable

from gi.repository import GLib, Gtk

from . import connection
from ._shared import add_model_program, checkpoint_advice, errors, model_adder, translations

_LOOK_MS = 100
_ADD, _STOP = 1, 2  # the buttons' answers
_HELP_HEIGHT, _MOST_HELP = 260, 440  # pixels: of a small screen, and what all of it takes
_LINE = 72  # characters of a line: paths are long


def help_widget(say: translations.Texts) -> Gtk.Widget:
    """Return the help for who has no checkpoint yet, as a text that can be copied."""
    label = Gtk.Label(
        label=checkpoint_advice.help_text(say),
        xalign=0.0,
        wrap=True,
        selectable=True,
        width_chars=_LINE,
        max_width_chars=_LINE,
        margin_end=12,  # to the scroll bar
    )
    label.set_can_focus(False)
    window = Gtk.ScrolledWindow(
        hscrollbar_policy=Gtk.PolicyType.NEVER,
        min_content_height=_HELP_HEIGHT,
        max_content_height=_MOST_HELP,
        propagate_natural_height=True,
        overlay_scrolling=False,  # what has to be scrolled shows that
    )
    window.add(label)
    return window


def add_button(say: translations.Texts, then: Callable[[], None]) -> Gtk.Button:
    """Return a button that opens the dialog; `then` is called when that was closed, to ask for the models anew."""
    button = Gtk.Button(label=say("Add a model…"), halign=Gtk.Align.START)

    def clicked(_: Gtk.Button) -> None:
        AddModelDialog(button.get_toplevel(), say).run()
        then()

    button.connect("clicked", clicked)
    return button


class AddModelDialog:
    """See the module."""

    def __init__(self, parent: Gtk.Window, say: translations.Texts) -> None:
        self._say = say
        self._values = connection.load_settings()
        self._adder = model_adder.ModelAdder()
        self._dialog = Gtk.Dialog(title=say("Foveate: add a model"), transient_for=parent, modal=True)
        self._stop = self._dialog.add_button(say("Cancel"), _STOP)
        self._add = self._dialog.add_button(say("Add"), _ADD)
        self._dialog.add_button(say("Close"), Gtk.ResponseType.CLOSE)
        self._dialog.set_default_response(_ADD)
        self._what = Gtk.Entry(
            hexpand=True, activates_default=True, placeholder_text="my-checkpoint.safetensors, org/name"
        )
        self._what.set_tooltip_text(
            say("A checkpoint, LoRA, embedding, VAE or restorer; what it is is told by its weights")
        )
        self._line = Gtk.Label(xalign=0.0, wrap=True, selectable=True, max_width_chars=_LINE)
        file, folder = Gtk.Button(label=say("File…")), Gtk.Button(label=say("Folder…"))
        file.connect("clicked", lambda *_: self._choose(Gtk.FileChooserAction.OPEN))
        folder.connect("clicked", lambda *_: self._choose(Gtk.FileChooserAction.SELECT_FOLDER))
        row = Gtk.Box(spacing=6)
        row.pack_start(self._what, True, True, 0)
        row.pack_start(file, False, False, 0)
        row.pack_start(folder, False, False, 0)
        box = Gtk.Box(orientation=Gtk.Orientation.VERTICAL, spacing=12, border_width=12)
        for widget in (help_widget(say), row, self._line):
            box.pack_start(widget, False, False, 0)
        self._dialog.get_content_area().add(box)
        box.show_all()
        self._what.grab_focus()
        self._show_state()

    def run(self) -> None:
        """Show it until it is closed; a program that still runs is ended then."""
        timer = GLib.timeout_add(_LOOK_MS, self._look)
        try:
            while (answer := self._dialog.run()) in (_ADD, _STOP):
                if answer == _ADD:
                    self._start()
                else:
                    self._adder.stop()
        finally:
            GLib.source_remove(timer)
            self._adder.stop()
            self._dialog.destroy()

    def _start(self) -> None:
        try:
            self._adder.start(self._values, self._what.get_text())
        except errors.FoveateError as error:
            self._line.set_text(self._say.sentence(str(error.info)))
            return
        self._show_state()

    def _look(self) -> bool:
        if self._adder.poll():
            self._show_state()
        return True

    def _show_state(self) -> None:
        say = self._say
        runs = self._adder.is_running
        self._stop.set_sensitive(runs)
        reason = add_model_program.why_not(self._values)
        self._add.set_sensitive(not runs and not reason)
        if reason:
            command = add_model_program.command_to_copy(self._values)
            self._line.set_text(f"{say.sentence(reason)}\n{command}")
        else:
            self._line.set_text(self._adder.text(say))

    def _choose(self, action: Gtk.FileChooserAction) -> None:
        chooser = Gtk.FileChooserDialog(title=self._say("Add a model…"), transient_for=self._dialog, action=action)
        chooser.add_button(self._say("Cancel"), Gtk.ResponseType.CANCEL)
        chooser.add_button(self._say("_OK"), Gtk.ResponseType.OK).set_use_underline(True)
        if chooser.run() == Gtk.ResponseType.OK:
            self._what.set_text(chooser.get_filename() or "")
        chooser.destroy()
