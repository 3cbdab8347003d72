"""GIMP's own buttons of a procedure's dialog that set its arguments: Reset's two, and those for saved settings."""

from __future__ import annotations

from collections.abc import Callable

from gi.repository import GimpUi, GLib, Gtk

_RESET = 1  # the button's answer


def follow(dialog: GimpUi.ProcedureDialog, then: Callable[[], None]) -> None:
    """Call `then` after each press of one of them: an argument that has the value already tells nobody of it."""
    known: set[Gtk.Button] = set()

    def connect(button: Gtk.Widget) -> None:
        if button not in known:
            known.add(button)
            button.connect("clicked", lambda _: then())

    def connect_all(parent: Gtk.Widget) -> None:
        if isinstance(parent, Gtk.Popover):  # of Reset
            parent.get_child().foreach(connect)

    def answered(_: Gtk.Dialog, answer: int) -> None:
        if answer == _RESET:
            GLib.idle_add(dialog.forall, connect_all)  # GIMP makes its popover only after this

    dialog.connect("response", answered)
    for box in dialog.get_content_area().get_children():
        if isinstance(box, Gtk.ButtonBox):  # of the saved settings
            box.foreach(connect)
