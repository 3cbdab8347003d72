"""The extension in a real Blender, without a window: kinds of images and regions, from scripts."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from scipy import ndimage
from skimage import data

from hosts.blender.pictures import HEIGHT, WIDTH, as_kept, linear, picture, png16, scene
from hosts.blender.program import RUN, blender, blender_module, install
from hosts.lib.blender_module import VERSION_VARIABLE

BORDER = """
scene.render.use_border = True
scene.render.border_min_x, scene.render.border_max_x = 0.25, 0.75
scene.render.border_min_y, scene.render.border_max_y = 0.5, 1.0
"""
MASK = """
mask = bpy.data.masks.get("soft") or bpy.data.masks.new("soft")
if not mask.layers:
    spline = mask.layers.new().splines.new()
    spline.use_cyclic = True
    spline.points.add(3)
    for point, place in zip(spline.points, ((0.3, 0.65), (0.65, 0.7), (0.7, 0.35), (0.3, 0.3))):
        point.co = point.handle_left = point.handle_right = place
        point.weight = 0.08
"""
RECT = {"rect": (20, 16, 48, 40)}
AT_THE_BORDER = {"rect": (60, 0, 36, 30)}
IN_RECT = (slice(16, 56), slice(20, 68))
CASES = [  # pairs: every kind of image and every kind of region, not every combination
    ("u8", "sRGB", "", RECT, IN_RECT),
    ("u8", "Display P3", "", AT_THE_BORDER, (slice(0, 30), slice(60, 96))),
    ("u8", "sRGB", BORDER, {}, (slice(0, 40), slice(24, 72))),
    ("u8", "sRGB", "", {}, (slice(0, 80), slice(0, 96))),
    ("u8 alpha", "sRGB", "", RECT, IN_RECT),
    ("u8 packed", "sRGB", "", AT_THE_BORDER, (slice(0, 30), slice(60, 96))),
    ("f32", "Linear Rec.709", "", RECT, IN_RECT),
    ("f32", "Linear Rec.709", BORDER, {"region": "BORDER"}, (slice(0, 40), slice(24, 72))),
    ("f32 bright", "Linear Rec.709", "", AT_THE_BORDER, (slice(0, 30), slice(60, 96))),
    ("f32 alpha", "Linear Rec.709", "", RECT, IN_RECT),
    ("f32 alpha", "Linear Rec.709", "", {}, (slice(0, 80), slice(0, 96))),
]


@pytest.fixture(scope="module")
def running(request, start_server, stack):
    """The chroot's Blender, or the version of bpy that is asked for."""
    as_module = bool(os.environ.get(VERSION_VARIABLE))
    start = _start_module if as_module else _start_program
    running = stack.enter_context(start(request.getfixturevalue, start_server))
    yield running
    running.quit()


def _start_program(fixture, start_server):
    chroot = fixture("chroot")
    folder = chroot.folder("blender")
    install(chroot, folder)
    start_server((folder / "server").outside, (folder / "run/server.json").outside)
    return blender(chroot, folder, {"FOVEATE_RUNTIME_FILE": (folder / "run/server.json").inside})


def _start_module(fixture, start_server):
    folder = fixture("tmp_path_factory").mktemp("bpy")
    start_server(folder / "server", folder / "run/server.json")
    return blender_module(fixture("bpy_python"), folder, {"FOVEATE_RUNTIME_FILE": folder / "run/server.json"})


@pytest.fixture
def run(running):
    def run_case(kind, colorspace="", prepare="", operation="refocus", **arguments):
        samples, alpha_mode = picture(kind)
        running.save("in", samples)
        names = {"colorspace": colorspace, "alpha_mode": alpha_mode, "prepare": prepare}
        answer = running.run(RUN, operation=operation, arguments=arguments, **names)
        return answer, running.load("before")[::-1], running.load("after")[::-1]

    return run_case


