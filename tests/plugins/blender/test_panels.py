"""The panel's button waits where there is no such region as the one that is chosen."""

from types import SimpleNamespace

import pytest

from fakes import blender
from fakes.scripted_client import real_welcome
from foveate_shared.wire.protocol import ModelInfo, Models

PHOTO = ModelInfo("photo", "Photo", ("refocus", "faces", "upscale"), 4, True)


class Pencil:
    """Writes down which buttons can be pressed, and what is said."""

    def __init__(self, root=None):
        self.root, self.enabled = root or self, True
        if root is None:
            self.buttons, self.texts = {}, []

    def operator(self, name, **_):
        self.root.buttons[name] = self.enabled
        return self

    def label(self, *, text="", **_):
        self.root.texts.append(text)

    def __getattr__(self, name):
        return lambda *_, **__: Pencil(self.root)


@pytest.fixture
def drawn(load, rt):
    made = load("panels")
    group = type("Group", (), {})
    rt.wake()
    rt.client.tell(real_welcome(), Models(1, (PHOTO,)))
    rt.poll()
    load("parameters").define(group)
    load.bpy.data = SimpleNamespace(masks={}, images=[])
    render = SimpleNamespace(use_border=False, border_min_x=0, border_min_y=0, border_max_x=1, border_max_y=1)

    def draw(region, *, rect=(0, 0, 0, 0), operation="refocus", has_border=False):
        panel = group()
        panel.region, panel.mask, panel.operation, panel.draw_seed, panel.variations = region, "", operation, False, 1
        render.use_border = has_border
        space = SimpleNamespace(type="IMAGE_EDITOR", image=blender.Image("in", rect=rect), mask=None, ui_mode="VIEW")
        context = load.bpy.context = SimpleNamespace(
            space_data=space, window_manager=SimpleNamespace(foveate=panel, windows=[]),
            region=SimpleNamespace(width=252), preferences=SimpleNamespace(system=SimpleNamespace(ui_scale=1)),
            scene=SimpleNamespace(render=render),
        )  # fmt: skip
        main = made.FoveateMainPanel()
        main.layout = pencil = Pencil()
        main.draw(context)
        return pencil

    return draw


@pytest.mark.parametrize(
    ("region", "said"),
    [
        ("RECTANGLE", "No rectangle is selected."),
        ("MASK", "No mask is chosen."),
        ("BORDER", "The scene has no render"),
    ],
)
def test_the_button_waits_for_the_region_that_is_chosen(drawn, region, said):
    pencil = drawn(region)
    assert said in pencil.texts
    assert not pencil.buttons["foveate.refocus"]


def test_with_the_region_it_can_be_pressed(drawn):
    assert drawn("RECTANGLE", rect=(1, 2, 3, 4)).buttons["foveate.refocus"]
    assert drawn("BORDER", has_border=True).buttons["foveate.refocus"]
    assert drawn("AUTO").buttons["foveate.refocus"]
