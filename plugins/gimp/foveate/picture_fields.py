"""Layers to choose in a job's dialog: a drop-down for each picture that the operation takes."""

from __future__ import annotations

from collections.abc import Sequence

from gi.repository import Gimp, GLib, Gtk

from . import layer_pictures, picture_arguments
from ._shared import geometry, named_pictures, picture_choosers, translations
from .argument_widgets import attach
from .picture_arguments import PictureArgument

_LOOKS = 10  # of the dialog's, in which the layers are looked at once: each one asks GIMP for every layer
_KEY, _TITLE, _CAN_BE_CHOSEN = range(3)  # a row's columns


class PictureFields:
    """A grid that follows the layers there are; what is chosen is kept in the procedure's arguments."""

    def __init__(
        self,
        config: Gimp.ProcedureConfig,
        arguments: Sequence[PictureArgument],
        image: Gimp.Image | None,
        say: translations.Texts,
        *,
        takes_document: bool,
    ) -> None:
        self._config, self._arguments, self._image, self._say = config, arguments, image, say
        self._takes_document = takes_document
        self._slots = picture_arguments.slots_of(arguments)
        self._is_telling = False  # the arguments what is chosen here
        self._chosen = picture_arguments.chosen(
            config, arguments
        )  # that of the last time, of layers that are still there
        self._looks_left = 0  # until the layers are looked at
        self._offered: tuple[named_pictures.OfferedPicture, ...] = ()  # as they were then
        self._extent: geometry.Extent | None = None  # of the image, then
        self._shown: tuple[picture_choosers.PictureChooser, ...] = ()
        self.boxes: list[Gtk.ComboBox] = []
        self.widget = Gtk.Grid(row_spacing=6, column_spacing=12)
        self.widget.show()
        for argument in arguments:
            config.connect(f"notify::{argument.name}", lambda *_: self._take_said())

    def look(self) -> None:
        """Show what there is to choose, some times less often than this is called."""
        if not self._slots:
            return
        if self._looks_left:
            self._looks_left -= 1
            return
        self._looks_left = _LOOKS - 1
        self._offered, self._extent = layer_pictures.offered(self._image), self._document()
        self._chosen = self._chosen.seen(self._offered)
        wanted = picture_choosers.choosers(self._slots, self._chosen, self._offered, self._extent, self._say)
        if wanted == self._shown:
            return
        self._shown = wanted
        for child in self.widget.get_children():
            self.widget.remove(child)
        self.boxes = [self._row(row, chooser) for row, chooser in enumerate(wanted)]
        self.widget.show_all()

    def problem(self) -> str:
        """Return why the job cannot be started with what is chosen, by the layers seen last; empty where it can."""
        error = self._chosen.problem(self._slots, self._offered, self._extent)
        return str(error.info) if error else ""

    def _document(self) -> geometry.Extent | None:
        if self._image is None or not self._takes_document:
            return None
        return geometry.Extent(self._image.get_width(), self._image.get_height())

    def _row(self, row: int, chooser: picture_choosers.PictureChooser) -> Gtk.ComboBox:
        rows = Gtk.ListStore(str, str, bool)
        for option in chooser.options:
            rows.append([option.key, option.title, not option.reason])
        box = Gtk.ComboBox(model=rows, id_column=_KEY, hexpand=True)
        cell = Gtk.CellRendererText(ellipsize=3, width_chars=24)  # 3 is Pango's END
        box.pack_start(cell, True)
        box.add_attribute(cell, "text", _TITLE)
        box.add_attribute(cell, "sensitive", _CAN_BE_CHOSEN)
        box.set_active_id(chooser.key)
        reasons = [option.reason for option in chooser.options if option.reason]
        attach(self.widget, row, chooser.title, box, "\n".join([chooser.tip, *reasons]))
        box.connect("changed", lambda box: self._take(chooser, box.get_active_id() or ""))
        return box

    def _take(self, chooser: picture_choosers.PictureChooser, key: str) -> None:
        self._chosen = picture_choosers.taken(chooser, key, self._chosen, self._offered)
        self._is_telling = True
        picture_arguments.say_chosen(self._config, self._arguments, self._chosen)
        self._is_telling = False
        GLib.idle_add(self._look_again)  # not within the signal of a widget that it would remove

    def _look_again(self) -> bool:
        self._looks_left = 0
        self.look()
        return False

    def _take_said(self) -> None:
        """Follow the arguments where something else changes them, such as Reset."""
        if not self._is_telling:
            self._chosen = picture_arguments.chosen(self._config, self._arguments)
            self._looks_left = 0
