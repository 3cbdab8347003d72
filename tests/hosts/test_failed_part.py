"""A new image of which one part fails, in every editor: the rest is made with a button, and what is finished stays."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from hosts.blender.desk import PENCIL, SIZE, Desk, blender_with_windows, make_home
from hosts.gimp import program as gimp_program
from hosts.gimp.person import Person
from hosts.krita.program import krita

MORTAL = "fakes.engines:mortal"
WIDTH, HEIGHT = 1024, 2560  # three strips
ONE_FAILS = "live die live die die die"  # the second strip's worker, and again each time that it is tried
ONLY_ONE_MORE = "live die die die die"  # the one that failed; were another one made again, it would fail
PATIENCE = 240.0  # seconds, for what takes some by itself
SAID = "1 of 3 parts of the new image failed: The worker process was killed"

UNDISTURBED_IN_KRITA = """
import hashlib
select(open_document(width, height, folder + "/scene.raw"), 0, 0, width, height)
known = app.documents()
ended = finish(start("upscale", scale=2, target="new"), 240)
made = next(found for found in app.documents() if found not in known)
answer = [ended["state"], hashlib.sha256(pixels(made)).hexdigest()]
"""
FAIL_IN_KRITA = """
select(open_document(width, height, folder + "/scene.raw"), 0, 0, width, height)
kept["known"], kept["job"] = app.documents(), start("upscale", scale=2, target="new")
ended = finish(kept["job"], 240)
answer = [ended["error"], len(app.documents()) - len(kept["known"])]
"""
REST_IN_KRITA = """
import hashlib
buttons = docker().findChildren(QtWidgets.QAbstractButton)
(button,) = [each for each in buttons if each.text() == "Make the rest" and each.isVisible()]
button.click()
ended = finish(kept["job"], 240)
made = next(found for found in app.documents() if found not in kept["known"])
answer = [ended["state"], hashlib.sha256(pixels(made)).hexdigest()]
kept.clear()
"""
IN_GIMP = """
image = load(folder + "/scene.png")
answer = call("upscale", image)
if answer["status"] == "success":
    dump_visible(Gimp.Image.get_by_id(answer["image"]), folder + "/made.bin")
image.delete()
"""
SHOW_IN_GIMP = """
image = load(folder + "/scene.png")
open_displays.append(Gimp.Display.new(image))
Gimp.displays_flush()
"""


@pytest.fixture(scope="module")
def folder(chroot):
    return chroot.folder("server")


@pytest.fixture(scope="module")
def env(folder, start_server):
    start_server((folder / "server").outside, (folder / "run/server.json").outside, MORTAL)
    return {"FOVEATE_RUNTIME_FILE": (folder / "run/server.json").inside}


@pytest.fixture
def let(folder, env):
    """Say which calls of the engine its worker survives."""

    def let(fates):
        (folder / "server/data/fates").outside.write_text(fates)

    yield let
    let("live")


@pytest.fixture(scope="module")
def scene():
    """Samples of 8 bit, opaque, top row first."""
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    gray = ((rows * 3 + columns) % 251 + 1).astype(np.uint8)
    return np.dstack([gray, gray, gray, np.full_like(gray, 255)])


@pytest.fixture(scope="module")
def screen(start_screen):
    return start_screen(size=SIZE)


@pytest.fixture
def started_krita(chroot, env, screen, scene):
    home = chroot.folder("krita")
    (home.outside / "scene.raw").write_bytes(scene.tobytes())
    with krita(chroot, screen, home, env) as running:
        yield running, home


@pytest.fixture
def started_blender(chroot, env, screen):
    home = make_home(chroot)
    with blender_with_windows(chroot, home, {**screen.environment, **env}) as running:
        yield running, Desk(running, home)


@pytest.fixture
def started_gimp(chroot, env, screen, scene):
    home = chroot.folder("gimp")
    Image.fromarray(scene[..., :3]).save(home.outside / "scene.png")
    gimp_program.install(home)
    with gimp_program.gimp(chroot, home, {**screen.environment, **env}, console=False) as running:
        yield running, home


def test_in_krita(started_krita, let, screen):
    running, home = started_krita
    given = {"width": WIDTH, "height": HEIGHT, "folder": home.inside}
    state, expected = running.run(UNDISTURBED_IN_KRITA, PATIENCE, **given)
    assert state == "done"
    let(ONE_FAILS)
    error, new_documents = running.run(FAIL_IN_KRITA, PATIENCE, **given)
    assert SAID in error
    assert "make the rest" in error
    assert new_documents == 0
    screen.screenshot("krita-failed-part")
    let(ONLY_ONE_MORE)
    assert running.run(REST_IN_KRITA, PATIENCE) == ["done", expected]


def test_in_blender(started_blender, let, scene, screen):
    running, desk = started_blender
    everything = (0, 0, WIDTH, HEIGHT)  # with nothing selected, what takes so long is asked about
    desk.open_samples(scene[::-1], everything)
    upscale = "bpy.ops.foveate.upscale('INVOKE_DEFAULT', image='in', scale='2', target='new')"
    desk.do(upscale)
    undisturbed = desk.pixels(desk.wait_for_state("done", timeout=PATIENCE)["shown"])
    desk.open_samples(scene[::-1], everything)
    let(ONE_FAILS)
    desk.do(upscale)
    failed = desk.wait_for_state("failed", timeout=PATIENCE)
    assert failed["images"] == ["in"]
    assert SAID in failed["error"]
    assert "foveate.make_rest" in running.run(PENCIL + "answer = drawn(panels.FoveateResultsPanel)")
    screen.screenshot("blender-failed-part")
    let(ONLY_ONE_MORE)
    desk.do("bpy.ops.foveate.make_rest()")
    made = desk.wait_for_state("done", timeout=PATIENCE)["shown"]
    assert np.array_equal(desk.pixels(made), undisturbed)


def test_in_gimp(started_gimp, let, screen):
    running, home = started_gimp

    def made():
        return (home.outside / "made.bin").read_bytes()

    assert running.run(IN_GIMP, timeout=PATIENCE, folder=home.inside)["status"] == "success"
    undisturbed = made()
    let(ONE_FAILS)
    error = running.run(IN_GIMP, timeout=PATIENCE, folder=home.inside)["error"]  # a script has no button
    assert SAID in error
    assert "IN OUT --as gimp` makes the rest." in error

    let(ONE_FAILS)
    running.run(SHOW_IN_GIMP, folder=home.inside)
    person = Person(running, screen)
    answer = person.call(
        "upscale", f"dump_visible(Gimp.Image.get_by_id(answer['image']), {home.inside!r} + '/made.bin')"
    )
    person.press("Foveate: Upscale", "Return")
    person.look("^Foveate$", "gimp-failed-part")
    let(ONLY_ONE_MORE)
    person.keys("Return")
    assert answer(PATIENCE)["status"] == "success"
    assert made() == undisturbed
