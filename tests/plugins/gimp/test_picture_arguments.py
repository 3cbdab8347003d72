"""The layers that a procedure takes: an argument for each slot, whatever else it is called like."""

from types import SimpleNamespace

import pytest
from foveate_gimp import picture_arguments
from foveate_gimp.operation_procedures import operations_of

from fakes.layer_operations import operations
from foveate_shared.errors import InputError
from foveate_shared.geometry import Extent
from foveate_shared.jobs.named_pictures import OfferedPicture
from foveate_shared.wire.protocol import OperationInfo

KNOWN = tuple(OperationInfo(each.name, each.title, each.parameters.schema) for each in operations().values())


class Config(dict):
    """The values of a procedure's arguments; a layer is its number."""

    def get_property(self, name):
        return self[name]

    set_property = dict.__setitem__


@pytest.fixture(autouse=True)
def numbered(monkeypatch):
    stand_in = SimpleNamespace(
        described=lambda layer: OfferedPicture(str(layer), f"layer {layer}", Extent(4, 4)), find=int
    )
    monkeypatch.setattr(picture_arguments, "layer_pictures", stand_in)


def procedure(name):
    return next(each for each in operations_of(KNOWN) if each.name == name)


def test_there_is_one_for_each_picture_that_a_slot_takes():
    made = procedure("take").pictures
    assert [each.name for each in made] == ["control", "reference-1", "reference-2", "reference-3"]
    assert [slot.name for slot in picture_arguments.slots_of(made)] == ["control", "reference"]
    assert procedure("refocus").pictures == ()


def test_a_name_that_is_taken_is_told_apart():
    schema = {"properties": {"mask": {"type": "string"}}, "x-pictures": {"mask": {}, "image": {}}}
    (made,) = operations_of([OperationInfo("cut", "Cut", schema)])
    assert [each.name for each in made.pictures] == ["picture-mask", "picture-image"]


def test_names_are_as_gimp_wants_them():
    schema = {"x-pictures": {"depth_map": {}, "Line art": {}, "2nd": {}, "depth-map": {}}}
    (made,) = operations_of([OperationInfo("cut", "Cut", schema)])
    names = ["depth-map", "line-art", "picture-2nd", "picture-depth-map"]
    assert [each.name for each in made.pictures] == names
    assert [each.slot.name for each in made.pictures] == ["depth_map", "Line art", "2nd", "depth-map"]


def test_what_a_procedure_gives_and_takes():
    assert [procedure(name).takes_image for name in ("take", "weigh", "blank", "collage")] == [True, True, False, False]
    assert [procedure(name).has_output for name in ("take", "weigh", "pick", "blank")] == [True, False, False, False]


def test_arguments_say_which_layers_are_chosen():
    arguments = procedure("take").pictures
    slots = picture_arguments.slots_of(arguments)
    none = Config(dict.fromkeys(each.name for each in arguments))
    assert picture_arguments.chosen(none, arguments).named(slots) == {}
    config = Config(none | {"control": 7, "reference-1": 3, "reference-3": 4})
    chosen = picture_arguments.chosen(config, arguments)
    assert {name: each.key for name, each in chosen.named(slots).items()} == {
        "control": "7",
        "reference-1": "3",
        "reference-2": "4",
    }
    picture_arguments.say_chosen(none, arguments, chosen.put("control", 0, None))
    assert none == {"control": None, "reference-1": 3, "reference-2": 4, "reference-3": None}


class Layer:
    """A layer, or a group of some."""

    def __init__(self, name, *, is_group=False):
        self.get_name = lambda: name
        self.is_group = lambda: is_group


def test_a_script_is_told_of_a_group_and_of_a_gap():
    arguments = procedure("take").pictures
    sky, none = Layer("Sky"), Config(dict.fromkeys(each.name for each in arguments))
    picture_arguments.check_script(none, arguments)
    picture_arguments.check_script(Config(none | {"control": sky, "reference-1": sky, "reference-2": sky}), arguments)
    with pytest.raises(InputError) as refused:
        picture_arguments.check_script(Config(none | {"control": Layer("Frame", is_group=True)}), arguments)
    assert str(refused.value.info) == (
        "Frame is a layer group, and a group cannot be taken as a picture. Merge it, or name a layer in it."
    )
    with pytest.raises(InputError, match="Name 'reference-2', too: pictures are counted without a gap"):
        picture_arguments.check_script(Config(none | {"reference-1": sky, "reference-3": sky}), arguments)
