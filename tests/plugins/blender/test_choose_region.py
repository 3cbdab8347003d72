"""Which region is meant: all that is given counts, and nothing that is given is left out without a word."""

from types import SimpleNamespace

import pytest

from fakes import blender
from foveate_shared.errors import InputError
from foveate_shared.geometry import Bounds, Extent
from foveate_shared.i18n.translations import Texts

EXTENT = Extent(96, 80)


class Masks(list):
    def get(self, name):
        return next((mask for mask in self if mask.name == name), None)


@pytest.fixture
def choosing(load, monkeypatch):
    made = load("choose_region")
    monkeypatch.setattr(made.controller, "get", lambda: SimpleNamespace(say=Texts("en")))
    load.bpy.data = SimpleNamespace(masks=Masks([SimpleNamespace(name="wires", layers=[])]))
    return made


@pytest.fixture
def context():
    render = SimpleNamespace(use_border=False, border_min_x=0.25, border_min_y=0.5, border_max_x=0.75, border_max_y=1.0)
    return SimpleNamespace(scene=SimpleNamespace(render=render), space_data=None)


def image(rect=(0, 0, 0, 0)):
    return blender.Image("in", rect=rect)


@pytest.mark.parametrize("rect", [(10, 10, 0, 10), (10, 10, -5, 5), (10, 10, 5, 0), (0, 0, 0, 0)])
def test_a_rectangle_that_is_given_and_has_no_area_is_refused_and_not_all_of_the_image(choosing, context, rect):
    with pytest.raises(InputError, match="does not lie in the image"):
        choosing.choose(context, image(), rect=rect)


def test_a_rectangle_that_is_not_given_is_the_dragged_one(choosing, context):
    chosen = choosing.choose(context, image(rect=(1, 2, 3, 4)))
    assert chosen.select(EXTENT).bounds == Bounds(1, 2, 3, 4)
    assert choosing.choose(context, image()).is_unselected


def test_a_rectangle_that_reaches_beyond_the_image_is_cut_on_every_side(choosing, context):
    chosen = choosing.choose(context, image(), rect=(-10, -10, 30, 200))
    assert chosen.select(EXTENT).bounds == Bounds(0, 0, 20, 80)


def test_a_render_border_that_is_not_set_is_refused_and_not_all_of_the_image(choosing, context):
    with pytest.raises(InputError, match="no render border"):
        choosing.choose(context, image(), "BORDER")
    context.scene.render.use_border = True
    assert choosing.choose(context, image(), "BORDER").select(EXTENT).bounds == Bounds(24, 0, 48, 40)


@pytest.mark.parametrize(
    "given",
    [
        {"rect": (1, 2, 3, 4), "mask": "wires"},
        {"rect": (1, 2, 3, 4), "mask": "wires", "kind": "RECTANGLE"},
        {"rect": (1, 2, 3, 4), "kind": "MASK"},
        {"rect": (1, 2, 3, 4), "kind": "ALL"},
        {"mask": "wires", "kind": "BORDER"},
    ],
)
def test_two_regions_are_refused_instead_of_one_being_left_out(choosing, context, given):
    with pytest.raises(InputError, match="More than one region is given"):
        choosing.choose(context, image(), **given)


@pytest.mark.parametrize("beside", [{}, {"rect": (1, 2, 3, 4)}, {"kind": "ALL"}, {"kind": "MASK"}])
def test_a_mask_that_there_is_none_of_is_refused_whatever_stands_beside_it(choosing, context, beside):
    with pytest.raises(InputError, match="There is no mask wirse"):
        choosing.choose(context, image(), mask="wirse", **beside)


def test_a_mask_that_is_given_says_which_kind_is_meant(choosing, context):
    assert choosing.choose(context, image(rect=(1, 2, 3, 4)), mask="wires").label == "Mask wires"
