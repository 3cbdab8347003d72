"""The docker repeats no fact of a schema: what a server says otherwise, or adds, is what is shown and sent."""

from __future__ import annotations

import pytest
from foveate_krita.qt import QtWidgets

from fakes.models import FOR_PROMPTS
from fakes.scripted_client import real_welcome, with_operation, with_parameter
from foveate_shared.wire.protocol import Models, OperationInfo, Submit
from plugins.krita.widgets.conftest import MODELS

SHARPEN = OperationInfo(
    "sharpen",
    "Sharpen edges",
    {
        "type": "object",
        "description": "Edges, by a filter",
        "properties": {
            "amount": {
                "type": "number",
                "title": "Amount",
                "minimum": 0,
                "maximum": 9,
                "default": 2,
                "x-level": "basic",
            },
            "mode": {
                "type": "string",
                "title": "Mode",
                "enum": ["soft", "hard"],
                "default": "hard",
                "x-level": "basic",
            },
            "note": {"type": "string", "title": "Note", "default": "", "x-level": "basic"},
            "twice": {"type": "boolean", "title": "Twice", "default": False},
        },
    },
)


@pytest.fixture
def told(studio):
    """Return what lets the server tell another schema, with all models, and shows an operation."""

    def tell(operation, change):
        studio.connect((*FOR_PROMPTS, *MODELS), real_welcome(change=change))
        studio.panel.task.choose(operation)
        studio.breathe()
        return studio.panel.task

    return tell


def sent(studio):
    studio.panel.task.run_button.click()
    message = studio.clients[-1].last
    assert isinstance(message, Submit)
    return message.operation, message.parameters


def test_limits_and_title_of_a_share(told):
    task = told("faces", with_parameter("faces", "min_score", minimum=0.35, maximum=1, default=0.65, title="Sureness"))
    box = task.fields["min_score"]._box
    assert (box.minimum(), box.maximum(), box.accessibleName()) == (35, 100, "Sureness")
    assert task.fields["min_score"].value == 0.65


def test_a_number_that_is_no_share_any_more(told):
    task = told(
        "refocus", with_parameter("refocus", "strength", minimum=0, maximum=3, **{"x-defaults": None}, default=2)
    )
    field = task.fields["strength"]
    assert (field._box.maximum(), field.value) == (3, 2)


def test_limits_of_an_extension(told):
    side = {"type": "integer", "minimum": 0, "maximum": 77, "title": "Port"}
    task = told("fill", with_parameter("fill", "extend", properties={"left": side}))
    (box,) = task.fields["extend"]._boxes.values()
    assert (box.maximum(), box.accessibleName()) == (77, "Port")


def test_another_choice_and_another_default(told):
    task = told("upscale", with_parameter("upscale", "scale", enum=[2, 4, 6], default=6))
    assert task.fields["scale"].value == 6
    assert [button.text() for button in task.fields["scale"]._group.buttons()] == ["2 ×", "4 ×", "6 ×"]


def test_a_parameter_that_was_added_is_offered_and_sent(studio, told):
    schema = {"type": "integer", "title": "Passes", "minimum": 1, "maximum": 5, "default": 1, "x-level": "basic"}
    task = told("refocus", with_parameter("refocus", "passes", **schema))
    task._model.wanted = "photo"
    task.refresh()
    assert "Passes" in studio.texts()
    task.fields["passes"].value = 4
    assert sent(studio) == ("refocus", {"model": "photo", "strength": 1.0, "passes": 4})


def test_weights_of_loras(told):
    items = {"properties": {"name": {}, "weight": {"type": "number", "minimum": -1, "maximum": 2}}}
    task = told("refocus", with_parameter("refocus", "loras", items=items))
    (weight,) = task.fields["loras"]._weights.values()
    assert (weight.minimum(), weight.maximum()) == (-1, 2)


def test_an_operation_of_somebody_else_is_offered_with_a_form_of_its_schema(studio, told):
    task = told("sharpen", with_operation(SHARPEN))
    assert task._segments["sharpen"].isVisible()
    assert task._segments["sharpen"].toolTip() == "Edges, by a filter"
    assert task.run_button.text() == "Sharpen edges"
    assert list(task.fields) == ["amount", "mode", "note", "twice"]
    assert not task._model.isVisible()
    task.fields["amount"].value = 3.5
    task.fields["note"].value = "leaves"
    task.fields["twice"].value = True
    parameters = {"amount": 3.5, "mode": "hard", "note": "leaves", "twice": True}
    assert sent(studio) == ("sharpen", parameters)
    assert studio.controller.jobs[0].title == "Sharpen edges"
    task.choose("refocus")
    task.choose("sharpen")
    assert task.parameters() == parameters


def test_an_operation_that_is_gone_is_not_offered_any_more(studio, told):
    task = told("sharpen", with_operation(SHARPEN))
    studio.tell(real_welcome(), Models(1, MODELS))
    assert "sharpen" not in task._segments
    assert task.operation == "refocus"
    assert isinstance(task.run_button, QtWidgets.QPushButton)
