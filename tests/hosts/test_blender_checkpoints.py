"""Checkpoints in Blender's windows: prompts, presets, variations, fill and extend, and nothing of it without one."""

from __future__ import annotations

import json

import numpy as np
import pytest

from hosts.blender.desk import PENCIL, RECT, SIZE, Desk, blender_with_windows, make_home
from hosts.blender.pictures import picture

INSIDE = (slice(16, 56), slice(20, 68))
CHECKPOINT = "deterministic-diffusion"
RESTORING = "fakes.engines:restoring"


@pytest.fixture(scope="module")
def folder(chroot):
    return make_home(chroot)


@pytest.fixture(scope="module")
def screen(start_screen):
    return start_screen(size=SIZE)


@pytest.fixture(scope="module")
def running(chroot, folder, start_server, screen, stack):
    start_server((folder / "server").outside, (folder / "run/server.json").outside)
    env = {**screen.environment, "FOVEATE_RUNTIME_FILE": (folder / "run/server.json").inside}
    return stack.enter_context(blender_with_windows(chroot, folder, env))


@pytest.fixture
def desk(running, folder):
    desk = Desk(running, folder)
    desk.connect("server.json")
    desk.open()
    running.run("for entry in list(runtime().entries): runtime().discard(entry)")
    running.wait_for("runtime().connection.is_ready and runtime().has_checkpoint")
    running.run(
        "p = bpy.context.window_manager.foveate; p.refocus_model = model; p.operation = 'refocus'\n"
        "p.refocus_prompt, p.refocus_preset, p.variations, p.refocus_loras_1 = 'a red door', 'NONE', 1, ''",
        model=CHECKPOINT,
    )
    yield desk
    running.check_output()


def recipe(desk, name):
    return json.loads(desk.running.run("answer = bpy.data.images[name]['foveate_recipe']", name=name))


def changed(desk, name):
    return (desk.pixels("in") != desk.pixels(name)).any(axis=2)


def test_nothing_of_it_is_shown_before_there_is_a_checkpoint(desk, running, folder, start_server):
    start_server((folder / "restoring").outside, (folder / "run/restoring.json").outside, RESTORING)
    desk.connect("restoring.json")
    running.wait_for("runtime().connection.is_ready and runtime().models and not runtime().has_checkpoint")
    running.run("bpy.context.window_manager.foveate.refocus_model = ''")
    shown = running.run(PENCIL + "answer = drawn(panels.FoveateMainPanel)")
    assert {"prompt", "preset", "variations", "fill", "extend"}.isdisjoint(shown)
    assert "foveate.refocus" in shown
    assert not running.run(PENCIL + "answer = checkpoint_panel.FoveateAdvancedPanel.poll(bpy.context)")
    assert not running.run("with bpy.context.temp_override(**editor()):\n    answer = bpy.ops.foveate.fill.poll()")
    told = running.run(
        PENCIL + "pencil = Pencil()\n"
        "with bpy.context.temp_override(**editor()):\n    add_model.draw(pencil, bpy.context)\n"
        "answer = ' '.join(pencil.drawn)"
    )
    assert "24 GB" in told
    assert "foveate.add_model" in told


def test_a_prompt_re_renders_the_region_alone_and_is_remembered(desk, running, screen):
    running.run(
        "p = bpy.context.window_manager.foveate; p.refocus_loras_1 = 'deterministic-lora'; p.refocus_strength = 0.6"
    )
    shown = running.run(PENCIL + "answer = drawn(panels.FoveateMainPanel)")
    assert {"prompt", "negative_prompt", "preset", "strength", "variations", "fill", "extend"} <= set(shown)
    desk.settle()
    screen.screenshot("blender-checkpoint")
    desk.press()
    made = desk.wait_for_state("done")["shown"]
    assert made == f"in, Refocus ({CHECKPOINT})"
    parts = changed(desk, made)
    assert parts[INSIDE].mean() > 0.5
    parts[INSIDE] = False
    assert not parts.any()
    parameters = recipe(desk, made)["parameters"]
    assert (parameters["prompt"], parameters["strength"]) == ("a red door", 0.6)
    assert parameters["loras"] == [{"name": "deterministic-lora", "weight": 1.0}]
    assert running.run("answer = runtime().settings.prompts[0]") == "a red door"
    running.run("bpy.context.window_manager.foveate.refocus_prompt = ''")
    desk.do("bpy.ops.foveate.use_prompt(kind='prompt', number=0)")
    assert running.run("answer = bpy.context.window_manager.foveate.refocus_prompt") == "a red door"


