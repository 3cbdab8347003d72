"""What a person sees and does in the docker once there is a checkpoint."""

from __future__ import annotations

import sys
from dataclasses import replace

import pytest
from foveate_krita.actions import ENTRIES, ShownWhileOffered
from foveate_krita.add_model import AddModelDialog
from foveate_krita.panel import Panel
from foveate_krita.qt import QAction, Qt, QtCore, QtGui, QtWidgets
from foveate_krita.variations_card import VariationsCard

from foveate_shared.connection import settings
from foveate_shared.errors import InputError
from foveate_shared.wire.protocol import Accepted, Cancel, Failed, ListModels, Submit

CHECKPOINT, LORA = "deterministic-diffusion", "deterministic-lora"
TELLS = """
import json, sys
print("Fetching it (12 MB)", file=sys.stderr)
print(json.dumps({"name": "deterministic-diffusion", "title": "Tune", "kind": "diffusion"}))
"""


def choose(studio, name):
    model = studio.panel.task._model
    index = model._box.findData(name)
    assert index >= 0
    model._box.setCurrentIndex(index)
    model._box.activated.emit(index)
    studio.breathe()


@pytest.fixture
def task(studio):
    studio.bring_checkpoint()
    choose(studio, CHECKPOINT)
    return studio.panel.task


def last(studio):
    message = studio.clients[-1].last
    assert isinstance(message, Submit)
    return message


def test_without_a_checkpoint_nothing_of_it_is_shown(studio):
    studio.connect()
    task = studio.panel.task
    for operation in ("refocus", "faces", "upscale"):
        task.choose(operation)
        assert "prompt" not in task.fields
        assert not task._segments["fill"].isVisible()
        assert not task._segments["compare"].isVisible()
        assert not {"seed", "guidance_scale", "loras"} & task.fields.keys()
        assert not task._model.isVisible()  # it is folded


def test_a_restorer_is_asked_as_before_beside_a_checkpoint(studio):
    studio.bring_checkpoint()
    task = studio.panel.task
    assert task._segments["fill"].isVisible()
    assert task._model.isVisible()
    assert "prompt" not in task.fields
    task.run_button.click()
    assert last(studio).parameters == {"strength": 1.0}


def test_a_prompt_is_sent_and_what_is_at_its_default_is_not(studio, task):
    assert task.fields["prompt"].isVisible()
    assert task.fields["strength"].value == 0.5
    task.fields["prompt"].value = "a door"
    task.run_button.click()
    assert last(studio).parameters == {"model": CHECKPOINT, "prompt": "a door"}
    task.fields["negative_prompt"].value = "rust"
    task.fields["strength"].value = 0.3
    task.fields["seed"].value = 7
    task.fields["num_inference_steps"].value = 4
    loras = task.fields["loras"]
    loras.value = [{"name": LORA, "weight": 0.6}]
    assert loras._weights[LORA].isEnabled()
    task.run_button.click()
    assert last(studio).parameters == {
        "model": CHECKPOINT,
        "prompt": "a door",
        "negative_prompt": "rust",
        "strength": 0.3,
        "seed": 7,
        "num_inference_steps": 4,
        "loras": [{"name": LORA, "weight": 0.6}],
    }


def test_only_what_fits_can_be_added(task):
    fields = task.fields
    assert set(fields["loras"]._ticks) == {LORA}  # another LoRA is made for another family
    assert set(fields["embeddings"]._ticks) == {"deterministic-word"}
    assert "vae" not in fields  # there is none to choose
    assert "scheduler" not in fields  # there is only one


def test_a_presets_strength_is_shown_and_what_was_set_by_hand_stays(studio, task):
    preset = task.fields["preset"]
    for chosen, expected in (("portrait", 0.4), ("hand", 0.55), ("", 0.5)):
        preset.value = chosen
        preset.changed.emit()
        assert task.fields["strength"].value == expected
    task.fields["strength"].value = 0.7
    preset.value = "portrait"
    preset.changed.emit()
    assert task.fields["strength"].value == 0.7
    task.run_button.click()
    assert last(studio).parameters == {"model": CHECKPOINT, "preset": "portrait", "strength": 0.7}


