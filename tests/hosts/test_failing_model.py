"""A model that fails in every editor: a sentence with a remedy, an untouched document, and the next job works."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from foveate_server.engines.deterministic.engine import Failure
from hosts.blender import program as blender_program
from hosts.blender.pictures import picture
from hosts.gimp import program as gimp_program
from hosts.gimp.scenes import scene
from hosts.krita.program import krita

FAILING = "fakes.engines:failing"
WIDTH, HEIGHT = 96, 80
SAID = {  # of what happened, and of what to do
    Failure.MEMORY: ("memory", "smaller"),
    Failure.BUG: ("because of an error", "report"),
}
IN_KRITA = """
document = open_document(width, height, folder + "/scene.raw")
select(document, 20, 16, 48, 40)
before = pixels(document), names(document), undo_steps()
ended = finish(start("refocus"))
same = before == (pixels(document), names(document), undo_steps())
answer = [ended["error"], same]
"""
IN_GIMP = """
image = load(folder + "/scene.png")
select(image, 20, 16, 48, 40)
def look():
    dump_visible(image, folder + "/seen.bin")
    return open(folder + "/seen.bin", "rb").read(), layers(image)
before = look()
result = call("refocus", image)
answer = [result.get("error", ""), before == look()]
image.delete()
"""
IN_BLENDER = """
for image in [image for image in bpy.data.images if image.name in {"in", "out"}]:
    bpy.data.images.remove(image)
image = put("in", "in", "sRGB", "STRAIGHT")
before = list(image.pixels), sorted(image.name for image in bpy.data.images)
error = ""
try:
    bpy.ops.foveate.refocus(image="in", rect=(20, 16, 48, 40))
except RuntimeError as raised:
    error = str(raised)
answer = [error, before == (list(image.pixels), sorted(image.name for image in bpy.data.images))]
"""


@pytest.fixture(scope="module")
def folder(chroot):
    return chroot.folder("server")


@pytest.fixture(scope="module")
def env(folder, start_server):
    start_server((folder / "server").outside, (folder / "run/server.json").outside, FAILING)
    return {"FOVEATE_RUNTIME_FILE": (folder / "run/server.json").inside}


@pytest.fixture(scope="module")
def start_krita(chroot, env, start_screen, stack):
    def start():
        home = chroot.folder("krita")
        opaque = np.dstack([scene(WIDTH, HEIGHT), np.full((HEIGHT, WIDTH), 255, np.uint8)])
        (home.outside / "scene.raw").write_bytes(opaque.tobytes())
        running = stack.enter_context(krita(chroot, start_screen(), home, env))
        return lambda: running.run_case(IN_KRITA, width=WIDTH, height=HEIGHT, folder=home.inside)

    return start


@pytest.fixture(scope="module")
def start_gimp(chroot, env, stack):
    def start():
        home = chroot.folder("gimp")
        Image.fromarray(scene(WIDTH, HEIGHT)).save(home.outside / "scene.png")
        gimp_program.install(home)
        running = stack.enter_context(gimp_program.gimp(chroot, home, env))
        return lambda: running.run(IN_GIMP, folder=home.inside)

    return start


@pytest.fixture(scope="module")
def start_blender(chroot, env, stack):
    def start():
        home = chroot.folder("blender")
        blender_program.install(chroot, home)
        running = stack.enter_context(blender_program.blender(chroot, home, env))
        stack.callback(running.quit)
        running.save("in", picture("u8")[0])
        return lambda: running.run(IN_BLENDER)

    return start


@pytest.fixture(scope="module", params=["krita", "gimp", "blender"])
def refocus(request):
    """Run a job in an editor; it gives the error's sentences, and whether the document is as it was."""
    return request.getfixturevalue(f"start_{request.param}")()


@pytest.mark.parametrize("failure", SAID)
def test_a_failure_is_said_and_costs_one_job(refocus, folder, failure):
    marker = (folder / "server/data").outside / failure.value
    marker.touch()
    error, same = refocus()
    assert not marker.exists()  # it did fail
    happened, remedy = SAID[failure]
    assert happened in error
    assert remedy in error.lower()
    assert "Traceback" not in error
    assert same
    error, same = refocus()
    assert not error
    assert not same


@pytest.mark.parametrize("failure", [Failure.KILL, Failure.EXIT])
def test_what_a_dead_worker_was_at_is_tried_again(refocus, folder, failure):
    marker = (folder / "server/data").outside / failure.value
    marker.touch()
    error, same = refocus()
    assert not marker.exists()  # it did fail
    assert not error
    assert not same
