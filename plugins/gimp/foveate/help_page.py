"""The page that Help opens. Where no browser can be opened, the person is told where the page lies."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from gi.repository import Gimp

from ._shared import translations

if TYPE_CHECKING:
    from gi.repository import Gtk

FOLDER = Path(__file__).with_name("help")
_PAGE = FOLDER / "en/index.html"
_BROWSER = "plug-in-web-browser"  # GIMP's own
_THEIRS = -11  # GTK's answer HELP; who wants to know the folder alone does not load GTK
_PRESSED = 101  # our own


def add_button(dialog: Gtk.Dialog, say: translations.Texts) -> None:
    """Add a Help button that opens the page, and leaves the dialog open; it stands in the place of GIMP's own.

    That one only tells that a procedure failed, where no browser can be opened.
    """
    theirs = dialog.get_widget_for_response(_THEIRS)
    if theirs is not None:
        theirs.set_no_show_all(True)
        theirs.hide()

    def answered(_: Gtk.Dialog, answer: int) -> None:
        if answer == _PRESSED:
            dialog.stop_emission_by_name("response")
            open_page(say)

    dialog.connect("response", answered)
    button = dialog.add_button(say("_Help"), _PRESSED)
    button.set_use_underline(True)
    box = button.get_parent()
    if hasattr(box, "set_child_secondary"):  # a row of buttons, and no header bar
        box.set_child_secondary(button, True)  # on the other side
        box.reorder_child(button, 0)


def open_page(say: translations.Texts) -> None:
    """Open the page, or tell where it is."""
    if not _is_shown(_PAGE.as_uri()):
        Gimp.message(say("No web browser could be opened. The help is the page {path}", path=_PAGE))


def _is_shown(address: str) -> bool:
    procedure = Gimp.get_pdb().lookup_procedure(_BROWSER)
    if procedure is None:
        return False
    config = procedure.create_config()
    config.set_property("url", address)
    return procedure.run(config).index(0) == Gimp.PDBStatusType.SUCCESS