def test_all_is_there_again_the_next_day(studio, task):
    task.fields["prompt"].value = "a door"
    task.fields["preset"].value = "portrait"
    task.fields["preset"].changed.emit()
    task.variations.setValue(2)
    task.fields["guidance_scale"].value = 3.5
    task.run_button.click()
    sent = {name: value for name, value in last(studio).parameters.items() if name not in {"seed", "siblings"}}
    studio.controller.settings = settings.load(studio.path)
    again = Panel(studio.controller)
    again.task.refresh()
    assert again.task.parameters() == sent
    assert again.task.variations.value() == 2
    assert again.task.fields["strength"].value == 0.4
    again.deleteLater()


def test_what_was_used_is_sent_although_the_server_has_not_told_yet(newcomer):
    studio = newcomer
    used = {"model": CHECKPOINT, "prompt": "a door", "strength": 0.2, "variations": 3}
    studio.controller.settings = replace(studio.controller.settings, defaults={"refocus": used})
    task = studio.panel.task
    task.choose("refocus")
    task.run_button.click()
    sent = studio.controller.jobs[0].parameters
    assert sent == {"model": CHECKPOINT, "prompt": "a door", "strength": 0.2}


def test_a_restorers_strength_is_no_checkpoints(studio, task):
    choose(studio, "photo")
    assert (task.fields["strength"].value, "prompt" in task.fields) == (1.0, False)
    task.fields["strength"].value = 0.9
    choose(studio, CHECKPOINT)
    assert task.fields["strength"].value == 0.5


def test_prompts_used_before_come_back_by_keys_and_menu(studio, task):
    field = task.fields["prompt"]
    for text in ("first", "second"):
        field.value = text
        task.run_button.click()
    assert settings.load(studio.path).prompts == ("second", "first")
    field.value = "draft"
    for key, expected in (("Up", "second"), ("Up", "first"), ("Down", "second"), ("Down", "draft")):
        press(field._edit, getattr(Qt.Key, f"Key_{key}"), Qt.KeyboardModifier.ControlModifier)
        assert field.value == expected
    field._menu.aboutToShow.emit()
    actions = [action for action in field._menu.actions() if not action.isSeparator()]
    assert [action.text() for action in actions] == ["second", "first", "Forget all of them"]
    actions[1].trigger()
    assert field.value == "first"
    actions[2].trigger()
    assert settings.load(studio.path).prompts == ()


def press(widget, key, modifier):
    QtWidgets.QApplication.sendEvent(widget, QtGui.QKeyEvent(QtCore.QEvent.Type.KeyPress, key, modifier))


def test_tab_leaves_a_prompt(task):
    assert task.fields["prompt"]._edit.tabChangesFocus()


def test_variations_wait_as_thumbnails_to_choose_from(studio, task):
    task.variations.setValue(3)
    task.run_button.click()
    jobs = studio.controller.jobs[::-1]
    seeds = [job.parameters["seed"] for job in jobs]
    assert seeds == [(seeds[0] + number) % (1 << 32) for number in range(3)]
    card = studio.panel.jobs.variations(jobs[0])
    assert card._title.text() == "3 variations, 0 ready: choose"
    for job in jobs:
        studio.finish(job)
    assert card._title.text() == "3 variations, 3 ready: choose"
    assert all(host.applied == [] for host in studio.editor.hosts)
    card._thumbs[id(jobs[1])].click()
    assert [studio.panel.jobs.card(job).isVisible() for job in jobs] == [False, True, False]
    studio.panel.jobs.card(jobs[1]).apply.click()
    assert [len(host.applied) for host in studio.editor.hosts] == [0, 1, 0]
    assert card._thumbs[id(jobs[1])].text() == "2 ✓"
    card._others.click()
    studio.breathe()
    assert studio.controller.jobs == [jobs[1]]
    assert not card._others.isVisible()


