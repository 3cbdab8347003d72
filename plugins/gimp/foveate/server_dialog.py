"""Server Settings: which server renders, whether it is there, and whether results wait for a yes."""

from __future__ import annotations

import shlex
from dataclasses import replace

from gi.repository import GLib, Gtk

from . import add_model, connection, dialogs, help_page
from ._shared import errors, job_list, pairing_line, settings, translations, typed_settings

_TEST = 1  # the button's answer
_TOLD_HEIGHT = 54  # pixels: three lines


def run(say: translations.Texts) -> str:
    """Show the dialog until it is closed; return the server's state as it was shown last.

    Raises CancelledJobError where nothing shall change.
    """
    dialog = ServerDialog(say)
    try:
        return dialog.run()
    finally:
        dialog.close()


class ServerDialog:
    """See the module."""

    def __init__(self, say: translations.Texts) -> None:
        self._say = say
        self._values = connection.load_settings()
        self._dialog = Gtk.Dialog(title=say("Foveate: Server Settings"))
        help_page.add_button(self._dialog, say)
        self._dialog.add_button(say("_Test"), _TEST).set_use_underline(True)
        self._dialog.add_button(say("_Cancel"), Gtk.ResponseType.CANCEL).set_use_underline(True)
        self._dialog.add_button(say("_OK"), Gtk.ResponseType.OK).set_use_underline(True)
        self._dialog.set_default_response(Gtk.ResponseType.OK)
        self._state = dialogs.StateLine(say, is_in_settings=True)
        self._problem = dialogs.ProblemLine()
        self._wrong = ""  # with what is typed, as far as it was told
        self._trouble = ""  # of the server, as it is shown
        self._menu_line = dialogs.MenuLine(say)
        self._local = Gtk.RadioButton.new_with_mnemonic(None, say("The server on this _machine"))
        self._remote = Gtk.RadioButton.new_with_mnemonic_from_widget(self._local, say("A server on _another machine"))
        installed = shlex.join(self._values.installed_command)
        self._command = Gtk.Entry(
            text=shlex.join(self._values.server_command), placeholder_text=installed, hexpand=True
        )
        self._pairing = Gtk.Entry(placeholder_text="foveate://...", hexpand=True)
        self._url = Gtk.Entry(text=self._values.remote_url, placeholder_text="https://host:7317", hexpand=True)
        self._token = Gtk.Entry(text=self._values.remote_token, visibility=False, hexpand=True)
        self._fingerprint = Gtk.Entry(text=self._values.remote_fingerprint, hexpand=True)
        self._ask = Gtk.CheckButton.new_with_mnemonic(say("Ask _before a result is applied, with a preview"))
        self._ask.set_active(self._values.ask_first)
        self._lay_out()
        (self._remote if self._values.remote_url else self._local).set_active(True)
        self._show_choice()
        self._controller = connection.open_controller()
        self._controller.wake()
        self._trial: job_list.Workbench | None = None  # with what the dialog says, which is not saved
        self._saved = self._said()
        self._follow_edits()
        self._timer = GLib.timeout_add(dialogs.LOOK_MS, self._look)

    def run(self) -> str:
        """Show it until it is closed. OK saves; Test connects with what the dialog says, and changes nothing."""
        while True:
            answer = self._dialog.run()
            if answer not in (Gtk.ResponseType.OK, _TEST):
                raise errors.CancelledJobError("The settings were left as they are.")
            try:
                edited = self._edited()
                if answer == Gtk.ResponseType.OK:
                    settings.save(connection.settings_path(), edited)
                    return " ".join(filter(None, (self._state.widget.get_text(), self._trouble)))
            except errors.FoveateError as error:
                self._tell(error)
                continue
            self._try(edited)

    def close(self) -> None:
        """Let go of the server and the window."""
        GLib.source_remove(self._timer)
        self._end_trial()
        self._controller.close()
        self._dialog.destroy()

    def _try(self, edited: settings.Settings) -> None:
        self._end_trial()
        self._trial = connection.open_trial(edited)
        self._wrong = ""
        self._show_state()

    def _end_trial(self) -> None:
        if self._trial is not None:
            self._trial.close()
        self._trial = None

    def _tell(self, error: errors.FoveateError) -> None:
        self._wrong = self._say.sentence(str(error.info))
        self._show_state()

    def _show_state(self) -> None:
        """Show what is known of the server that the dialog names, and what is wrong with it, or with what is typed."""
        bench, self._trouble = self._trial, ""
        if bench is None and self._said() == self._saved:
            bench = self._controller
        if bench is None:
            self._state.tell(self._say("Not tested yet"))
        else:
            self._state.show(bench.connection)
            if trouble := bench.connection.error or bench.connection.warning:
                self._trouble = self._say.sentence(str(trouble))
        self._problem.show(self._wrong or self._trouble)

    def _said(self) -> tuple[object, ...]:
        """Return what the dialog says about the server."""
        entries = (self._command, self._pairing, self._url, self._token, self._fingerprint)
        return self._remote.get_active(), *(entry.get_text() for entry in entries)

    def _follow_edits(self) -> None:
        self._pairing.connect("changed", self._take_pairing)
        for entry in (self._command, self._url, self._token, self._fingerprint):
            entry.connect("changed", lambda _: self._forget_verdict())
        self._local.connect("toggled", lambda _: (self._show_choice(), self._forget_verdict()))

    def _forget_verdict(self) -> None:
        """What was found out about other values says nothing of these."""
        self._wrong = ""
        self._end_trial()
        self._show_state()

    def _lay_out(self) -> None:
        say = self._say
        grid = Gtk.Grid(row_spacing=6, column_spacing=12, border_width=12)
        told = Gtk.Box()  # below all others, and always as high: no button moves away from the mouse
        told.set_size_request(-1, _TOLD_HEIGHT)
        told.pack_start(self._problem.widget, True, True, 0)
        for row, part in enumerate(
            (
                self._state.widget,
                self._local,
                (say("Command that _starts it"), self._command),
                self._remote,
                (say("_Pairing line"), self._pairing),
                (say("A_ddress"), self._url),
                (say("To_ken"), self._token),
                (say("Certificate's _fingerprint"), self._fingerprint),
                self._ask,
                self._menu_line.widget,
                add_model.add_button(say, self._refresh_models),
                told,
            )
        ):
            _attach(grid, row, part)
        self._state.widget.set_width_chars(60)
        self._pairing.set_tooltip_text(say("The line that `foveate serve --pair` printed; it fills the fields below"))
        self._dialog.get_content_area().add(grid)
        grid.show_all()

    def _show_choice(self) -> None:
        """Let only the fields be edited that count."""
        local = self._local.get_active()
        self._command.set_sensitive(local)
        for entry in (self._pairing, self._url, self._token, self._fingerprint):
            entry.set_sensitive(not local)

    def _take_pairing(self, entry: Gtk.Entry) -> None:
        self._forget_verdict()
        if not entry.get_text().strip():
            return
        try:
            found = pairing_line.parse_pairing(entry.get_text())
        except errors.FoveateError as error:
            self._tell(error)
            return
        self._url.set_text(found.url)
        self._token.set_text(found.token)
        self._fingerprint.set_text(found.fingerprint)

    def _edited(self) -> settings.Settings:
        """Return what the dialog says. Raises InputError where it makes no sense."""
        remote = ("", "", "")
        if self._remote.get_active():
            if line := self._pairing.get_text().strip():
                pairing_line.parse_pairing(line)  # what is typed there is meant, and said to be wrong where it is
            remote = tuple(entry.get_text().strip() for entry in (self._url, self._token, self._fingerprint))
            if not remote[0]:
                raise errors.InputError("The server's address is missing.", remedy="Paste its pairing line.")
        values = replace(
            connection.load_settings(),
            remote_url=typed_settings.typed_address(remote[0]),
            remote_token=remote[1],
            remote_fingerprint=remote[2],
            server_command=typed_settings.command_or_installed(self._values, self._command.get_text()),
            ask_first=self._ask.get_active(),
        )
        values.remote  # noqa: B018 - it checks address, token and fingerprint
        return values

    def _refresh_models(self) -> None:
        self._controller.wake().refresh_models()

    def _look(self) -> bool:
        if self._controller.poll():
            self._menu_line.look(self._controller)
            self._show_state()
        if self._trial is not None and self._trial.poll():
            self._show_state()
        return True


def _attach(grid: Gtk.Grid, row: int, part: Gtk.Widget | tuple[str, Gtk.Widget]) -> None:
    if not isinstance(part, tuple):
        grid.attach(part, 0, row, 2, 1)
        return
    title, widget = part
    label = Gtk.Label.new_with_mnemonic(title)
    label.set_xalign(0.0)
    label.set_margin_start(24)
    label.set_mnemonic_widget(widget)
    grid.attach(label, 0, row, 1, 1)
    grid.attach(widget, 1, row, 1, 1)
