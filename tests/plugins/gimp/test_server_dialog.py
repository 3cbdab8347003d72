"""Server Settings: Test changes nothing, OK saves, and what is wrong stays to be read until it is mended."""

from types import SimpleNamespace
from unittest.mock import MagicMock

import pytest
from foveate_gimp import connection, dialogs, server_dialog

from foveate_shared.connection.client import ConnectionState
from foveate_shared.connection.settings import Settings, load, save
from foveate_shared.errors import CancelledJobError, ErrorCode, ErrorInfo, Fault
from foveate_shared.i18n.translations import Texts
from foveate_shared.jobs.job_list import ConnectionView

SAVED = Settings("me", remote_url="wss://first:7317", remote_token="fvt_" + "a" * 40)
OTHER = "wss://second:7317"
UNREACHED = ErrorInfo(ErrorCode.NO_SERVER, "There is none.", "Start it with `foveate serve`.", Fault.MACHINE)


READY = ConnectionView(ConnectionState.READY, server="foveate 9.9")


class Entry:
    """A field for a text."""

    def __init__(self, text="", **_):
        self.text, self.changed = text, lambda _: None

    def connect(self, signal, call):
        assert signal == "changed"
        self.changed = call

    def get_text(self):
        return self.text

    def set_text(self, text):
        self.text = text
        self.changed(self)

    def __getattr__(self, name):
        return lambda *_: None


class Label(MagicMock):
    """A label, whose text can be read."""

    new_with_mnemonic = MagicMock()

    def set_text(self, text):
        self.text = text

    def get_text(self):
        return self.text

    def set_visible(self, is_visible):
        self.is_visible = is_visible


@pytest.fixture
def tried():
    """The settings that were tried."""
    return []


@pytest.fixture
def dialog(settings, tried, monkeypatch):
    save(settings, SAVED)
    gtk = MagicMock(Entry=Entry, Label=Label)
    gtk.RadioButton.new_with_mnemonic_from_widget().get_active.return_value = True
    gtk.CheckButton.new_with_mnemonic().get_active.return_value = True
    monkeypatch.setattr(server_dialog, "Gtk", gtk)
    monkeypatch.setattr(dialogs, "Gtk", gtk)
    monkeypatch.setattr(connection, "open_controller", lambda: MagicMock(connection=READY))
    bench = SimpleNamespace(connection=ConnectionView(error=UNREACHED), poll=lambda: False, close=lambda: None)
    monkeypatch.setattr(connection, "open_trial", lambda values: tried.append(values) or bench)
    dialog = server_dialog.ServerDialog(Texts("en"))
    dialog.answers = lambda *given: setattr(dialog._dialog.run, "side_effect", given)
    dialog.OK, dialog.CANCEL = gtk.ResponseType.OK, gtk.ResponseType.CANCEL
    return dialog


def test_what_is_tested_is_not_saved_where_the_dialog_is_cancelled(dialog, settings, tried):
    dialog._url.set_text(OTHER)
    dialog.answers(server_dialog._TEST, dialog.CANCEL)
    with pytest.raises(CancelledJobError):
        dialog.run()
    assert [each.remote_url for each in tried] == [OTHER]
    assert load(settings) == SAVED


def test_ok_saves(dialog, settings, tried):
    dialog._url.set_text(OTHER)
    dialog.answers(dialog.OK)
    dialog.run()
    assert (load(settings).remote_url, load(settings).ask_first, tried) == (OTHER, True, [])


def test_a_script_is_answered_what_is_wrong_with_the_server_as_well(dialog):
    dialog._url.set_text(OTHER)
    dialog.answers(server_dialog._TEST, dialog.OK)
    answer = dialog.run()
    assert answer.endswith(f" {UNREACHED}")
    assert "Server" in answer.removesuffix(str(UNREACHED))


def test_a_line_that_pairs_nothing_is_told_until_it_is_mended(dialog, settings, tried):
    dialog._pairing.set_text("nonsense")
    told = dialog._problem.widget.text
    assert "pairing line" in told
    dialog._url.set_text("")
    dialog.answers(server_dialog._TEST, dialog.OK, dialog.CANCEL)
    with pytest.raises(CancelledJobError):
        dialog.run()
    assert (dialog._problem.widget.text, dialog._problem.widget.is_visible) == (told, True)
    assert (load(settings), tried) == (SAVED, [])
    dialog._pairing.set_text("")
    assert dialog._problem.widget.is_visible is False


def test_a_verdict_is_about_what_the_dialog_says_now(dialog):
    dialog._look()
    assert dialog._state.widget.text == "Server: Ready (foveate 9.9)"
    dialog._url.set_text("foo")
    assert dialog._state.widget.text == "Server: Not tested yet"
    dialog.answers(server_dialog._TEST, dialog.CANCEL)
    with pytest.raises(CancelledJobError):
        dialog.run()
    assert "address is not one" in dialog._problem.widget.text
    assert dialog._problem.widget.is_visible
    dialog._url.set_text(OTHER)
    assert dialog._problem.widget.is_visible is False
    dialog.answers(server_dialog._TEST, dialog.CANCEL)
    with pytest.raises(CancelledJobError):
        dialog.run()
    assert "There is none." in dialog._problem.widget.text
    dialog._url.set_text(SAVED.remote_url)
    assert (dialog._state.widget.text, dialog._problem.widget.is_visible) == ("Server: Ready (foveate 9.9)", False)


class Noting(Texts):
    """Texts that remember which of them were wanted."""

    def __call__(self, text, **values):
        self.__dict__.setdefault("told", []).append(super().__call__(text, **values))
        return self.told[-1]


@pytest.mark.parametrize("language", ["en", "de"])
def test_no_two_fields_have_the_same_key(dialog, language):
    say = Noting(language)
    server_dialog.ServerDialog(say)
    keys = [text[text.index("_") + 1].lower() for text in say.told if "_" in text]
    assert len(keys) > 10
    assert sorted(keys) == sorted(set(keys))


def test_an_error_of_a_server_that_was_set_names_where_it_is_set(settings):
    save(settings, SAVED)
    place = "Filters > Foveate > Server Settings"
    assert place in connection.told(UNREACHED, Texts("en"))
    assert place not in connection.told(ErrorInfo(ErrorCode.TOO_LARGE, "It is large.", "", Fault.USER), Texts("en"))
    save(settings, Settings("me"))
    assert place not in connection.told(UNREACHED, Texts("en"))


def test_trouble_is_not_grey(monkeypatch):
    monkeypatch.setattr(dialogs, "Gtk", MagicMock(Label=Label))
    line = dialogs.StateLine(Texts("en"), is_in_settings=True)
    style = line.widget.get_style_context()
    style.add_class.assert_called_once_with("dim-label")
    line.show(ConnectionView(error=UNREACHED))
    style.remove_class.assert_called_once_with("dim-label")
    assert line.widget.text.startswith("\N{WARNING SIGN} Server: ")
