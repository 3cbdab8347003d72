"""Images of a Blender with windows as pictures beside the one that is worked on, and every kind of result."""

from __future__ import annotations

import json

import numpy as np
import pytest

from hosts.blender.desk import PENCIL, SIZE, Desk, blender_with_windows, make_home
from hosts.lib.photo import edges, film_still, photo

WIDTH, HEIGHT = 40, 30
CHOOSE = """
def choose(operation, slot, position, title):
    image = bpy.data.images.get(title)
    key = str(image.session_uid) if image else "NONE"
    with bpy.context.temp_override(**editor()):
        return list(bpy.ops.foveate.choose_picture(
            operation=operation, slot=slot, position=position, picture=key))
"""


@pytest.fixture(scope="module")
def folder(chroot):
    return make_home(chroot)


@pytest.fixture(scope="module")
def screen(start_screen):
    return start_screen(size=SIZE)


@pytest.fixture(scope="module")
def desk(chroot, folder, screen, start_server, stack):
    runtime_file = folder / "run/server.json"
    start_server((folder / "server").outside, runtime_file.outside, module="fakes.layer_operations")
    env = {**screen.environment, "FOVEATE_RUNTIME_FILE": runtime_file.inside}
    running = stack.enter_context(blender_with_windows(chroot, folder, env))
    made = Desk(running, folder)
    running.run("runtime().wake()")
    made.wait_for_connection("ready")
    running.wait_for("runtime().models and runtime().operations")
    return made


def noise(seed, kind, size=(WIDTH, HEIGHT)):
    random = np.random.default_rng(seed)
    if kind == "u8":
        return random.integers(0, 256, (*size[::-1], 4), np.uint8)
    values = random.random((*size[::-1], 4)).astype(np.float32) * 2
    values[..., 3] = random.random(size[::-1])
    return values


def put(desk, **images):
    """Make images of arrays, beside the one that is open."""
    for name, samples in images.items():
        desk.running.save(name, samples)
        desk.running.run("image = put(name, name)\nimage.use_fake_user = True\nanswer = True", name=name)


def show(desk, operation):
    desk.running.run("bpy.context.window_manager.foveate.operation = operation", operation=operation)


def choose(desk, operation, slot, position, title):
    return desk.running.run(
        CHOOSE + "answer = choose(operation, slot, position, title)",
        operation=operation, slot=slot, position=position, title=title,
    )  # fmt: skip


def press(desk, operation):
    """Press the panel's button."""
    desk.running.run(
        "with bpy.context.temp_override(**editor()):\n"
        "    bpy.ops.foveate.run_operation('INVOKE_DEFAULT', operation=operation)",
        operation=operation,
    )


def told(desk):
    return desk.running.run("answer = list(runtime().entries[0].host.told)")


def seen(folder, line, name, like):
    """Return what the server says it saw of a picture, bottom row first as Blender has it."""
    inside = line.partition(" in ")[2].partition(":")[0]
    where = folder.outside / inside.rpartition("/")[2]
    about = json.loads((where / "about.json").read_text())[name]
    return np.frombuffer((where / f"{name}.raw").read_bytes(), like.dtype).reshape(like.shape), about


@pytest.mark.parametrize("kind", ["u8", "f32"])
def test_images_reach_the_server_as_they_are(desk, folder, kind):
    desk.open_samples(noise(1, kind), (0, 0, 0, 0))
    edges, small, other = noise(2, kind), noise(3, kind, (7, 5)), noise(4, "f32" if kind == "u8" else "u8")
    put(desk, edges=edges, small=small, other=other)
    show(desk, "probe")
    for place in (("control", 0, "edges"), ("reference", 0, "small"), ("reference", 1, "other")):
        assert choose(desk, "probe", *place) == ["FINISHED"]
    press(desk, "probe")
    state = desk.wait_for_state("done", "failed")
    assert (state["state"], state["error"]) == ("done", "")
    (line,) = told(desk)
    for name, samples in (("control", edges), ("reference-1", small), ("reference-2", other)):
        found, about = seen(folder, line, name, samples)
        assert np.array_equal(found, samples), name
        alpha = "straight" if samples.dtype == np.uint8 else "premultiplied"
        assert about["format"] == ["u8" if samples.dtype == np.uint8 else "f32", "RGBA", alpha, "bottom_up"]
        assert about["space"] == ("srgb" if samples.dtype == np.uint8 else "srgb-linear")


def test_what_holds_data_goes_as_it_is(desk, folder):
    desk.open_samples(noise(1, "u8"), (0, 0, 0, 0))
    depth, mask = noise(9, "f32"), noise(10, "u8")
    put(desk, depth=depth, mask=mask)
    desk.running.run("for name in ('depth', 'mask'):\n    bpy.data.images[name].colorspace_settings.name = 'Non-Color'")
    show(desk, "probe")
    choose(desk, "probe", "control", 0, "depth")
    choose(desk, "probe", "reference", 0, "mask")
    press(desk, "probe")
    state = desk.wait_for_state("done", "failed")
    assert (state["state"], state["error"]) == ("done", "")
    (line,) = told(desk)
    for name, samples in (("control", depth), ("reference-1", mask)):
        found, about = seen(folder, line, name, samples)
        assert np.array_equal(found, samples), name
        assert about["space"] == "srgb"