@pytest.mark.parametrize(("kind", "colorspace", "prepare", "arguments", "inside"), CASES)
def test_what_is_selected_is_refocused_and_all_else_stays_to_the_bit(  # noqa: PLR0917 - a table's columns
    run, kind, colorspace, prepare, arguments, inside
):
    answer, before, after = run(kind, colorspace, prepare, **arguments)
    assert np.array_equal(as_kept(before, kind), picture(kind)[0][::-1])  # the old image was never touched
    changed = (before != after).any(axis=2)
    assert changed[inside].mean() > 0.5
    changed[inside] = False
    assert not changed.any()
    for name in ("is_float", "alpha_mode", "size", "colorspace"):
        assert answer["out"][name] == answer["in"][name]
    assert answer["out"]["recipe"]["operation"] == "refocus"
    assert answer["out"]["recipe"]["document"]["extent"] == [WIDTH, HEIGHT]


def test_alpha_stays_as_it_was(run):
    for kind in ("u8 alpha", "f32 alpha"):
        _, before, after = run(kind, **RECT)
        assert np.array_equal(before[..., 3], after[..., 3])


def test_a_linear_image_gives_the_same_picture_as_an_encoded_one(run):
    encoded = run("u8", "sRGB", **RECT)[2]
    light = run("f32", "Linear Rec.709", **RECT)[2]
    assert np.abs(linear(encoded[..., :3]) - light[..., :3]).max() < 0.02


def test_a_mask_is_respected_with_its_soft_edges(run, running):
    _, before, whole = run("f32", "", "")
    answer, _, masked = run("f32", "", MASK, mask="soft")
    assert answer["out"]["recipe"]["selection"]["has_coverage"]
    running.run(
        "import bl_ext.user_default.foveate.choose_region as c, bl_ext.user_default.foveate._shared as s\n"
        "r = c.choose(bpy.context, None, 'MASK', mask='soft').select(s.geometry.Extent(96, 80))\n"
        "np.save(FOLDER / 'cover.npy', r.coverage); answer = 1"
    )
    b = answer["out"]["recipe"]["selection"]["bounds"]
    coverage = np.zeros((HEIGHT, WIDTH, 1), np.float32)
    coverage[b[1] : b[1] + b[3], b[0] : b[0] + b[2]] = running.load("cover")[::-1]
    untouched = coverage[..., 0] == 0
    assert np.array_equal(masked[untouched], before[untouched])
    assert 0 < ((coverage > 0) & (coverage < 1)).mean() < 0.5
    soft = (coverage[..., 0] > 0.02) & (coverage[..., 0] < 0.5)
    full = coverage[..., 0] == 1
    change = np.abs(masked - before).sum(axis=2)
    assert change[full].mean() > 1.5 * change[soft].mean() > 0
    assert whole.shape == masked.shape


COMPOSITED = """
exec(prepare)
scene = bpy.data.scenes.new("masks")
scene.render.resolution_x, scene.render.resolution_y, scene.render.resolution_percentage = size[0], size[1], 100
tree, out = compositor(scene)
node = tree.nodes.new("CompositorNodeMask")
node.mask = mask
tree.links.new(node.outputs[0], out.inputs[0])
bpy.ops.render.render(scene="masks")
settings = scene.render.image_settings
settings.file_format, settings.color_depth = "OPEN_EXR", "32"
path = str(FOLDER / "mask.exr")
bpy.data.images["Render Result"].save_render(path, scene=scene)
image = bpy.data.images.load(path)
answer = grab(image, "theirs")
bpy.data.images.remove(image)
bpy.data.scenes.remove(scene)
import bl_ext.user_default.foveate.choose_region as choosing, bl_ext.user_default.foveate.rasterize_mask as masks
import bl_ext.user_default.foveate._shared as shared
layers = [choosing._layer(layer) for layer in mask.layers]
np.save(FOLDER / "ours.npy", masks.rasterize(layers, shared.geometry.Extent(*size)))
"""


@pytest.mark.parametrize("size", [(96, 80), (80, 120)])
def test_masks_are_drawn_as_blender_draws_them(running, size):
    running.run(COMPOSITED, prepare=MASK, size=size)
    ours, theirs = running.load("ours"), running.load("theirs")[..., 0]
    assert ours.shape == theirs.shape
    assert np.abs(ours - theirs).mean() < 0.01
    assert np.abs(ours.sum() / theirs.sum() - 1) < 0.03