def test_a_variation_without_a_result_does_not_look_like_one(studio, task):
    task.variations.setValue(2)
    task.run_button.click()
    jobs = studio.controller.jobs[::-1]
    thumbs = [studio.panel.jobs.variations(jobs[0])._thumbs[id(job)] for job in jobs]

    def saturation():
        middle = [thumb.icon().pixmap(40).toImage().pixelColor(20, 15) for thumb in thumbs]
        return [color.saturation() > 100 for color in middle]

    studio.finish(jobs[0])
    assert saturation() == [True, True]
    studio.tell(Accepted(jobs[1].flow.job, 1), Failed(jobs[1].flow.job, 2, InputError("It is not there.").info, ()))
    assert [thumb.text() for thumb in thumbs] == ["1", "2 ✕"]
    assert saturation() == [True, False]


def test_an_applied_variation_that_was_undone_can_be_applied_again(studio, task):
    task.variations.setValue(2)
    task.run_button.click()
    jobs = studio.controller.jobs[::-1]
    for job in jobs:
        studio.finish(job)
    card = studio.panel.jobs.card(jobs[0])
    card.apply.click()
    studio.breathe()
    assert not card.apply.isVisible()
    jobs[0].flow.result = replace(jobs[0].flow.result, patches=("of something",))
    jobs[0].host.is_undone = True
    studio.controller.look()
    assert card.apply.isVisible()
    card.apply.click()
    assert len(jobs[0].host.applied) == 2
    jobs[0].host.is_undone = False
    studio.controller.look()
    assert not card.apply.isVisible()


def test_variations_of_an_earlier_session_keep_their_numbers(studio, task):
    task.variations.setValue(3)
    task.run_button.click()
    jobs = studio.controller.jobs[::-1]
    for job in jobs:
        studio.finish(job)
    studio.controller.discard(jobs[0])
    card = VariationsCard(studio.controller, jobs[1:])
    assert [card._thumbs[id(job)].text() for job in jobs[1:]] == ["2", "3"]
    card.show_jobs(jobs[2:])
    assert card._title.text() == "1 variation, 1 ready: choose"
    card.deleteLater()


def test_a_thumbnail_is_taken_by_a_double_click_or_return(studio, task):
    task.variations.setValue(3)
    task.run_button.click()
    jobs = studio.controller.jobs[::-1]
    thumbs = studio.panel.jobs.variations(jobs[0])._thumbs
    press_return(thumbs[id(jobs[1])])  # too soon
    for job in jobs:
        studio.finish(job)
    assert all(host.applied == [] for host in studio.editor.hosts)
    press_return(thumbs[id(jobs[1])])
    button, key = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    kind, place = QtCore.QEvent.Type.MouseButtonDblClick, QtCore.QPointF(5, 5)
    QtWidgets.QApplication.sendEvent(thumbs[id(jobs[2])], QtGui.QMouseEvent(kind, place, place, button, button, key))
    studio.tell()
    assert [len(host.applied) for host in studio.editor.hosts] == [0, 1, 1]


def test_again_makes_one_picture_with_the_same_seed(studio, task):
    task.variations.setValue(2)
    task.run_button.click()
    job = studio.controller.jobs[0]
    studio.finish(job)
    card = studio.panel.jobs.card(job)
    card.apply.click()
    kept = settings.load(studio.path).defaults
    card.again.click()
    assert last(studio).parameters == job.parameters
    assert len(studio.controller.jobs) == 3
    assert settings.load(studio.path).defaults == kept