def test_the_panel_draws_a_chooser_for_each_and_says_what_is_missing(desk, folder):
    desk.open_samples(noise(1, "u8"), (0, 0, 0, 0))
    put(desk, outlines=noise(2, "u8"), little=noise(3, "u8", (7, 5)))
    show(desk, "take")
    drawn = "answer = drawn(panels.FoveateMainPanel)"
    before = desk.running.run(PENCIL + drawn)
    assert "Control picture" in before
    assert "Choose a picture: Control picture." in " ".join(map(str, before))
    refused = choose(desk, "take", "control", 0, "little")
    assert refused == ["CANCELLED"]
    assert choose(desk, "take", "control", 0, "outlines") == ["FINISHED"]
    assert choose(desk, "take", "reference", 0, "little") == ["FINISHED"]
    after = desk.running.run(PENCIL + drawn)
    start = after.index("Reference pictures 1")
    assert after[start - 1 : start + 2] == ["Control picture", "Reference pictures 1", "2"]
    assert "Choose a picture" not in " ".join(map(str, after))


def test_choosers_look_right(desk, folder, screen):
    desk.running.run("for entry in list(runtime().entries):\n    runtime().discard(entry)")
    desk.open_samples(np.ascontiguousarray(photo()[::-1]), (0, 0, 0, 0), "Portrait")
    for name, samples in (("Edges", edges()), ("Film still", film_still())):
        put(desk, **{name: np.ascontiguousarray(samples[::-1])})
    show(desk, "take")
    assert choose(desk, "take", "control", 0, "Edges") == ["FINISHED"]
    choose(desk, "take", "reference", 0, "")
    assert choose(desk, "take", "reference", 0, "Film still") == ["FINISHED"]
    desk.settle()
    screen.screenshot("blender-pictures")


def test_a_result_is_made_of_what_was_chosen_also_under_a_new_name(desk, folder):
    desk.open_samples(noise(1, "u8"), (0, 0, 0, 0))
    wanted = noise(5, "u8")
    put(desk, picked=wanted)
    show(desk, "take")
    assert choose(desk, "take", "control", 0, "picked") == ["FINISHED"]
    choose(desk, "take", "reference", 0, "")
    desk.running.run("bpy.data.images['picked'].name = 'renamed'")
    press(desk, "take")
    state = desk.wait_for_state("done", "failed")
    assert (state["state"], state["error"]) == ("done", "")
    made = np.rint(desk.pixels(state["shown"]) * 255).astype(np.uint8)
    assert np.array_equal(made[::-1], wanted)


def test_each_image_has_choices_of_its_own(desk, folder):
    desk.open_samples(noise(1, "u8"), (0, 0, 0, 0))
    put(desk, beside=noise(5, "u8"))
    show(desk, "take")
    assert choose(desk, "take", "control", 0, "beside") == ["FINISHED"]
    desk.running.run("editor()['area'].spaces.active.image = bpy.data.images['beside']")
    drawn = desk.running.run(PENCIL + "answer = drawn(panels.FoveateMainPanel)")
    assert "Choose a picture: Control picture." in " ".join(map(str, drawn))
    desk.running.run("editor()['area'].spaces.active.image = bpy.data.images['in']")
    drawn = desk.running.run(PENCIL + "answer = drawn(panels.FoveateMainPanel)")
    assert "Choose a picture" not in " ".join(map(str, drawn))


def test_the_panel_loads_no_file_before_a_picture_is_chosen(desk, folder):
    desk.open_samples(noise(1, "u8"), (0, 0, 0, 0))
    for name, size in (("far", (WIDTH, HEIGHT)), ("little", (7, 5))):
        desk.running.save(name, noise(11, "u8", size))
        desk.running.run(
            "image = put(name, name)\nimage.filepath_raw = str(FOLDER / (name + '.png'))\n"
            "image.file_format = 'PNG'\nimage.save()\npath = image.filepath_raw\nbpy.data.images.remove(image)\n"
            "bpy.data.images.load(path).name = name",
            name=name,
        )
    show(desk, "take")
    loaded = "answer = [bpy.data.images[name].has_data for name in ('far', 'little')]"
    desk.running.run(PENCIL + "drawn(panels.FoveateMainPanel)")
    desk.settle()
    assert desk.running.run(loaded) == [False, False]
    assert choose(desk, "take", "control", 0, "little") == ["CANCELLED"]  # another size: it is seen now
    assert choose(desk, "take", "control", 0, "far") == ["FINISHED"]
    assert desk.running.run(loaded) == [True, True]
    press(desk, "take")
    state = desk.wait_for_state("done", "failed")
    assert (state["state"], state["error"]) == ("done", "")


