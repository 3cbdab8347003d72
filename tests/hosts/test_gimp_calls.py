"""The plugin in a real GIMP, without a window: every procedure, what it refuses, and what happens in the middle."""

from __future__ import annotations

import os
import signal
import textwrap
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter

from foveate_shared.connection.running_server import find_server
from foveate_shared.connection.settings import load, save
from hosts.gimp.program import configuration, gimp, install
from hosts.gimp.scenes import scene
from hosts.gimp.waiting import until_forgotten, until_running

UNHURRIED = "fakes.engines:unhurried"
OPEN = """
image = load(folder + "/scene.png")
select(image, 20, 16, 48, 40)
"""
REFOCUS = f"{OPEN}answer = call('refocus', image); answer['layers'] = layers(image)"
CLOSED_PORT = "http://127.0.0.1:9"


@pytest.fixture(scope="module")
def folder(chroot):
    made = chroot.folder("gimp")
    Image.fromarray(scene(96, 80)).save(made.outside / "scene.png")
    faces = Image.fromarray(scene(200, 120) // 4)  # dark: only the discs are magenta
    for x in (30, 120):
        ImageDraw.Draw(faces).ellipse((x, 40, x + 40, 80), fill=(255, 0, 255))
    faces.filter(ImageFilter.GaussianBlur(0.6)).save(made.outside / "faces.png")
    return made


@pytest.fixture(scope="module")
def server(folder, start_server):
    return start_server((folder / "server").outside, (folder / "run/server.json").outside)


@pytest.fixture(scope="module")
def slow(folder, start_server):
    """A server that takes its time. Its runtime file is where a test's settings point to."""
    return start_server((folder / "slow").outside, (folder / "run/slow.json").outside, UNHURRIED)


@pytest.fixture(scope="module")
def running(chroot, folder, server, stack):
    install(folder)
    return stack.enter_context(gimp(chroot, folder, {}))


@pytest.fixture
def settings(folder):
    """The plugin's settings file, as we see it."""
    return configuration(folder) / "foveate.json"


@pytest.fixture(autouse=True)
def use(settings, folder, server):
    """Let the plugin use the fast server; a test may change that."""

    def change(runtime="server.json", **values):
        inside = (folder / f"run/{runtime}").inside
        save(settings, replace(load(settings), runtime_file=inside, **values))

    change(remote_url="", remote_token="", remote_fingerprint="", server_command=("/nowhere/foveate", "serve"))
    return change


@pytest.fixture
def do(running, folder):
    def run_snippet(code, hand="left", *, first="", **values):
        return running.run(first + textwrap.dedent(code), hand, folder=folder.inside, **values)

    return run_snippet


# --- every procedure -------------------------------------------------------------------------------------------------


def test_the_settings_procedure_tells_the_servers_state(do):
    answer = do("answer = call('settings', None)")
    assert answer["status"] == "success"
    assert answer["given"][0].startswith("Ready: foveate")


def test_faces_are_found_and_can_be_chosen(running, do, folder):
    code = """
    choices = ({}, {"only": "2"}, {"only": "7"})
    answer = [call("faces", load(folder + "/faces.png"), **arguments) for arguments in choices]
    """
    both, second, none = do(code)
    assert both["status"] == second["status"] == "success"
    assert both["layer"] is not None, both["notes"]
    left, _, width, _ = both["layer"]["bounds"]
    assert left < 40
    assert left + width > 120
    assert second["layer"] is not None, [both["layer"], both["notes"], second["notes"]]
    assert second["layer"]["bounds"][0] > 70
    assert none["status"] == "execution-error"
    assert "no face number 7" in none["error"]
    assert "2 faces" in both["notes"]


def test_an_upscaled_region_becomes_an_image(running, do):
    code = """
    image.convert_precision(Gimp.Precision.U16_NON_LINEAR)
    answer = call("upscale", image, scale=3)
    made = Gimp.Image.get_by_id(answer["image"])
    answer |= {"size": [made.get_width(), made.get_height()], "precision": made.get_precision().value_nick}
    answer |= {"old": layers(image), "pixels": dump_visible(made, folder + "/made.bin")}
    """
    answer = do(code, first=OPEN)
    assert answer["size"] == [144, 120]
    assert answer["precision"] == "u16-non-linear"
    assert answer["old"] == ["Background"]
    made = running.pixels(answer["pixels"])[..., :3] / 65535
    source = scene(96, 80)[16:56, 20:68] / 255
    assert np.abs(made.reshape(40, 3, 48, 3, 3).mean(axis=(1, 3)) - source).mean() < 0.05


def test_upscaling_in_place_gives_a_layer(do):
    answer = do(f"{OPEN}answer = call('upscale', image, target='in-place'); answer['layers'] = layers(image)")
    assert answer["image"] is None
    assert answer["layers"] == [answer["layer"]["name"], "Background"]


def test_a_result_can_be_an_image_of_its_own(do):
    answer = do(f"{OPEN}answer = call('refocus', image, output='image'); answer['layers'] = layers(image)")
    assert answer["image"] is not None
    assert answer["layers"] == ["Background"]


def test_no_strength_leaves_every_pixel_as_it_is(do):
    code = """
    before = dump_visible(image, folder + "/before.bin")
    answer = call("refocus", image, strength=0.0)
    answer["same"] = open(folder + "/before.bin", "rb").read() == (
        dump_visible(image, folder + "/after.bin") and open(folder + "/after.bin", "rb").read())
    """
    answer = do(code, first=OPEN)
    assert answer["status"] == "success"
    assert answer["same"]


def test_the_example_of_the_documentation_runs(chroot, folder, running, do):
    text = (Path(__file__).parents[2] / "docs/gimp.md").read_text()
    script = text.partition("```python\n")[2].partition("```")[0]
    (folder.outside / "batch.py").write_text(script)
    command = text.partition("```sh\n")[2].partition("```")[0].replace("batch.py", f"{folder.inside}/batch.py")
    env = {"FOVEATE_RUNTIME_FILE": (folder / "run/server.json").inside, "IN": f"{folder.inside}/scene.png"}
    env["OUT"] = f"{folder.inside}/batch.png"
    chroot.run(["sh", "-c", command], folder=folder, env=env).check()
    before, after = (
        np.asarray(Image.open(folder.outside / name).convert("RGB")) for name in ("scene.png", "batch.png")
    )
    changed = np.argwhere((before != after).any(axis=2))
    assert changed.size
    assert changed.min(axis=0).tolist() >= [16, 20]


def pixels_of(path):
    return np.asarray(Image.open(path).convert("RGB"))


# --- what is refused -------------------------------------------------------------------------------------------------

REFUSED = {
    "an indexed image": ("image.convert_indexed(0, 0, 16, False, False, '')", {}, "Choose Image > Mode > RGB first."),
    "a floating selection": (
        "Gimp.Selection.float(image, [image.get_layers()[0]], 5, 5)",
        {},
        "There is a floating selection. Anchor it",
    ),
    "Quick Mask": (
        """
channel = Gimp.Channel.new(image, "Qmask", image.get_width(), image.get_height(), 50.0, Gegl.Color.new("red"))
image.insert_channel(channel, None, 0)
""",
        {},
        "Quick Mask is on: what is painted there is not selected yet. Turn it off first (Shift+Q)",
    ),
    "a channel in the picture": (
        """
channel = Gimp.Channel.new(image, "sky", image.get_width(), image.get_height(), 50.0, Gegl.Color.new("red"))
image.insert_channel(channel, None, 0)
channel.set_visible(True)
""",
        {},
        "The channel “sky” is shown over the picture, and would tint the result. Hide it",
    ),
    "no layer": ("image.remove_layer(image.get_layers()[0])", {}, "The image has no layer. Add one."),
    "nothing visible": ("image.get_layers()[0].set_visible(False)", {}, "Nothing is visible in the selection."),
    "an unknown model": ("", {"model": "imaginary"}, "imaginary"),
    "variations of what is always the same": ("", {"variations": 3}, "uses no seed: all variations would be the same."),
    "words for faces": ("", {"only": "the left one"}, "Write numbers such as 1, 3-5."),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused(do, case):
    prepare, arguments, sentence = REFUSED[case]
    operation = "faces" if "only" in arguments else "refocus"
    code = f"{OPEN}{prepare}\nbefore = layers(image)\nanswer = call('{operation}', image, **arguments)\n"
    answer = do(f"{code}answer['same'] = layers(image) == before", arguments=arguments)
    assert answer["status"] == "execution-error"
    assert sentence in answer["error"]
    assert "Traceback" not in answer["error"]
    assert answer["same"]


def test_no_server_and_no_way_to_start_one(do, use):
    use("nobody.json")
    answer = do(REFOCUS)
    assert answer["status"] == "execution-error"
    assert "/nowhere/foveate (there is no such program)" in answer["error"]
    assert "foveate plugins install gimp" in answer["error"]
    assert answer["layers"] == ["Background"]


def test_a_wrong_token(do, use, server):
    address = find_server(server.runtime_file)
    use(remote_url=address.url, remote_token="fvt_" + "x" * 40)
    answer = do(REFOCUS)
    assert answer["status"] == "execution-error"
    assert "token" in answer["error"].lower()


def test_a_server_is_started_where_none_runs(do, use, make_launcher, folder):
    launcher = make_launcher()
    use("started.json", server_command=tuple(launcher.command))
    answer = do(REFOCUS)
    assert answer["status"] == "success", answer
    assert len(launcher.servers) == 1


# --- in the middle ---------------------------------------------------------------------------------------------------


@pytest.fixture
def in_the_middle(running, folder, use, slow, settings):
    """Start a slow job with the left hand; return what waits for its answer. The job runs by then."""
    use("slow.json")

    def begin(code=REFOCUS):
        until_forgotten(settings, slow)
        path = running.start(code, folder=folder.inside)
        until_running(settings, slow)
        return lambda: running.answer(path)

    return begin


LATEST = "image = latest()\n"


def test_a_killed_plug_in_cancels_its_job(in_the_middle, settings, slow, running):
    finish = in_the_middle()
    os.kill(plug_in_process(running), signal.SIGKILL)
    answer = finish()
    assert answer["status"] != "success"
    assert answer["layers"] == ["Background"]
    until_forgotten(settings, slow)


def test_an_image_that_was_resized_keeps_its_pixels_and_the_result_becomes_an_image(in_the_middle, do):
    finish = in_the_middle()
    do("image.resize(120, 100, 4, 4)", hand="right", first=LATEST)
    answer = finish()
    assert answer["status"] == "execution-error"
    assert "changed" in answer["error"]
    assert "kept as a new image, number" in answer["error"]
    assert answer["layers"] == ["Background"]
    number = int(answer["error"].rpartition("number ")[2].rstrip("."))
    size = do("made = Gimp.Image.get_by_id(number); answer = [made.get_width(), made.get_height()]", number=number)
    assert size == [48, 40]


def test_an_image_that_was_deleted_takes_its_result_with_it(in_the_middle, do, settings, slow):
    """GIMP keeps the image while the plug-in runs: nothing fails, and nothing stays."""
    do("for image in Gimp.get_images(): image.delete()")
    finish = in_the_middle(f"{OPEN}answer = call('refocus', image)")
    do("assert image.delete()", hand="right", first=LATEST)
    assert finish()["layer"] is None
    until_forgotten(settings, slow)
    assert do("answer = len(Gimp.get_images())") == 0


@pytest.mark.parametrize("depth", ["u16-linear", "float-linear", "u8-perceptual"])
def test_a_job_that_takes_seconds_fits_also_where_the_profile_is_made_anew(in_the_middle, depth):
    """GIMP writes the second into each profile that it derives: the image is not another one for that."""
    answer = in_the_middle(REFOCUS.replace("answer = ", f"precision(image, {depth!r}); answer = ", 1))()
    assert answer["status"] == "success", answer
    assert len(answer["layers"]) == 2


def test_painting_elsewhere_does_not_matter_painting_in_the_selection_does(in_the_middle, do):
    paint = """
    Gimp.Selection.none(image)
    image.select_rectangle(Gimp.ChannelOps.REPLACE, *place)
    image.get_layers()[0].edit_clear()
    """
    finish = in_the_middle()
    do(paint, hand="right", first=LATEST, place=[0, 0, 10, 10])
    assert finish()["status"] == "success"
    finish = in_the_middle()
    do(paint, hand="right", first=LATEST, place=[30, 30, 2, 2])
    assert "changed" in finish()["error"]


def test_a_server_that_is_killed_and_restarted_finishes_the_job(in_the_middle, slow):
    finish = in_the_middle()
    slow.restart()
    answer = finish()
    assert answer["status"] == "success", answer
    assert len(answer["layers"]) == 2


def plug_in_process(running) -> int:
    """Return the process of the plug-in that runs now: the newest one of ours that this GIMP has started."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        words = _words(process / "cmdline")
        is_ours = any(word.endswith("/foveate/foveate.py") for word in words) and "--caretaker" not in words
        if is_ours and f"HOME={running.folder.inside}" in _words(process / "environ"):
            found.append(int(process.name))
    assert found
    return max(found)


def _words(path: Path) -> list[str]:
    try:
        return path.read_text().split("\0")
    except OSError:
        return []
