"""What a person sees and does in the docker."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from foveate_krita.panel import Panel
from foveate_krita.qt import Qt, QtGui, QtWidgets
from foveate_krita.recipe_dialog import RecipeDialog
from foveate_krita.settings_dialog import SettingsDialog

from foveate_shared.connection import settings
from foveate_shared.connection.client import ConnectionState, StateChange
from foveate_shared.errors import ConnectionLostError, RefusedError
from foveate_shared.geometry import Bounds, Extent
from foveate_shared.i18n.sentence import Sentence
from foveate_shared.i18n.translations import Texts
from foveate_shared.pixels import Channels, PixelFormat, SampleType
from foveate_shared.wire.blobs import Delivery
from foveate_shared.wire.protocol import (
    Accepted,
    Blob,
    Cancel,
    Done,
    Peer,
    Pixels,
    Planned,
    Preview,
    Progress,
    Started,
    Submit,
    Window,
    WindowRequest,
    Windows,
)


def test_the_connection_says_what_is_wrong_and_what_to_do(studio, monkeypatch):
    monkeypatch.setenv("FLATPAK_ID", "org.kde.krita")  # it may not start the server itself, so there is a command
    row, notices = studio.panel.connection, studio.panel.notices
    assert row._state.text() == "Searching for the server"
    error = ConnectionLostError("No server runs.", remedy="Run this in a terminal: foveate serve").info
    studio.tell(StateChange(ConnectionState.LOST, error))
    assert row._state.text() == "No server"
    assert notices.sentence.text() == "No server runs. Run this in a terminal: foveate serve"
    assert notices.copy.isVisible()
    notices.copy.click()
    assert QtWidgets.QApplication.clipboard().text() == studio.controller.command
    monkeypatch.delenv("FLATPAK_ID")
    notices.refresh()
    assert not notices.copy.isVisible()
    notices.retry.click()
    assert len(studio.clients) == 2
    studio.connect()
    assert (row._state.text(), row._server.text()) == ("Ready", "foveate 9.9")
    assert not notices.isVisible()


def test_a_server_of_another_version_is_said_and_hinders_nothing(studio):
    studio.clients[-1].peer = Peer("foveate-krita", "9.8")
    studio.connect()
    row, notices = studio.panel.connection, studio.panel.notices
    assert row._state.text() == "Ready"
    assert notices.isVisible()
    assert notices.sentence.text().endswith("foveate plugins install krita")
    assert studio.panel.task.run_button.isEnabled()


def test_the_button_says_why_it_cannot_be_pressed(studio):
    form = studio.panel.task
    assert form.run_button.isEnabled()
    assert form.reason.text() == "It starts once the server is there."
    studio.editor.now = None
    studio.controller.look()
    assert not form.run_button.isEnabled()
    assert form.reason.text() == "Open an image first."


def test_before_a_server_told_what_can_be_done_there_is_no_empty_button(newcomer):
    form = newcomer.panel.task
    assert form.run_button.isHidden()
    assert form.reason.text() == "What can be done appears here once the server is there."
    newcomer.connect()
    assert not form.run_button.isHidden()
    assert form.run_button.text()


def test_the_button_has_a_key_whatever_stands_on_it(studio):
    form = studio.panel.task
    for operation in ("upscale", "refocus"):
        form.choose(operation)
        assert form.run_button.shortcut().toString() == "Alt+Return"


def test_a_refusal_is_a_reason_too(studio):
    studio.tell(StateChange(ConnectionState.REFUSED, RefusedError("The token is not known.").info))
    assert not studio.panel.task.run_button.isEnabled()
    assert studio.panel.task.reason.text() == "The server refuses this plugin; see below."


def test_what_is_selected_is_said(studio):
    form = studio.panel.task
    assert form._region.text() == "Selection: 300 × 200 px"
    assert form.run_button.text() == "Refocus selection"
    studio.editor.now = replace(studio.editor.now, selection=None)
    studio.controller.look()
    assert form._region.text() == "Nothing is selected: all of the image, 640 × 480 px"
    assert form.run_button.text() == "Refocus image"


def test_a_click_on_all_of_a_large_image_asks_first(studio):
    studio.connect()
    studio.editor.now = replace(studio.editor.now, selection=None)
    studio.controller.look()
    studio.panel.task.run_button.click()
    (job,) = studio.controller.jobs
    card, name = studio.panel.jobs.card(job), job.flow.job
    plan = Planned(name, 2, "document", Extent(6000, 4000), "Bring it into focus.", seconds=725.0)
    studio.tell(Accepted(name, 1), plan, Windows(name, 3, (WindowRequest("w", Bounds(0, 0, 4, 4), Extent(4, 4)),)))
    assert card._state.text() == "Not begun"
    assert "up to 12 min on a processor" in card._question.text()
    assert [card.begin.isVisible(), card.cancel.isVisible()] == [True, True]
    assert not any(isinstance(message, Window) for message in studio.clients[-1].messages)
    card.begin.click()
    studio.tell()
    assert isinstance(studio.clients[-1].last, Window)
    assert [card._question.isVisible(), card.begin.isVisible()] == [False, False]
    assert card._state.text() == "Sending pixels"


def test_only_the_parameters_of_the_operation_are_shown(studio):
    form = studio.panel.task
    form.choose("upscale")
    studio.breathe()
    assert form.fields["scale"].isVisible()
    assert "strength" not in form.fields
    form.choose("faces")
    assert form.fields["only"].isVisible()
    assert form.fields["strength"].isVisible()
    assert "scale" not in form.fields


@pytest.mark.parametrize(
    ("operation", "values", "sent"),
    [
        ("refocus", {"strength": 0.4}, {"strength": 0.4}),
        ("upscale", {"scale": 2, "target": "document"}, {"scale": 2, "target": "document"}),
        ("faces", {"min_score": 0.7}, {"strength": 1.0, "min_score": 0.7}),
    ],
)
def test_what_is_set_is_sent_and_remembered(studio, operation, values, sent):
    studio.connect()
    form = studio.panel.task
    form.choose(operation)
    for name, value in values.items():
        form.fields[name].value = value
    form.run_button.click()
    submit = studio.clients[-1].last
    assert isinstance(submit, Submit)
    assert (submit.operation, submit.parameters) == (operation, sent)
    assert settings.load(studio.path).defaults[operation] == sent
    form.choose(operation)
    assert form.parameters() == sent


def test_models_are_offered_by_operation(studio):
    form, box = studio.panel.task, studio.panel.task._model._box
    studio.connect()
    assert [box.itemText(index) for index in range(box.count())] == [
        "Best for photos (default)",
        "Photo x4",
        "",  # a line
        "Add a model…",
    ]
    form.choose("upscale")
    assert box.itemText(2) == "Anime x4 (is fetched first)"
    box.setCurrentIndex(2)
    box.activated.emit(2)
    form.run_button.click()
    assert studio.clients[-1].last.parameters["model"] == "anime"
    assert studio.controller.jobs[0].title == "Upscale (Anime x4)"


def test_a_job_shows_its_progress_and_is_cancelled(studio):
    studio.connect()
    studio.panel.task.run_button.click()
    (job,) = studio.controller.jobs
    card, name = studio.panel.jobs.card(job), job.flow.job
    studio.tell(Accepted(name, 1), Started(name, 2, "item"), Progress(name, 3, "restoring", 0.4, 2, 5, 75.0))
    assert card._state.text() == "Restoring · 2 of 5 · 1 min 15 s left"
    assert card._progress.value() == 400
    card.cancel.click()
    assert studio.clients[-1].last == Cancel(name)
    assert card._state.text() == "Cancelling"
    assert not card.cancel.isEnabled()


def test_progress_is_shown_some_times_a_second_and_the_end_at_once(studio):
    studio.connect()
    studio.panel.task.run_button.click()
    (job,) = studio.controller.jobs
    card, name = studio.panel.jobs.card(job), job.flow.job
    studio.tell(Accepted(name, 1), Started(name, 2, "item"), Progress(name, 3, "restoring", 0.1, 1, 9, None))
    studio.tell(Progress(name, 4, "restoring", 0.2, 2, 9, None), pause=0.01)
    assert card._state.text() == "Restoring · 1 of 9"
    studio.tell(pause=0.5)
    assert card._state.text() == "Restoring · 2 of 9"
    studio.tell(Progress(name, 5, "restoring", 0.3, 3, 9, None), pause=0.01)
    planned = Planned(name, 6, "document", Extent(16, 16), "One region.")
    studio.tell(planned, Done(name, 7, (), {"operation": "refocus"}), pause=0.01)
    assert card._state.text() == "Done"


def test_a_result_that_waits_is_shown_as_a_preview(studio):
    studio.controller.change(ask_first=True)
    studio.connect()
    studio.panel.task.run_button.click()
    (job,) = studio.controller.jobs
    studio.finish(job)
    card, host = studio.panel.jobs.card(job), studio.editor.hosts[0]
    assert host.applied == []
    assert card._preview.isVisible()
    assert not card.again.isVisible()
    card.apply.click()
    assert len(host.applied) == 1
    assert not card._preview.isVisible()
    assert card.again.isVisible()
    card.again.click()
    assert len(studio.controller.jobs) == 2
    card.remove.click()
    assert job not in studio.controller.jobs


def test_what_the_server_shows_of_a_running_job_is_a_preview(studio):
    studio.connect()
    studio.panel.task.run_button.click()
    (job,) = studio.controller.jobs
    card, name = studio.panel.jobs.card(job), job.flow.job
    studio.tell(Accepted(name, 1), Started(name, 2, "item"))
    assert not card._preview.isVisible()
    for seq, color in ((3, (200, 30, 10)), (4, (10, 30, 200))):
        studio.tell(Delivery(*live_preview(name, seq, color)))
        assert card._preview.isVisible()
        assert studio.controller.previews.of(job).pixelColor(2, 1).getRgb()[:3] == color
    assert studio.editor.hosts[0].applied == []
    studio.finish(job)
    assert not card._preview.isVisible()
    assert studio.controller.previews.of(job) is None


def live_preview(name, seq, color):
    pixels = Pixels(Extent(30, 20), PixelFormat(SampleType.U8, Channels.RGB), Blob(seq, 1800, "0" * 64))
    return Preview(name, seq, Bounds(0, 0, 60, 40), pixels), (bytes(color) * 600,)


def test_a_changed_document_is_applied_to_only_on_demand(studio):
    studio.connect()
    studio.panel.task.run_button.click()
    (job,) = studio.controller.jobs
    studio.editor.hosts[0].unchanged = False
    studio.finish(job)
    card = studio.panel.jobs.card(job)
    assert card.apply.text() == "Apply all the same"
    assert "changed" in card._notes.text()
    studio.breathe()
    assert card.apply.y() < card._notes.y() < card._preview.y()  # why it asks is seen without scrolling
    card.apply.click()
    assert len(studio.editor.hosts[0].applied) == 1


def test_faces_are_listed_and_some_are_chosen(studio):
    studio.connect()
    form = studio.panel.task
    form.choose("faces")
    assert form.run_button.text() == "Refocus all faces"
    form.fields["only"]._find.click()
    studio.finish(studio.controller.survey, faces=[{}, {}, {}])
    assert studio.controller.jobs == []  # finding is no result
    assert form.fields["only"]._list.count() == 3
    assert form.run_button.text() == "Refocus 3 faces"
    form.fields["only"]._list.item(1).setCheckState(Qt.CheckState.Unchecked)
    studio.breathe()
    assert form.run_button.text() == "Refocus 2 faces"
    form.run_button.click()
    assert studio.clients[-1].last.parameters["only"] == [1, 3]
    for index in (0, 2):
        form.fields["only"]._list.item(index).setCheckState(Qt.CheckState.Unchecked)
    assert not form.run_button.isEnabled()
    assert form.reason.text() == "Tick a face first."


def with_one_face(studio):
    """Look for faces; return the form with the one that was found."""
    studio.connect()
    form = studio.panel.task
    form.choose("faces")
    form.fields["only"]._find.click()
    studio.finish(studio.controller.survey, faces=[{}])
    return form


def test_found_faces_belong_to_one_selection(studio):
    form = with_one_face(studio)
    studio.editor.now = replace(studio.editor.now, selection=None)
    studio.controller.look()
    assert not form.fields["only"].is_listing
    assert form.fields["only"]._state.text() == "The selection changed; find them again."


def test_the_button_for_some_faces_is_not_about_all_once_they_are_gone(studio):
    form = with_one_face(studio)
    assert form.run_button.text() == "Refocus 1 face"
    studio.editor.now = replace(studio.editor.now, selection=None)
    form.run_button.click()  # sooner than the panel looks at the selection
    assert studio.controller.jobs == []
    assert form.run_button.text() == "Refocus all faces"
    form.run_button.click()
    (job,) = studio.controller.jobs
    assert "only" not in job.parameters
    studio.tell(Accepted(job.flow.job, 1), Planned(job.flow.job, 2, "document", Extent(16, 16), "Faces.", seconds=90.0))
    assert job.flow.is_held


def test_a_selection_outside_of_the_image_is_none_to_work_on(studio):
    studio.connect()
    form = studio.panel.task
    studio.editor.now = replace(studio.editor.now, selection=None, is_outside=True)
    studio.controller.look()
    assert form._region.text() == "The selection lies outside of the image."
    assert not form.run_button.isEnabled()
    assert form.reason.text().startswith("The selection lies outside of the image. Select a part")
    studio.editor.now = replace(studio.editor.now, is_outside=False)
    studio.controller.look()
    assert form.run_button.isEnabled()


def test_an_image_that_nothing_can_be_made_of_is_a_reason(studio):
    studio.connect()
    studio.editor.now = replace(studio.editor.now, unusable="This image is in CMYK.")
    studio.controller.look()
    assert not studio.panel.task.run_button.isEnabled()
    assert studio.panel.task.reason.text() == "This image is in CMYK."


def test_what_the_editor_refuses_is_said_and_stays(studio):
    studio.connect()
    studio.editor.refusal = "This image is in CMYK."
    studio.panel.task.run_button.click()
    assert studio.panel.task.reason.text() == "This image is in CMYK."
    assert studio.controller.jobs == []


def test_settings_are_checked_and_kept(studio):
    dialog = SettingsDialog(studio.controller)
    dialog._remote.setChecked(True)
    dialog.accept()
    assert "foveate serve --pair" in dialog._problem.text()
    dialog._line.setText("foveate://studio:7317?token=short")
    dialog.accept()
    assert dialog._problem.text()
    token, fingerprint = "t" * 32, "ab" * 32
    dialog._line.setText(f"foveate://studio:7317?token={token}&fingerprint=sha256:{fingerprint}")
    dialog._ask.setChecked(True)
    dialog.accept()
    kept = settings.load(studio.path)
    assert (kept.remote_url, kept.remote_token, kept.ask_first) == ("https://studio:7317", token, True)
    assert len(studio.clients) == 2


def test_settings_that_do_not_change_the_server_leave_the_connection_alone(studio):
    dialog = SettingsDialog(studio.controller)
    dialog._ask.setChecked(True)
    dialog.accept()
    assert len(studio.clients) == 1


def test_an_empty_command_is_the_installed_one(studio):
    dialog = SettingsDialog(studio.controller)
    dialog._command.setText("  ")
    dialog.accept()
    assert "missing" in dialog._problem.text()
    assert "foveate plugins install" in dialog._problem.text()
    installed = ("/venv/bin/foveate", "serve")
    studio.controller.change(server_command=("mistyped",), installed_command=installed)
    settings.save(studio.path, studio.controller.settings)  # as the installer does
    dialog = SettingsDialog(studio.controller)
    assert dialog._command.text() == "mistyped"
    assert dialog._command.placeholderText() == "/venv/bin/foveate serve"
    dialog._command.clear()
    dialog.accept()
    assert settings.load(studio.path).server_command == installed


def test_a_recipe_is_copied_and_saved(studio, tmp_path):
    dialog = RecipeDialog(Texts(), "Refocus", {"operation": "refocus"})
    dialog._copy()
    assert json.loads(QtWidgets.QApplication.clipboard().text()) == {"operation": "refocus"}
    dialog.save(tmp_path / "recipe.json")
    assert json.loads((tmp_path / "recipe.json").read_text()) == {"operation": "refocus"}
    dialog.save(tmp_path / "nowhere" / "recipe.json")
    assert "cannot be written" in dialog._problem.text()


def test_german_leaves_no_english_word(studio):
    studio.controller.change(language="de")
    english = {text for text in studio.texts() if text}
    studio.panel.close()
    studio.panel = Panel(studio.controller)
    studio.panel.show()
    studio.connect()
    same = {"Foveate", "⚙", "foveate 9.9", "2 ×", "3 ×", "4 ×", "100 %", "50 %"}
    assert studio.panel.task.run_button.text() == "Auswahl fokussieren"
    assert {text for text in studio.texts() if text} & english <= same


def test_what_a_job_will_do_is_said_in_the_persons_language(studio):
    studio.controller.change(language="de")
    studio.connect()
    studio.panel.task.run_button.click()
    (job,) = studio.controller.jobs
    summary = Sentence("Fill {width} x {height} pixels with new content.", width=8, height=9)
    studio.tell(Accepted(job.flow.job, 1), Planned(job.flow.job, 2, "document", Extent(16, 16), summary))
    assert studio.panel.jobs.card(job)._state.toolTip() == "8 x 9 Pixel mit neuem Inhalt füllen."


def test_everything_is_reached_by_the_keyboard_and_explained(studio):
    for kind in (QtWidgets.QAbstractButton, QtWidgets.QSlider, QtWidgets.QComboBox, QtWidgets.QSpinBox):
        for widget in studio.panel.findChildren(kind):
            if widget.window() is studio.panel and not widget.objectName().startswith(("qt_", "ScrollLeft")):
                assert widget.focusPolicy() & Qt.FocusPolicy.TabFocus, widget
                assert widget.toolTip(), (widget, widget.objectName())


def test_the_panel_follows_the_theme(studio):
    application = QtWidgets.QApplication.instance()
    before = application.palette()
    sheet = studio.panel.styleSheet()
    dark = QtGui.QPalette(QtGui.QColor("#333333"))
    dark.setColor(QtGui.QPalette.ColorRole.WindowText, QtGui.QColor("#eeeeee"))
    try:
        application.setPalette(dark)
        studio.breathe()
        assert studio.panel.styleSheet() != sheet
    finally:
        application.setPalette(before)


def test_settings_that_could_not_be_read_are_told_of_until_they_are_kept_again(bereft):
    notices = bereft.panel.notices
    (old,) = bereft.path.parent.glob("settings.broken-*.json")
    assert str(old) in notices.sentence.text()
    assert str(old) in SettingsDialog(bereft.controller)._problem.text()
    bereft.connect()
    assert notices.isVisible()
    assert not notices.retry.isVisible()  # the server is there
    bereft.controller.change(ask_first=True)
    bereft.controller.announce()
    assert not notices.isVisible()
    assert SettingsDialog(bereft.controller)._problem.text() == ""


def test_what_is_started_in_a_window_is_about_its_own_image(studio):
    main = QtWidgets.QMainWindow()
    floating = QtWidgets.QDockWidget(main, Qt.WindowType.Window)
    floating.setWidget(studio.panel)
    studio.connect()
    form, acted_in = studio.panel.task, studio.editor.acted_in
    form.run_button.click()
    assert acted_in == [main]
    (job,) = studio.controller.jobs
    studio.finish(job)
    studio.panel.jobs.card(job).again.click()
    assert len(studio.controller.jobs) == 2
    form.choose("faces")
    form.fields["only"].find()
    assert acted_in == [main] * 3
    studio.panel.setParent(None)
    main.deleteLater()


def test_a_long_path_does_not_push_the_buttons_of_a_card_out_of_sight(studio):
    path = "/home/somebody/pictures/a_long_name_without_any_space/" + 60 * "x"
    studio.panel.resize(300, 800)
    studio.connect()
    studio.panel.task.run_button.click()
    (job,) = studio.controller.jobs
    job.flow.status = replace(job.flow.status, notes=(f"Written to {path}",))
    studio.finish(job)
    studio.breathe()
    card = studio.panel.jobs.card(job)
    assert card.width() <= studio.panel.jobs.viewport().width()
    assert card._notes.text().replace("\u200b", "") == f"Written to {path}"