def test_an_image_that_is_gone_is_said_before_anything_is_sent(desk, folder):
    desk.open_samples(noise(1, "u8"), (0, 0, 0, 0))
    put(desk, doomed=noise(6, "u8"))
    show(desk, "take")
    assert choose(desk, "take", "control", 0, "doomed") == ["FINISHED"]
    jobs = desk.running.run("answer = len(runtime().entries)")
    desk.running.run("bpy.data.images.remove(bpy.data.images['doomed'])")
    drawn = desk.running.run(PENCIL + "answer = drawn(panels.FoveateMainPanel)")
    assert "doomed, which was chosen as Control picture, is gone." in " ".join(map(str, drawn))
    said = desk.running.run(
        "try:\n"
        "    with bpy.context.temp_override(**editor()):\n"
        "        bpy.ops.foveate.run_operation('INVOKE_DEFAULT', operation='take')\n"
        "except RuntimeError as error:\n"
        "    answer = str(error)"
    )
    assert "doomed, which was chosen as Control picture, is gone." in said
    assert desk.running.run("answer = len(runtime().entries)") == jobs


def test_a_selection_is_a_rectangle_and_an_image_that_shows_it(desk, folder):
    samples = np.zeros((HEIGHT, WIDTH, 4), np.uint8)
    samples[..., 3] = 255
    samples[4:10, 6:20, 0] = 200  # rows from below
    desk.open_samples(samples, (0, 0, 0, 0))
    show(desk, "pick")
    press(desk, "pick")
    state = desk.wait_for_state("done", "failed", "unapplied")
    assert (state["state"], state["error"]) == ("done", "")
    rect, made = desk.running.run("answer = [list(bpy.data.images['in'].foveate.rect), runtime().entries[0].host.made]")
    assert rect == [6, HEIGHT - 10, 14, 6]
    shown = np.rint(desk.pixels(made) * 255)[::-1, :, 0]
    assert np.array_equal(shown, np.where(samples[..., 0] > 127, 255, 0))


def test_a_report_is_told_and_its_drawing_is_an_image(desk, folder, screen):
    desk.open_samples(noise(1, "u8"), (0, 0, 0, 0))
    show(desk, "weigh")
    press(desk, "weigh")
    state = desk.wait_for_state("done", "failed")
    assert (state["state"], state["error"]) == ("done", "")
    assert told(desk) == [f"pixels: {WIDTH * HEIGHT}", "kind: photo"]
    drawn = desk.running.run(PENCIL + "answer = drawn(panels.FoveateResultsPanel)")
    assert f"pixels: {WIDTH * HEIGHT}" in drawn
    made = desk.running.run("answer = runtime().entries[0].host.made")
    assert desk.pixels(made)[0, :, :3].tolist() == [[1, 0, 0], [0, 1, 0]]
    desk.settle()
    screen.screenshot("blender-report")


def test_an_operation_without_a_document_makes_a_new_image(desk, folder):
    desk.running.run(
        "for image in list(bpy.data.images):\n    bpy.data.images.remove(image)\n"
        "editor()['area'].spaces.active.image = None"
    )
    put(desk, look=noise(7, "u8"))
    show(desk, "collage")
    assert choose(desk, "collage", "reference", 0, "look") == ["FINISHED"]
    desk.running.run("bpy.context.window_manager.foveate.region = 'RECTANGLE'")  # of which there is none
    press(desk, "collage")
    state = desk.wait_for_state("done", "failed")
    desk.running.run("bpy.context.window_manager.foveate.region = 'AUTO'")
    assert (state["state"], state["error"]) == ("done", "")
    made = np.rint(desk.pixels(state["shown"]) * 255)
    ramp = (np.arange(WIDTH * HEIGHT * 3) % 251).reshape(HEIGHT, WIDTH, 3)
    assert np.array_equal(made[..., :3], ramp)


def test_scripts_name_pictures(desk, folder):
    desk.open_samples(noise(1, "u8"), (0, 0, 0, 0))
    wanted = noise(8, "u8")
    put(desk, named=wanted)
    code = (
        "with bpy.context.temp_override(**editor()):\n"
        "    answer = list(bpy.ops.foveate.run_operation('EXEC_DEFAULT', operation='take', image='in', "
        "result='out', pictures=pictures))"
    )
    assert desk.running.run(code, pictures=json.dumps({"control": "named"})) == ["FINISHED"]
    made = np.rint(desk.pixels("out") * 255).astype(np.uint8)
    assert np.array_equal(made[::-1], wanted)
    own = code.replace("result='out'", "result='own'")
    assert desk.running.run(own, pictures=json.dumps({"control": "in"})) == ["FINISHED"], "as on the command line"
    made = np.rint(desk.pixels("own") * 255).astype(np.uint8)
    assert np.array_equal(made[::-1], noise(1, "u8"))
    tried = code.replace("result='out'", "result='none'").replace("\n", "\n    ")
    refused = f"try:\n    {tried}\nexcept RuntimeError as error:\n    answer = str(error)"
    assert "There is no picture called 'absent'." in desk.running.run(refused, pictures='{"control": "absent"}')
    assert "Choose a picture: Control picture." in desk.running.run(refused, pictures="{}")