def test_a_preset_brings_its_own_strength(desk, running):
    values = running.run(
        "p = bpy.context.window_manager.foveate; p.refocus_strength = 0.9; p.refocus_preset = 'portrait'\n"
        "answer = [round(p.refocus_strength, 4), p.refocus_num_inference_steps]"
    )
    assert values == [0.4, 20]
    desk.press()
    made = desk.wait_for_state("done")["shown"]
    assert recipe(desk, made)["parameters"]["strength"] == 0.4


def test_variations_wait_and_one_is_chosen(desk, running, screen):
    running.run("bpy.context.window_manager.foveate.variations = 3")
    desk.press()
    desk.wait_for_the_end()
    seeds = running.run("answer = [e.parameters['seed'] for e in runtime().entries]")
    assert sorted(seeds) == list(range(min(seeds), min(seeds) + 3))
    assert desk.state()["images"] == ["in"]
    shown = running.run(PENCIL + "answer = drawn(panels.FoveateResultsPanel)")
    assert shown.count("foveate.apply_result") == 3
    desk.settle()
    screen.screenshot("blender-variations")
    desk.do(f"bpy.ops.foveate.apply_result(job={running.run('answer = runtime().entries[1].flow.job')!r})")
    made = desk.state()["shown"]
    assert recipe(desk, made)["parameters"]["seed"] == seeds[1]
    desk.do("bpy.ops.ed.undo()")
    first = running.run("answer = runtime().entries[0].flow.job")
    desk.do(f"bpy.ops.foveate.apply_result(job={first!r})")  # the next one: redo cannot bring the other back now
    desk.do("bpy.ops.ed.undo()")
    assert desk.state()["images"] == ["in"]
    shown = running.run(PENCIL + "answer = drawn(panels.FoveateResultsPanel)")
    assert shown.count("foveate.bring_back") == 2
    desk.do(f"bpy.ops.foveate.bring_back(job={running.run('answer = runtime().entries[1].flow.job')!r})")
    made = desk.state()["shown"]
    assert recipe(desk, made)["parameters"]["seed"] == seeds[1]
    desk.do("bpy.ops.foveate.use_seed()")
    kept = running.run("p = bpy.context.window_manager.foveate; answer = [p.refocus_seed, p.draw_seed]")
    assert kept == [seeds[0], False]
    running.run("bpy.context.window_manager.foveate.draw_seed = True")
    desk.do("bpy.ops.foveate.discard_group()")
    assert running.run("answer = [len(runtime().entries), made in bpy.data.images]", made=made) == [0, True]


def test_esc_ends_all_variations(desk, running, folder, start_server):
    start_server((folder / "slow").outside, (folder / "run/slow.json").outside, "fakes.engines:slow")
    desk.connect("slow.json")
    running.wait_for("runtime().connection.is_ready and runtime().has_checkpoint")
    running.run("bpy.context.window_manager.foveate.variations = 3")
    desk.press()
    running.wait_for("any(e.flow.status.state.value == 'running' for e in runtime().entries)")
    desk.strike("ESC")
    desk.wait_for_the_end()
    states = running.run("answer = [e.flow.status.state.value for e in runtime().entries]")
    assert states == ["cancelled"] * 3  # by the server's word: a cancel that it leaves unanswered ends as failed
    assert desk.state()["images"] == ["in"]


