"""GIMP and Blender at once on one server: each gets its own results, and the same ones as if it were alone."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from hosts.blender import program as blender_program
from hosts.blender.pictures import picture
from hosts.gimp import program as gimp_program
from hosts.gimp.scenes import scene

BRISK = "fakes.engines:brisk"
WIDTH, HEIGHT = 96, 80
INSIDE = (slice(16, 56), slice(20, 68))  # rows, columns of the selection
ROUNDS = 3
IN_GIMP = """
import time
begun = time.time()
image = load(folder + "/scene.png")
select(image, 20, 16, 48, 40)
answer = call("refocus", image)
answer["layers"] = layers(image)
answer["after"] = dump_visible(image, folder + "/after.bin", "R'G'B'A u8")
image.delete()
answer["span"] = [begun, time.time()]
"""
IN_BLENDER = f"""
import time
begun = time.time()
{blender_program.RUN}
answer["span"] = [begun, time.time()]
"""


@pytest.fixture(scope="module")
def runtime(chroot, start_server):
    """The folder of the one server, and its runtime file's path for the editors."""
    folder = chroot.folder("server")
    start_server((folder / "server").outside, (folder / "run/server.json").outside, BRISK)
    return {"FOVEATE_RUNTIME_FILE": (folder / "run/server.json").inside}


@pytest.fixture(scope="module")
def in_gimp(chroot, runtime, stack):
    folder = chroot.folder("gimp")
    Image.fromarray(scene(WIDTH, HEIGHT)[::-1, ::-1]).save(folder.outside / "scene.png")  # not what Blender has
    gimp_program.install(folder)
    return stack.enter_context(gimp_program.gimp(chroot, folder, runtime))


@pytest.fixture(scope="module")
def in_blender(chroot, runtime, stack):
    folder = chroot.folder("blender")
    blender_program.install(chroot, folder)
    running = stack.enter_context(blender_program.blender(chroot, folder, runtime))
    running.save("in", picture("u8")[0])
    yield running
    running.quit()


@pytest.fixture(scope="module")
def begin(in_gimp, in_blender):
    """Functions that start a job in an editor, and give one that waits for its answer and picture."""

    def begin_in_gimp():
        path = in_gimp.start(IN_GIMP, folder=in_gimp.folder.inside)

        def finish():
            answer = in_gimp.answer(path)
            assert answer["status"] == "success", answer
            assert answer["layers"] == [answer["layer"]["name"], "Background"]
            return answer["span"], in_gimp.pixels(answer["after"]).copy()

        return finish

    def begin_in_blender():
        values = {"operation": "refocus", "arguments": {"rect": (20, 16, 48, 40)}, "prepare": ""}
        path = in_blender.start(IN_BLENDER, colorspace="sRGB", alpha_mode="STRAIGHT", **values)

        def finish():
            answer = in_blender.answer(path)
            return answer["span"], np.rint(in_blender.load("after")[::-1] * 255).astype(np.uint8)

        return finish

    return {"gimp": begin_in_gimp, "blender": begin_in_blender}


@pytest.fixture(scope="module")
def alone(begin):
    """What each editor gets while the other one rests."""
    return {name: start()()[1] for name, start in begin.items()}


def test_both_pictures_are_changed_where_they_were_selected(alone):
    sources = {"gimp": scene(WIDTH, HEIGHT)[::-1, ::-1], "blender": picture("u8")[0][::-1, :, :3]}
    for name, after in alone.items():
        changed = (after[..., :3] != sources[name]).any(axis=2)
        assert changed[INSIDE].mean() > 0.5, name
        changed[INSIDE] = False
        assert not changed.any(), name


@pytest.mark.parametrize("first", ["gimp", "blender"])
def test_each_gets_its_own_result_while_the_other_one_works(begin, alone, first):
    order = sorted(begin, key=lambda name: name != first)
    for _ in range(ROUNDS):
        finishes = {name: begin[name]() for name in order}
        ended = {name: finish() for name, finish in finishes.items()}
        begun, done = zip(*(span for span, _ in ended.values()), strict=True)
        assert max(begun) < min(done)  # they did work at the same time
        for name, (_, after) in ended.items():
            assert np.array_equal(after, alone[name]), name