def test_fill_starts_from_what_is_chosen(studio):
    studio.bring_checkpoint()
    task = studio.panel.task
    task.choose("fill")
    studio.breathe()
    assert task._model._box.itemText(0) == "Deterministic checkpoint (default)"
    assert task.run_button.text() == "Fill selection"
    assert task.fields["start"].isVisible()
    task.run_button.click()
    assert (last(studio).operation, last(studio).parameters) == ("fill", {})
    task.fields["start"].value = "noise"
    task.run_button.click()
    assert last(studio).parameters == {"start": "noise"}
    assert not studio.editor.whole


def test_the_canvas_is_extended_whatever_is_selected(studio):
    studio.bring_checkpoint()
    task = studio.panel.task
    task.choose("fill")
    task.fields["extend"].area._group.button(1).click()
    studio.breathe()
    assert task.fields["extend"]._sides.isVisible()
    assert not task.fields["start"].isVisible()
    assert not task.run_button.isEnabled()
    assert task.reason.text() == "Say by how many pixels the canvas grows."
    task.fields["extend"]._boxes["right"].setValue(128)
    assert task.run_button.text() == "Extend canvas"
    assert task._region.text() == "Nothing is selected: all of the image, 640 × 480 px"
    task.run_button.click()
    assert last(studio).parameters == {"extend": {"right": 128}}
    assert studio.editor.whole
    (job,) = studio.controller.jobs
    studio.panel.jobs.card(job).cancel.click()
    assert isinstance(studio.clients[-1].last, Cancel)


@pytest.fixture
def compare(studio):
    studio.bring_checkpoint()
    studio.panel.task.choose("compare")
    studio.breathe()
    return studio.panel.task.fields["variants"]


def test_lists_are_compared(studio, compare):
    task = studio.panel.task
    assert not task.run_button.isEnabled()
    assert task.reason.text() == "There is nothing to compare. List models, strengths, seeds or LoRAs."
    assert not task.variations.isVisible()
    compare.lists["strength"].edit.setText("0.3, much")
    assert task.reason.text() == "“much” is no strength. Write numbers such as 0.3, 0.5."
    assert not task.fields["strength"].isEnabled()  # the list says it
    compare.lists["strength"].edit.setText("0.3, 0.6")
    compare.lists["seed"].edit.setText("1 2")
    assert not task.fields["seed"].isEnabled()
    assert task.run_button.text() == "Compare 4 variants"
    task.fields["prompt"].value = "a door"
    task.run_button.click()
    variants = [{"strength": strength, "seed": seed} for strength in (0.3, 0.6) for seed in (1, 2)]
    assert (last(studio).operation, last(studio).parameters) == ("compare", {"prompt": "a door", "variants": variants})
    assert studio.controller.jobs[0].title == "Compare"


def test_what_can_be_listed_is_in_menus(studio, compare):
    shown = {name: [action.text() for action in field.menu.actions()] for name, field in compare.lists.items()}
    assert shown["model"] == ["Deterministic checkpoint"]
    assert shown["loras"] == [LORA, "Without a LoRA"]
    assert [name for name, field in compare.lists.items() if field.button.isVisible()] == ["model", "loras"]
    compare.lists["model"].menu.actions()[0].trigger()
    assert compare.lists["model"].value == CHECKPOINT
    for action in compare.lists["loras"].menu.actions():
        action.trigger()
    assert compare.lists["loras"].value == f"{LORA}, none"
    assert studio.panel.task.run_button.text() == "Compare 2 variants"


@pytest.mark.parametrize(
    ("axis", "text", "said"),
    [
        ("model", f"{CHECKPOINT}, other", "There is no checkpoint named “other”."),
        ("loras", "none, film-look:0.5", "There is no LoRA named “film-look”."),
        ("seed", "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25", "These are 25 variants; a sheet"),
    ],
)
def test_what_cannot_be_compared_is_a_reason(studio, compare, axis, text, said):
    compare.lists[axis].edit.setText(text)
    assert not studio.panel.task.run_button.isEnabled()
    assert studio.panel.task.reason.text().startswith(said)