def test_an_enlarged_region_is_an_image_of_its_own(run, running):
    answer, _, after = run("u8", "sRGB", operation="upscale", scale="3", rect=(20, 16, 10, 8))
    assert answer["out"]["size"] == [30, 24]
    assert after[..., 3].min() == 1
    name = running.run(
        'before = set(i.name for i in bpy.data.images); bpy.ops.foveate.upscale(image="in", target="document",'
        " rect=(20, 16, 30, 20)); answer = (set(i.name for i in bpy.data.images) - before).pop()"
    )
    assert name == "in, Upscale (deterministic-x4)"


def test_variants_are_compared_on_a_sheet_that_is_an_image_of_its_own(run, running):
    answer, _, sheet = run("u8", operation="compare", prompt="a red door", compare_strengths="0.4, 0.8", **RECT)
    parameters = answer["out"]["recipe"]["parameters"]
    assert [variant["strength"] for variant in parameters["variants"]] == [0.4, 0.8]
    assert parameters["prompt"] == "a red door"
    assert sheet.shape[0] >= 40
    assert sheet.shape[1] >= 3 * 48
    assert sheet.std() > 0


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        ('bpy.ops.foveate.refocus(image="none")', "There is no image none."),
        ("bpy.ops.foveate.refocus()", "No image is chosen."),
        ('bpy.ops.foveate.refocus(image="in", rect=(500, 500, 5, 5))', "does not lie in the image"),
        ('bpy.ops.foveate.refocus(image="in", region="RECTANGLE")', "No rectangle is selected."),
        ('bpy.ops.foveate.refocus(image="in", mask="absent")', "There is no mask absent."),
        ('bpy.ops.foveate.refocus(image="in", rect=(10, 10, 0, 10))', "does not lie in the image"),
        ('bpy.ops.foveate.refocus(image="in", rect=(10, 10, -5, 5))', "does not lie in the image"),
        ('bpy.ops.foveate.refocus(image="in", rect=(10, 10, 5, 5), mask="absent")', "There is no mask absent."),
        ('bpy.ops.foveate.refocus(image="in", rect=(10, 10, 5, 5), region="ALL")', "More than one region is given."),
        ('bpy.ops.foveate.refocus(image="in", result="out")', "There is an image out already."),
        ('bpy.ops.foveate.refocus(image="in", result="x" * 256)', " bytes"),
        ('bpy.ops.foveate.refocus(image="in", variations=100)', "100 variations cannot be made."),
        ('bpy.ops.foveate.refocus(image="in", region="BORDER")', "The scene has no render border."),
        ('bpy.ops.foveate.extend(image="in", right=8, rect=(10, 10, 5, 5))', "Leave out rect."),
        ('bpy.ops.foveate.refocus(image="in", model="absent")', "absent"),
        ('bpy.ops.foveate.faces(image="in", only="two")', "two does not name faces."),
        ('bpy.data.images["in"].colorspace_settings.name = "Non-Color"; bpy.ops.foveate.refocus(image="in")', "data"),
        (
            'bpy.data.images["in"].colorspace_settings.name = "Filmic Log"; bpy.ops.foveate.refocus(image="in")',
            "Filmic",
        ),
        ('bpy.ops.foveate.refocus(image="Render Result")', "Render first."),
    ],
)
def test_what_cannot_be_done_is_said_in_a_sentence_and_leaves_nothing(run, running, code, sentence):
    run("u8", **RECT)
    error = running.run(
        "before = sorted(i.name for i in bpy.data.images)\n"
        f"try:\n    {code}\n    answer = ['', []]\n"
        "except RuntimeError as error:\n    answer = [str(error), []]\n"
        "answer[1] = [before, sorted(i.name for i in bpy.data.images)]"
    )
    assert sentence in error[0]
    assert error[1][0] == error[1][1]


def test_the_result_is_saved_with_the_file_and_comes_back_exactly(run, running):
    for kind in ("u8 alpha", "f32 alpha"):
        _, _, after = run(kind, **RECT)
        running.run(
            'path = str(FOLDER / "saved.blend"); bpy.ops.wm.save_as_mainfile(filepath=path);'
            'bpy.ops.wm.open_mainfile(filepath=path); answer = grab(bpy.data.images["out"], "reopened")'
        )
        reopened = running.load("reopened")[::-1]
        assert np.array_equal(reopened, after)


