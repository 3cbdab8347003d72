"""The plugin in a real GIMP, without a window: kinds of documents and selections."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image

from fakes.models import MODELS
from hosts.gimp.program import gimp, install
from hosts.gimp.scenes import scene

WIDTH, HEIGHT = 96, 80
TITLES = {model.name: model.title for model in MODELS}
RUN = """
image = load(folder + "/scene.png")
exec(prepare)
precision(image, depth)
before = dump_visible(image, folder + "/before.bin")
coverage = dump(image.get_selection(), folder + "/coverage.bin", "Y float")
result = call(operation, image, **arguments)
answer = {**result, "before": before, "coverage": coverage, "after": dump_visible(image, folder + "/after.bin")}
answer["after as srgb"] = dump_visible(image, folder + "/srgb.bin", "R'G'B'A float")
answer["layers"] = layers(image)
if answer.get("layer"):
    answer["pixels"] = dump(Gimp.Item.get_by_id(answer["layer"]["id"]), folder + "/layer.bin")
if answer.get("image"):
    made = Gimp.Image.get_by_id(answer["image"])
    answer["pixels"] = dump(made.get_layers()[0], folder + "/layer.bin")
    made.delete()
image.delete()
"""
RECTANGLE = "select(image, 20, 16, 48, 40)"
FEATHERED = "select(image, 24, 20, 40, 36, feather=6.0)"
AT_THE_BORDER = "select(image, 60, 50, 36, 30, feather=4.0)"
EVERYTHING = ""
DEPTHS = [  # pairs: every depth and every kind of selection, not every combination
    ("u8-non-linear", RECTANGLE),
    ("u8-non-linear", FEATHERED),
    ("u8-linear", AT_THE_BORDER),
    ("u8-perceptual", FEATHERED),
    ("u16-non-linear", AT_THE_BORDER),
    ("u16-linear", RECTANGLE),
    ("u32-non-linear", FEATHERED),
    ("half-non-linear", EVERYTHING),
    ("half-linear", FEATHERED),
    ("float-non-linear", AT_THE_BORDER),
    ("float-linear", FEATHERED),
    ("float-perceptual", RECTANGLE),
    ("double-linear", RECTANGLE),
    ("u8-non-linear", EVERYTHING),
]
ALPHA = """
layer = image.get_layers()[0]
layer.add_alpha()
image.select_ellipse(Gimp.ChannelOps.REPLACE, 30, 24, 16, 16)
Gimp.Selection.feather(image, 4.0)
layer.edit_clear()
"""
MASKED_AND_MOVED = """
layer = image.get_layers()[0].copy()
image.insert_layer(layer, None, 0)
layer.set_offsets(17, -9)
layer.set_opacity(70.0)
mask = layer.create_mask(Gimp.AddMaskType.COPY)
layer.add_mask(mask)
hidden = image.get_layers()[1].copy()
image.insert_layer(hidden, None, 0)
hidden.invert(False)
hidden.set_visible(False)
image.set_selected_layers([layer, hidden])
"""
GROUPED = """
group = Gimp.GroupLayer.new(image, "group")
image.insert_layer(group, None, 0)
for opacity, mode in ((60.0, Gimp.LayerMode.MULTIPLY), (40.0, Gimp.LayerMode.SCREEN)):
    layer = image.get_layers()[-1].copy()
    image.insert_layer(layer, group, 0)
    layer.set_mode(mode)
    layer.set_opacity(opacity)