def test_what_was_compared_is_there_again(studio, compare):
    compare.lists["strength"].edit.setText("0.25,0.5")
    compare.lists["loras"].edit.setText(f"{LORA}:0.6;none")
    studio.panel.task.run_button.click()
    studio.controller.settings = settings.load(studio.path)
    again = Panel(studio.controller)
    again.task.choose("compare")
    lists = {name: field.value for name, field in again.task.fields["variants"].lists.items()}
    assert lists == {"model": "", "strength": "0.25, 0.5", "seed": "", "loras": f"{LORA}:0.6, none"}
    assert again.task.parameters() == last(studio).parameters
    again.deleteLater()


def test_the_menu_starts_what_was_used_last_or_asks(studio, compare):
    task = studio.panel.task
    for name in ("foveate_fill", "foveate_refocus"):
        assert ENTRIES[name].wish({}) == {}
    used = {"extend": {"left": 8}, "prompt": "a wall"}
    assert ENTRIES["foveate_fill"].wish(used) == {"prompt": "a wall"}
    assert ENTRIES["foveate_extend"].wish(used) == used
    assert ENTRIES["foveate_extend"].wish({"start": "noise"}) is None
    assert ENTRIES["foveate_compare"].wish({"prompt": "a wall"}) is None
    task.ask("fill", "extend")
    assert (task.operation, task.fields["extend"]._sides.isVisible()) == ("fill", True)
    assert task.reason.text() == "Say by how many pixels the canvas grows."
    task.ask("compare", "variants")
    studio.breathe()
    assert task.fields["variants"].lists["model"].edit.hasFocus()


def test_menu_entries_are_shown_where_a_checkpoint_is(studio):
    action = QAction("Fill", studio.panel)
    kept = ShownWhileOffered(studio.controller, action, "fill")
    studio.connect()
    assert not action.isVisible()
    studio.bring_checkpoint()
    assert action.isVisible()
    action.deleteLater()
    studio.breathe()
    studio.controller.signals.changed.emit()
    assert kept is not None  # although Krita has closed the window, nothing happens


def test_faces_and_upscale_take_a_prompt_too(studio, task):
    for operation, own in (("faces", {}), ("upscale", {"scale": 2})):
        task.choose(operation)
        choose(studio, CHECKPOINT)
        if own:
            task.fields["scale"].value = 2
        task.fields["prompt"].value = "a man"
        task.run_button.click()
        assert last(studio).operation == operation
        assert last(studio).parameters == {"model": CHECKPOINT, "prompt": "a man", **own}
    assert "anchor" in task.fields


def test_a_model_that_is_gone_is_a_reason(studio, task):
    studio.connect()
    assert not task.run_button.isEnabled()
    assert task.reason.text() == "The chosen model is not there any more: choose another."


def test_a_model_is_added_and_chosen(studio):
    studio.connect()
    task = studio.panel.task
    dialog = task.open_adding()
    assert not dialog.add.isEnabled()
    dialog.what.setText("tune.ckpt")
    assert dialog._pickle.isVisible()
    assert not dialog.add.isEnabled()  # not before a yes to the old format
    dialog.what.setText("tune.safetensors")
    studio.controller.settings = replace(
        studio.controller.settings, server_command=(sys.executable, "-c", TELLS, "serve")
    )
    dialog.add.click()
    assert dialog.stop.isVisible()
    wait_until(studio, lambda: not studio.controller.adder.is_running)
    assert dialog._said.text() == "Tune was added."
    assert isinstance(studio.clients[-1].last, ListModels)
    studio.bring_checkpoint()
    assert task.fields["prompt"].isVisible()
    dialog.close()


def test_what_cannot_be_added_is_said(studio):
    dialog = studio.panel.task.open_adding()
    dialog.what.setText("tune.safetensors")
    studio.controller.settings = replace(studio.controller.settings, server_command=("/nowhere/foveate", "serve"))
    dialog.add.click()
    wait_until(studio, lambda: not studio.controller.adder.is_running)
    assert "cannot be started: /nowhere/foveate" in dialog._said.text()
    dialog._copy.click()
    assert QtWidgets.QApplication.clipboard().text() == "/nowhere/foveate models add tune.safetensors"
    dialog.close()


