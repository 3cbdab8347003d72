"""Layers as pictures beside the document: choosers, what is missing, and what is sent."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fakes.host import layered
from fakes.scripted_client import real_welcome
from foveate_shared.geometry import Extent
from foveate_shared.wire.protocol import OperationInfo, Submit

CONTROL = {"title": "Control picture", "description": "Its edges.", "min": 1, "extent": "document"}
MIX = OperationInfo("mix", "Mix", {"x-pictures": {"control": CONTROL, "reference": {"title": "Look", "max": 2}}})
MAKE = OperationInfo("make", "Make", {"x-document": False})


@pytest.fixture
def task(studio):
    studio.editor.layers = layered(sky="Sky", edges="Edges").layers
    studio.editor.layers = {key: replace(each, extent=Extent(640, 480)) for key, each in studio.editor.layers.items()}
    studio.connect(welcome=real_welcome(change=lambda infos: [*infos, MIX, MAKE]))
    studio.controller.look()
    studio.panel.task.choose("mix")
    studio.breathe()
    return studio.panel.task


def listed(box):
    return [box.itemText(index) for index in range(box.count())]


def choose(task, number, text):
    box = task.pictures.boxes[number]
    index = box.findText(text)
    assert index >= 0
    box.setCurrentIndex(index)
    box.activated.emit(index)


def test_each_slot_has_a_list_of_the_layers(studio, task):
    assert [box.accessibleName() for box in task.pictures.boxes] == ["Control picture", "Look 1"]
    assert [listed(box) for box in task.pictures.boxes] == [
        ["Choose a picture", "Sky", "Edges"],
        ["None", "Sky", "Edges"],
    ]
    assert task.pictures.boxes[0].toolTip() == "Its edges."
    assert not task.run_button.isEnabled()
    assert "Choose a picture: Control picture." in studio.texts()
    task.choose("refocus")
    assert task.pictures.boxes == []
    assert not task.pictures.isVisible()


def test_what_is_chosen_is_sent_and_one_more_can_be_chosen(studio, task):
    choose(task, 0, "Edges")
    choose(task, 1, "Sky")
    choose(task, 2, "Edges")
    assert [box.currentText() for box in task.pictures.boxes] == ["Edges", "Sky", "Edges"]
    assert task.run_button.isEnabled()
    task.run_button.click()
    sent = studio.clients[-1].last
    assert isinstance(sent, Submit)
    assert [picture.name for picture in sent.pictures] == ["control", "reference-1", "reference-2"]
    choose(task, 1, "None")
    assert [box.currentText() for box in task.pictures.boxes] == ["Edges", "Edges", "None"]


def test_the_list_that_was_used_stays(studio, task):
    before = list(task.pictures.boxes)
    choose(task, 1, "Sky")
    assert task.pictures.boxes[:2] == before
    assert len(task.pictures.boxes) == 3
    choose(task, 2, "Edges")
    choose(task, 1, "None")
    assert task.pictures.boxes[:2] == before


def test_again_takes_the_same_layers(studio, task):
    choose(task, 0, "Edges")
    task.run_button.click()
    (job,) = studio.controller.jobs
    studio.controller.again(job)
    first, second = [each for each in studio.clients[-1].messages if isinstance(each, Submit)]
    assert first.pictures == second.pictures


def test_a_layer_that_does_not_fit_cannot_be_chosen_and_says_why(studio, task):
    sky = studio.editor.layers["1"]
    studio.editor.layers["1"] = replace(sky, extent=Extent(2, 2))
    studio.controller.look()
    control, reference = task.pictures.boxes
    assert [control.model().item(row).isEnabled() for row in range(3)] == [True, False, True]
    assert "2 × 2" in control.model().item(1).toolTip()
    assert all(reference.model().item(row).isEnabled() for row in range(3))


def test_names_follow_and_what_is_gone_is_said(studio, task):
    choose(task, 0, "Edges")
    studio.editor.layers["2"] = replace(studio.editor.layers["2"], title="Outlines")
    studio.controller.look()
    assert task.pictures.boxes[0].currentText() == "Outlines"
    del studio.editor.layers["2"]
    studio.controller.look()
    assert task.pictures.boxes[0].currentText() == "Outlines (gone)"
    assert not task.run_button.isEnabled()
    assert any("Outlines, which was chosen as Control picture, is gone." in text for text in studio.texts())


def test_another_document_has_choices_of_its_own(studio, task):
    choose(task, 0, "Edges")
    studio.editor.now = replace(studio.editor.now, document="other", key="other")
    studio.controller.look()
    assert task.pictures.boxes[0].currentText() == "Choose a picture"


def test_layers_are_asked_for_only_where_an_operation_takes_any(studio):
    studio.editor.layers = layered(sky="Sky").layers
    studio.connect()
    studio.controller.look()
    assert studio.controller.context.pictures == ()


def test_an_operation_without_a_document_runs_without_one(studio, task):
    studio.editor.now = None
    studio.controller.look()
    assert not task.run_button.isEnabled()
    task.choose("make")
    assert task.run_button.isEnabled()
    task.run_button.click()
    sent = studio.clients[-1].last
    assert isinstance(sent, Submit)
    assert (sent.operation, sent.document) == ("make", None)