def test_a_region_is_filled_and_the_image_extended(desk, running):
    running.run("bpy.context.window_manager.foveate.operation = 'fill'")
    desk.press("fill")
    made = desk.wait_for_state("done")["shown"]
    assert made == f"in, Fill ({CHECKPOINT})"
    parts = changed(desk, made)
    assert parts[INSIDE].any()
    parts[INSIDE] = False
    assert not parts.any()
    running.run(
        "editor()['area'].spaces.active.image = bpy.data.images['in']\n"
        "p = bpy.context.window_manager.foveate; p.operation = 'extend'\n"
        "p.fill_extend_right, p.fill_extend_top = 32, 16"
    )
    before = desk.pixels("in")
    desk.press("extend")
    made = desk.wait_for_state("done")["shown"]
    after = desk.pixels(made)
    assert after.shape == (96, 128, 4)
    assert np.array_equal(after[16:, :96], before)
    assert after[:16].std() > 0
    desk.do("bpy.ops.ed.undo()")
    assert made not in desk.state()["images"]


def test_faces_and_upscale_are_rendered_by_a_checkpoint(desk, running):
    desk.open_samples(with_disc(), RECT)
    running.run(
        "p = bpy.context.window_manager.foveate\n"
        "p.faces_model = p.upscale_model = model; p.upscale_scale, p.upscale_target = '2', 'document'\n"
        "p.faces_strength = p.upscale_strength = 0.1",
        model=CHECKPOINT,
    )
    for operation, title in (("faces", "Faces"), ("upscale", "Upscale")):
        running.run(
            "editor()['area'].spaces.active.image = bpy.data.images['in']\n"
            "bpy.context.window_manager.foveate.operation = operation",
            operation=operation,
        )
        desk.press(operation)
        made = desk.wait_for_state("done")["shown"]
        assert made == f"in, {title} ({CHECKPOINT})"
        parts = changed(desk, made)
        assert parts[INSIDE].any()
        parts[INSIDE] = False
        assert not parts.any()
        told = recipe(desk, made)
        assert told["operation"] == operation
        assert (told["parameters"]["prompt"], told["parameters"]["strength"]) == ("a red door", 0.1)


def with_disc():
    """Return the picture with a magenta disc in the rectangle: the deterministic engine's face."""
    samples = picture("u8")[0].copy()
    rows, columns = np.mgrid[: samples.shape[0], : samples.shape[1]]
    samples[(rows - 44) ** 2 + (columns - 44) ** 2 <= 12**2] = (255, 0, 255, 255)
    return samples


def test_variants_are_compared_on_a_sheet(desk, running, screen):
    running.run(
        "bpy.context.window_manager.foveate.operation = 'compare'\n"
        "p = bpy.context.window_manager.foveate; p.compare_strengths, p.compare_seeds = '0.3, 0.9', '1 2'\n"
        "p.compare_models = p.compare_loras = ''"
    )
    shown = running.run(PENCIL + "answer = drawn(panels.FoveateMainPanel)")
    assert {"compare_models", "compare_strengths", "compare_seeds", "compare_loras", "foveate.compare"} <= set(shown)
    assert {"variations", "replace_users"}.isdisjoint(shown)
    desk.press("compare")
    made = desk.wait_for_state("done")["shown"]
    assert made == "in, Compare"  # by several models, it may be
    shown = running.run("answer = [*editor()['area'].spaces.active.zoom, editor()['region'].width]")
    assert shown[0] * desk.pixels(made).shape[1] <= shown[2]  # all of it, though it is larger
    desk.settle()
    screen.screenshot("blender-compare")
    told = recipe(desk, made)
    assert [(each["strength"], each["seed"]) for each in told["parameters"]["variants"]] == [
        (0.3, 1), (0.3, 2), (0.9, 1), (0.9, 2),
    ]  # fmt: skip
    outcomes = running.run("answer = [o.data for o in runtime().entries[0].flow.outcomes]")
    sheet = desk.pixels(made)
    slots = [sheet[y : y + height, x : x + width] for x, y, width, height in (each["slot"] for each in outcomes)]
    assert len(slots) == 5
    assert len({slot.tobytes() for slot in slots}) == 5  # each looks different
    assert np.array_equal(desk.pixels("in")[INSIDE], _found_in(slots[0], desk.pixels("in")[INSIDE]))
    desk.do("bpy.ops.ed.undo()")
    assert desk.state()["shown"] == "in"


