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
_PRESSED = -11  # GTK's answer HELP: whoever wants to know the folder alone need not load GTK


def follow(dialog: Gtk.Dialog, say: translations.Texts) -> None:
    """Open the page when Help is pressed; the dialog stays. GIMP's own way only tells that a procedure failed."""

    def answered(_: Gtk.Dialog, answer: int) -> None:
        if answer == _PRESSED:
            dialog.stop_emission_by_name("response")
            open_page(say)

    dialog.connect("response", answered)


def add_button(dialog: Gtk.Dialog, say: translations.Texts) -> None:
    """Add a Help button to a dialog that has none."""
    dialog.add_button(say("_Help"), _PRESSED).set_use_underline(True)
    follow(dialog, say)


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