SETUP_RENDER = """
scene = bpy.context.scene
scene.render.engine = "CYCLES"
scene.cycles.device, scene.cycles.samples, scene.cycles.use_denoising = "CPU", 1, False
scene.render.resolution_x, scene.render.resolution_y, scene.render.resolution_percentage = 96, 64, 100
scene.render.use_border = False
scene.foveate.refocus_renders = True
scene.foveate.render_box = (0.25, 0.25, 0.75, 0.75)
"""


def test_a_finished_render_is_refocused_and_the_render_itself_can_be(running):
    names = running.run(
        SETUP_RENDER + "bpy.ops.render.render(); answer = [i.name for i in bpy.data.images]\n"
        'answer.append(grab(bpy.data.images["Scene, frame 1, Refocus"], "rendered"))',
        timeout=90,
    )
    assert names[-1]["is_float"]
    assert names[-1]["size"] == [96, 64]
    running.run(
        "bpy.context.scene.foveate.refocus_renders = False\n"
        'bpy.ops.foveate.refocus(image="Render Result", rect=(24, 16, 48, 32), result="by hand")\n'
        'answer = grab(bpy.data.images["by hand"], "by_hand")'
    )
    assert np.array_equal(running.load("rendered"), running.load("by_hand"))


@pytest.mark.parametrize(
    ("form", "depth", "suffix", "tolerance"),
    [("PNG", "8", "png", 0), ("PNG", "16", "png", 1e-4), ("OPEN_EXR", "32", "exr", 0), ("JPEG", "8", "jpg", 0.1)],
)
def test_frames_that_are_written_are_refocused_beside(running, form, depth, suffix, tolerance):
    made = running.run(
        SETUP_RENDER + "scene.frame_start, scene.frame_end = 1, 2\n"
        "settings = scene.render.image_settings\n"
        "settings.file_format, settings.color_mode, settings.color_depth = form, 'RGB', depth\n"
        "for old in FOLDER.glob('frame-*'): old.unlink()\n"
        'scene.render.filepath = str(FOLDER / "frame-")\n'
        "bpy.ops.render.render(animation=True)\n"
        "scene.foveate.refocus_renders = False\n"
        'answer = sorted(path.name for path in FOLDER.glob("frame-*"))',
        timeout=90,
        form=form,
        depth=depth,
    )
    assert made == [f"frame-{n:04}{beside}.{suffix}" for n in (1, 2) for beside in ("-foveate", "")]
    pictures = []
    for name in made[:2]:
        running.run(
            "image = bpy.data.images.load(str(FOLDER / name)); answer = grab(image, 'frame')\n"
            "answer['format'] = image.file_format; bpy.data.images.remove(image)",
            name=name,
        )
        pictures.append(running.load("frame")[..., :3])
    difference = np.abs(pictures[0] - pictures[1]).max(axis=2)
    assert difference[16:48, 24:72].max() > 0
    difference[16:48, 24:72] = 0
    assert difference.max() <= tolerance


def test_a_still_that_a_script_writes_is_refocused_beside(running):
    made = running.run(
        SETUP_RENDER + "scene.render.image_settings.file_format = 'PNG'\n"
        'scene.render.filepath = str(FOLDER / "still.png")\n'
        "bpy.ops.render.render(write_still=True)\n"
        "scene.foveate.refocus_renders = False\n"
        'answer = sorted(path.name for path in FOLDER.glob("still*"))',
        timeout=90,
    )
    assert made == ["still-foveate.png", "still.png"]


def test_the_example_of_the_documentation_works(running):
    page = (Path(__file__).parents[2] / "docs/blender.md").read_text()
    example = page.split("```python")[1].split("```")[0]
    photo = np.rint(ndimage.gaussian_filter(data.astronaut().astype(float), (1, 1, 0))).astype(np.uint8)
    Image.fromarray(photo).save(running.folder / "portrait.png")
    running.run("import os\n" + example.replace('"/pictures/', 'str(FOLDER) + "/'))
    made = np.asarray(Image.open(running.folder / "portrait-sharp.png").convert("RGB"))
    changed = (made != photo).any(axis=2)
    assert changed[80:336, 120:376].any()
    changed[80:336, 120:376] = False
    assert not changed.any()