def _found_in(slot, picture):
    """Return the part of `slot` that is like `picture`, else nothing."""
    height, width = picture.shape[:2]
    places = np.ndindex(slot.shape[0] - height + 1, slot.shape[1] - width + 1)
    parts = (slot[y : y + height, x : x + width] for y, x in places)
    return next((part for part in parts if np.array_equal(part, picture)), None)


def test_a_list_goes_on_with_what_is_chosen_from_its_menu(running, desk):
    running.run(
        "p = bpy.context.window_manager.foveate; p.operation, p.compare_loras = 'compare', 'deterministic-lora:0.5'"
    )
    desk.do("bpy.ops.foveate.choose_name(field='compare_loras', choice='none')")
    listed = running.run("answer = bpy.context.window_manager.foveate.compare_loras")
    assert listed == "deterministic-lora:0.5, none"
    running.run("bpy.context.window_manager.foveate.compare_models = 'nobody'")
    try:
        shown = " ".join(running.run(PENCIL + "answer = drawn(panels.FoveateMainPanel)"))
        assert "There is no checkpoint" in shown
    finally:
        running.run("p = bpy.context.window_manager.foveate; p.compare_models = p.compare_loras = ''")


def test_what_cannot_be_compared_is_said(running, desk):
    said = running.run(
        "answer = []\n"
        "for lists in ({}, {'compare_strengths': '2'}, {'compare_seeds': ' '.join(map(str, range(25)))}):\n"
        "    try: bpy.ops.foveate.compare(image='in', **lists)\n"
        "    except RuntimeError as error: answer.append(str(error))"
    )
    sentences = (
        "There is nothing to compare.",
        "Strengths must be at most 1.",
        "These are 25 variants; a sheet holds 24.",
    )
    assert [sentence in text for sentence, text in zip(sentences, said, strict=True)] == [True] * 3


def test_scripts_say_all_of_it(desk, running):
    running.run(
        "bpy.ops.foveate.refocus(image='in', rect=(20, 16, 48, 40), prompt='a door', negative_prompt='rust', seed=7,"
        " num_inference_steps=9, guidance_scale=2.5, scheduler='none', loras='deterministic-lora:0.5', strength=0.5,"
        " preset='photo', variations=2, result='door')"
    )
    one, two = (recipe(desk, f"door {number}")["parameters"] for number in (1, 2))
    assert (one["seed"], two["seed"]) == (7, 8)
    assert (one["num_inference_steps"], one["guidance_scale"], one["model"]) == (9, 2.5, CHECKPOINT)
    assert one["loras"] == [{"name": "deterministic-lora", "weight": 0.5}]
    assert "a door" in one["prompt"]
    assert "sharp photograph" in one["prompt"]
    error = running.run(
        "try: bpy.ops.foveate.extend(image='in'); answer = ''\nexcept RuntimeError as raised: answer = str(raised)"
    )
    assert "No side is to grow." in error


def test_the_panel_speaks_german(desk, running, screen):
    running.run("runtime().change(language='de')")
    try:
        desk.settle()
        screen.screenshot("blender-checkpoint-german")
        name = "bpy.types.UILayout.enum_item_name(bpy.context.window_manager.foveate, 'refocus_preset', 'photo')"
        assert running.run(f"answer = {name}") == "Foto"
    finally:
        running.run("runtime().change(language='')")
