"""What is compared, in a dialog: names that nothing has are said, and titles are names."""

from unittest.mock import MagicMock

import pytest
from foveate_gimp import argument_widgets, compare_field
from foveate_gimp.operation_procedures import operations_of

from fakes.models import FOR_PROMPTS, MODELS
from foveate_server.operations.registry import operations
from foveate_shared.forms.operation_form import form_for
from foveate_shared.i18n.translations import Texts
from foveate_shared.wire.protocol import OperationInfo

INFO = next(
    OperationInfo(each.name, each.title, each.parameters.schema)
    for each in operations().values()
    if each.name == "compare"
)
CHECKPOINT = next(each for each in FOR_PROMPTS if each.kind == "diffusion")


@pytest.fixture
def field(monkeypatch):
    for module in (argument_widgets, compare_field):
        monkeypatch.setattr(module, "Gtk", MagicMock())
    lists = [each for each in operations_of([INFO])[0].arguments if each.parameter == "variants"]
    config = MagicMock(said={each.name: "" for each in lists})
    config.get_property.side_effect = config.said.get
    made = compare_field.CompareField(config, lists, Texts("en"))

    def show(**said):
        config.said |= {f"compared-{name}": text for name, text in said.items()}
        shown = form_for(INFO, MODELS, CHECKPOINT.name)
        made.offer(shown, MODELS, shown.get("variants").schema)
        return made

    return show


def test_a_title_with_spaces_is_one_model(field):
    shown = field(model=f"{CHECKPOINT.title}, {CHECKPOINT.name}")
    assert " " in CHECKPOINT.title
    assert shown.problem() == ""
    shown._count.set_text.assert_called_with("Pictures beside the original: 1")
    shown._count.set_visible.assert_called_with(True)


def test_a_name_that_nothing_has_is_said(field):
    assert field(model="nobody").problem() == "There is no checkpoint named “nobody”."
    assert field(model="").problem().startswith("There is nothing to compare.")


def test_nothing_is_counted_where_nothing_is_compared(field):
    field()._count.set_visible.assert_called_with(False)  # an empty line would part the fields