image.set_selected_layers([group, layer])
"""
GREY = "image.convert_grayscale()\n"
ADOBE = "image.convert_color_profile(Gimp.ColorProfile.new_rgb_adobe(), Gimp.ColorRenderingIntent.PERCEPTUAL, False)\n"

KINDS = {"grey": GREY, "alpha": ALPHA, "masked": MASKED_AND_MOVED, "grouped": GROUPED, "adobe": ADOBE}


@pytest.fixture(scope="module")
def folder(chroot):
    made = chroot.folder("gimp")
    Image.fromarray(scene(WIDTH, HEIGHT)).save(made.outside / "scene.png")
    return made


@pytest.fixture(scope="module")
def server(folder, start_server):
    return start_server((folder / "server").outside, (folder / "run/server.json").outside)


@pytest.fixture(scope="module")
def running(chroot, folder, server, stack):
    install(folder)
    env = {"FOVEATE_RUNTIME_FILE": (folder / "run/server.json").inside}
    return stack.enter_context(gimp(chroot, folder, env))


@pytest.fixture
def run(running, folder):
    def run_case(prepare, depth="u8-non-linear", operation="refocus", **arguments):
        return running.run(
            RUN, folder=folder.inside, prepare=prepare, depth=depth, operation=operation, arguments=arguments
        )

    return run_case


def in_document(running, answer):
    """Return the result's pixels, 0 where there are none, and their alpha, in the document's frame."""
    before = running.pixels(answer["before"])
    x, y, width, height = answer["layer"]["bounds"]
    patch = np.zeros(before.shape, before.dtype)
    patch[y : y + height, x : x + width] = running.pixels(answer["pixels"])
    return patch


def levels(pixels):
    """Return samples as float64 with 1.0 as white."""
    return pixels / np.iinfo(pixels.dtype).max if pixels.dtype.kind == "u" else pixels.astype(float)


def check(running, answer):
    """Check a result against the protocol: the layer's pixels, blended by the selection, and nothing else."""
    assert answer["status"] == "success", answer
    before, after = running.pixels(answer["before"]), running.pixels(answer["after"])
    coverage = running.pixels(answer["coverage"])[..., 0]
    if not coverage.any():
        coverage = np.ones_like(coverage)
    patch = in_document(running, answer)
    alpha = levels(patch[..., -1])
    assert_same(after[(coverage == 0) | (alpha == 0)], before[(coverage == 0) | (alpha == 0)])
    assert np.array_equal(after[..., -1], before[..., -1])  # the document's own transparency
    opaque = (alpha > 1 - 1e-6) & (levels(before)[..., -1] == 1)
    assert opaque.any()
    assert_same(after[opaque], patch[opaque])
    old, new = levels(before)[..., :-1], levels(patch)[..., :-1]
    expected = old + (new - old) * alpha[..., None]
    visible = before[..., -1] != 0
    step = {1: 1 / 255, 2: 1 / 1000}.get(before.dtype.itemsize, 1e-5)
    np.testing.assert_allclose(levels(after)[..., :-1][visible], expected[visible], atol=step)
    assert np.abs(new - old)[opaque].max() > 0.01  # something happened
    recipe = json.loads(answer["recipe"])
    assert json.loads(answer["layer"]["parasite"]) == recipe
    assert f"({TITLES[recipe['model']['name']]})" in answer["layer"]["name"]
    return after


def assert_same(got, expected):
    """Check that samples are the same to the bit, or as near as GIMP, which blends in floats, gives them."""
    if got.dtype.itemsize < 4:
        assert np.array_equal(got, expected)
    else:
        np.testing.assert_allclose(levels(got), levels(expected), rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize(("depth", "selection"), DEPTHS)
def test_every_depth_and_selection(running, run, depth, selection):
    answer = run(selection, depth)
    check(running, answer)
    x, y, width, height = answer["layer"]["bounds"]
    assert x >= 0
    assert y >= 0
    assert x + width <= WIDTH
    assert y + height <= HEIGHT
    assert answer["layers"][0] == answer["layer"]["name"]
    assert len(answer["layers"]) == 2


@pytest.mark.parametrize("depth", ["u8-non-linear", "u16-linear", "float-linear"])
@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_kinds_of_documents(running, run, kind, depth):
    check(running, run(kind + FEATHERED, depth))


def test_the_precision_does_not_change_the_picture(running, run):
    pictures = []
    for depth in ("u16-non-linear", "u16-perceptual", "float-linear", "float-non-linear", "half-linear"):
        answer = run(RECTANGLE, depth)
        check(running, answer)
        pictures.append(running.pixels(answer["after as srgb"]))
    for other in pictures[1:]:
        np.testing.assert_allclose(other, pictures[0], atol=0.006)  # half has 11 bits, which the engine may amplify
        assert np.abs(other - pictures[0]).mean() < 2e-4


def test_the_selection_alone_is_changed_also_without_a_feather(running, run):
    answer = run(RECTANGLE)
    after = check(running, answer)
    before = running.pixels(answer["before"])
    changed = np.argwhere((after != before).any(axis=2))
    assert changed.min(axis=0).tolist() >= [16, 20]
    assert changed.max(axis=0).tolist() <= [55, 67]
    assert answer["layer"]["bounds"][2:] <= [48, 40]