def test_where_no_program_can_be_started_the_command_is_there(studio, monkeypatch):
    monkeypatch.setenv("FLATPAK_ID", "org.kde.krita")
    dialog = AddModelDialog(studio.controller)
    dialog.what.setText("org/name")
    assert not dialog.add.isEnabled()
    assert "terminal" in dialog._why.text()
    dialog.close()


def test_return_adds(studio, monkeypatch):
    """Krita's own keys do nothing in a dialog; Qt presses the button that is the default one."""
    wanted = []
    monkeypatch.setattr(studio.controller, "add_model", lambda what, **_: wanted.append(what))
    dialog = studio.panel.task.open_adding()
    pressed = []
    monkeypatch.setattr(QtWidgets.QFileDialog, "getOpenFileName", lambda *_: (pressed.append("file"), ("", ""))[1])
    press_return(dialog.what)
    assert (wanted, pressed) == ([], [])  # there is nothing to add yet, and no other button is meant
    dialog.what.setText("org/name")
    press_return(dialog.what)
    assert (wanted, pressed) == (["org/name"], [])
    dialog.close()


def press_return(field):
    field.setFocus()
    for kind in (QtCore.QEvent.Type.KeyPress, QtCore.QEvent.Type.KeyRelease):
        key = QtGui.QKeyEvent(kind, Qt.Key.Key_Return, Qt.KeyboardModifier.NoModifier, "\r")
        QtWidgets.QApplication.sendEvent(field, key)


def wait_until(studio, is_so):
    timer = QtCore.QElapsedTimer()
    timer.start()
    while not is_so():
        assert timer.elapsed() < 20_000
        studio.controller._poll()
        studio.breathe()


def test_everything_is_reached_by_the_keyboard_and_explained(studio, task):
    task.variations.setValue(2)
    task.run_button.click()
    task.choose("fill")
    task.fields["extend"].area._group.button(1).click()
    kinds = (QtWidgets.QAbstractButton, QtWidgets.QComboBox, QtWidgets.QAbstractSpinBox, QtWidgets.QPlainTextEdit)
    kinds += (QtWidgets.QLineEdit,)
    for kind in kinds:
        for widget in studio.panel.findChildren(kind):
            if widget.window() is studio.panel and not widget.objectName().startswith(("qt_", "ScrollLeft")):
                assert widget.focusPolicy() & Qt.FocusPolicy.TabFocus, widget
                assert widget.toolTip(), (widget, widget.objectName())


def test_german_leaves_no_english_word(studio, task):
    def shown():
        studio.panel.task.choose("fill")
        for area in (1, 0):
            studio.panel.task.fields["extend"].area._group.button(area).click()
            studio.breathe()
            yield from studio.texts()
        studio.panel.task.choose("compare")
        studio.breathe()
        yield from studio.texts()

    english = {text for text in shown() if text}
    studio.controller.change(language="de")
    studio.panel.close()
    studio.panel = Panel(studio.controller)
    studio.panel.show()
    studio.bring_checkpoint()
    same = {"Foveate", "⚙", "▾", "foveate 9.9", "100 %", "50 %", "Prompt", "0 px", "Seeds", "LoRAs"}
    assert {text for text in shown() if text} & english <= same


def test_a_low_docker_scrolls_instead_of_growing(studio, task):
    def settle():  # one layout after the other
        for _ in range(4):
            studio.breathe()

    settle()
    high = task.height()
    studio.panel.resize(320, 420)
    settle()
    assert studio.panel.height() == 420
    assert task.height() < high
    assert task.run_button.isVisible()
    bottom = task.run_button.mapTo(studio.panel, task.run_button.rect().bottomLeft()).y()
    assert bottom < 420
