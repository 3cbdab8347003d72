"""From a procedure's arguments to the protocol's parameters."""

import pytest
from foveate_gimp import checkpoint_arguments
from foveate_gimp.operations import COMPARED, all_operations, chosen_faces, wants_image

from foveate_shared.errors import InputError
from foveate_shared.i18n.translations import Texts


class Config(dict):
    """The values of a procedure's arguments."""

    def get_property(self, name):
        return self[name]

    def find_property(self, name):
        return name if name in self else None


class Procedure:
    """Notes which arguments are added."""

    def __init__(self):
        self.names = []

    def __getattr__(self, name):
        return lambda argument, *_: self.names.append(argument)


@pytest.mark.parametrize(
    ("text", "numbers"), [("", []), ("2", [2]), ("1, 3-5", [1, 3, 4, 5]), ("5,1, 1 ,", [1, 5]), ("2 - 3", [2, 3])]
)
def test_faces_are_chosen_by_numbers(text, numbers):
    assert chosen_faces(text) == numbers


@pytest.mark.parametrize("text", ["0", "left", "3-1", "1-99999", "1.5", "-2", "1025"])
def test_what_is_no_number_of_a_face_is_refused(text):
    with pytest.raises(InputError, match="Write numbers such as 1, 3-5"):
        chosen_faces(text)


UNSAID = dict.fromkeys(checkpoint_arguments.ARGUMENTS, "") | {"steps": 0, "guidance": -1.0, "strength": -1.0}


def said(**values):
    return Config({**UNSAID, **{name.replace("_", "-"): value for name, value in values.items()}})


def test_parameters_of_each_operation():
    refocus, faces, upscale, fill, extend, _ = all_operations()
    assert refocus.parameters(said(strength=0.5, model=" x4 ")) == {"strength": 0.5, "model": "x4"}
    assert refocus.parameters(said(model="")) == {}
    values = said(strength=1.0, only="2", min_score=0.4, model="")
    assert faces.parameters(values) == {"strength": 1.0, "only": [2], "min_score": 0.4}
    assert "only" not in faces.parameters(Config(values, only=""))
    assert upscale.parameters(said(scale=3, target="in-place", model=None)) == {"scale": 3, "target": "document"}
    assert upscale.parameters(said(scale=2, target="new-image", model="")) == {"scale": 2, "target": "new"}
    assert fill.parameters(said(start="noise", model="")) == {"start": "noise"}
    sides = {"left": 0, "top": 8, "right": 16, "bottom": 0}
    assert extend.parameters(said(**sides, model="")) == {"extend": {"top": 8, "right": 16}}
    with pytest.raises(InputError, match="grows on no side"):
        extend.parameters(said(left=0, top=0, right=0, bottom=0, model=""))


def test_what_is_compared():
    compare = all_operations()[-1]
    lists = dict.fromkeys(COMPARED.values(), "")
    values = said(**lists, model="photo", prompt="a door", strength=0.4)
    with pytest.raises(InputError, match="nothing to compare"):
        compare.parameters(values)
    values |= {"compared-seed": "1, 2", "compared-loras": "film:0.5, none"}
    assert compare.parameters(values) == {
        "variants": [
            {"seed": seed, "loras": loras} for seed in (1, 2) for loras in ([{"name": "film", "weight": 0.5}], [])
        ],
        "strength": 0.4,
        "model": "photo",
        "prompt": "a door",
    }


def test_what_a_checkpoint_is_told():
    refocus = all_operations()[0]
    values = said(
        model="photo", prompt=" a door ", negative_prompt="text", preset="film", scheduler="euler", seed="4294967295",
        loras="film:0.8, grain", steps=12, guidance=0.0, variations=3,
    )  # fmt: skip
    assert refocus.parameters(values) == {
        "model": "photo",
        "prompt": "a door",
        "negative_prompt": "text",
        "preset": "film",
        "scheduler": "euler",
        "seed": 4294967295,
        "loras": [{"name": "film", "weight": 0.8}, {"name": "grain", "weight": 1.0}],
        "num_inference_steps": 12,
        "guidance_scale": 0.0,
    }


@pytest.mark.parametrize("text", ["-1", "4294967296", "1.5", "one"])
def test_what_is_no_seed_is_refused(text):
    with pytest.raises(InputError, match="is no seed"):
        checkpoint_arguments.seed_of(text)


@pytest.mark.parametrize("text", [":1", "film:much", "film:nan"])
def test_what_is_no_lora_is_refused(text):
    with pytest.raises(InputError, match="is no LoRA"):
        checkpoint_arguments.loras_of(text)


def test_only_some_operations_ask_where_the_result_goes():
    assert wants_image(Config(output="image"))
    assert not wants_image(Config(output="layer"))
    assert not wants_image(Config())


@pytest.mark.parametrize("operation", all_operations(), ids=lambda each: each.procedure)
def test_a_dialog_shows_arguments_that_there_are(operation):
    procedure = Procedure()
    operation.add_arguments(procedure, Texts())
    own = {"model", *checkpoint_arguments.ARGUMENTS, *(["strength"] if operation.has_strength else [])}
    if operation.compares:
        own = own - {"variations"} | set(COMPARED.values())
    assert {*operation.widgets, *operation.expert} == set(procedure.names) - own
    assert own <= set(procedure.names)


def test_every_text_of_the_menu_is_in_german():
    say = Texts("de")
    for operation in all_operations():
        for text in (operation.title, operation.menu_label, operation.blurb):
            assert say(text) != text
