"""The fields of a dialog: what they do not show is not sent."""

from unittest.mock import MagicMock

import pytest
from foveate_gimp import form_fields
from foveate_gimp.arguments import VARIATIONS
from foveate_gimp.operation_procedures import operations_of

from fakes.models import MODELS, RESTORERS
from foveate_server.operations.registry import operations
from foveate_shared.forms.operation_form import form_for
from foveate_shared.wire.protocol import OperationInfo

INFOS = tuple(OperationInfo(each.name, each.title, each.parameters.schema) for each in operations().values())


class Config(dict):
    """The values of a procedure's arguments."""

    set_property = dict.__setitem__


@pytest.mark.parametrize("model", [RESTORERS[0].name, next(each.name for each in MODELS if each.kind == "diffusion")])
def test_what_is_not_shown_is_left_to_the_server(model):
    made = next(each for each in operations_of(INFOS) if each.name == "refocus")
    config = Config({each.name: each.default for each in made.arguments})
    said = {"prompt": "a door", "steps": 9, "strength": 0.5, "model": model, VARIATIONS.name: 3}
    config |= said
    fields = form_fields.FormFields(config, made, None, MagicMock())
    fields.settle()  # nothing is known yet
    assert config | said == config
    fields._shown = form_for(next(each for each in INFOS if each.name == "refocus"), MODELS, model)
    fields.settle()
    if model == RESTORERS[0].name:
        said |= {"prompt": "", "steps": 0, VARIATIONS.name: 1}
    assert {name: config[name] for name in said} == said