def test_a_file_of_16_bits_keeps_them(running):
    samples = np.rint(scene() * 65535).astype(np.uint16)
    (running.folder / "deep.png").write_bytes(png16(samples))
    made = running.run("""
image = bpy.data.images.load(str(FOLDER / "deep.png"), check_existing=False)
grab(image, "deep")
bpy.ops.foveate.refocus(image=image.name, rect=(20, 16, 48, 40), result="deep, sharp")
answer = grab(bpy.data.images["deep, sharp"], "sharp")
bpy.data.images.remove(image)
""")
    before, after = running.load("deep")[::-1], running.load("sharp")[::-1]
    assert made["is_float"]
    assert np.abs(before[..., :3] - linear(samples / 65535)).max() < 1e-4  # 8 bits err by 2e-3, Blender 5.2 by 2e-5
    changed = (before[..., :3] != after[..., :3]).any(axis=2)
    assert changed[IN_RECT].mean() > 0.5
    changed[IN_RECT] = False
    assert not changed.any()


def test_a_viewer_that_blender_left_empty_is_refused_with_a_sentence(running):
    error = running.run(
        """
compositor(bpy.context.scene)[0].nodes.new("CompositorNodeViewer")
bpy.ops.render.render()
leave_compositor(bpy.context.scene)
try: bpy.ops.foveate.refocus(image="Viewer Node"); answer = ""
except RuntimeError as raised: answer = str(raised)
""",
        timeout=90,
    )
    assert "Viewer Node is empty. Let the compositor fill it, in a Blender with windows" in error


TILES = """
for number, shade in ((1001, 0.25), (1002, 0.75)):
    tile = bpy.data.images.new("tile", 64, 64)
    samples = np.random.default_rng(number).random((16, 16, 4)).repeat(4, 0).repeat(4, 1).astype(np.float32)
    samples[..., 3] = 1
    tile.pixels.foreach_set(samples.ravel())
    tile.filepath_raw, tile.file_format = str(FOLDER / f"tile.{number}.png"), "PNG"
    tile.save()
    bpy.data.images.remove(tile)
tiled = bpy.data.images.load(str(FOLDER / "tile.1001.png"))
tiled.source, tiled.filepath = "TILED", str(FOLDER / "tile.<UDIM>.png")
if len(tiled.tiles) == 1:
    tiled.tiles.new(1002)
tiled.name = "tiled"
answer = []
for index in range(2):
    tiled.tiles.active_index = index
    bpy.ops.foveate.refocus(image="tiled", rect=(16, 16, 24, 24), result=f"tile {index}")
    plain = bpy.data.images.load(str(FOLDER / f"tile.{1001 + index}.png"), check_existing=False)
    made = bpy.data.images[f"tile {index}"]
    answer.append([grab(plain, f"plain{index}")["size"], grab(made, f"tile{index}")["size"]])
    bpy.data.images.remove(plain)
"""


def test_the_active_tile_is_worked_on(running):
    assert running.run(TILES) == [[[64, 64], [64, 64]]] * 2
    for index in range(2):
        changed = (running.load(f"plain{index}") != running.load(f"tile{index}")).any(axis=2)[::-1]
        assert changed[16:40, 16:40].any()
        changed[16:40, 16:40] = False
        assert not changed.any()


def test_tiles_that_are_not_saved_are_refused_with_a_sentence(running):
    error = running.run(
        TILES.split("answer = []", maxsplit=1)[0].replace('"tiled"', '"unsaved"') + "tiled.tiles.active_index = 1\n"
        "tiled.pixels[0] = 0.5; tiled.update()\n"
        "try: bpy.ops.foveate.refocus(image='unsaved')\nexcept RuntimeError as error: answer = str(error)"
    )
    assert "Tile 1002 has changes that are not saved." in error


def test_sequences_are_refused_with_a_sentence(running):
    error = running.run(
        "image = bpy.data.images.load(str(FOLDER / 'tile.1001.png')); image.source = 'SEQUENCE'; image.name = 'film'\n"
        "try: bpy.ops.foveate.refocus(image='film')\nexcept RuntimeError as error: answer = str(error)"
    )
    assert "film is a movie or a sequence. Open the frame as a single image." in error
