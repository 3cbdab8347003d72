"""The plugin never holds up a real Krita: how long its main thread pauses with 4096 x 4096 pixels, and by whom."""

from __future__ import annotations

import numpy as np
import pytest

from hosts.krita.program import krita

SIDE = 4096
FREE_SECONDS = 0.05  # that ours may take at a time


@pytest.fixture(scope="module")
def folder(chroot):
    made = chroot.folder("krita")
    coarse = np.random.default_rng(2).integers(0, 256, (SIDE // 16, SIDE // 16, 4), np.uint8)
    coarse[..., 3] = 255
    (made.outside / "large.raw").write_bytes(coarse.repeat(16, axis=0).repeat(16, axis=1).tobytes())
    return made


@pytest.fixture(scope="module")
def running(chroot, folder, start_server, start_screen, stack):
    runtime_file = folder / "run/server.json"
    start_server((folder / "server").outside, runtime_file.outside)
    env = {"FOVEATE_RUNTIME_FILE": runtime_file.inside}
    return stack.enter_context(krita(chroot, start_screen(), folder, env))


@pytest.mark.parametrize("prepare", ["select(document, 20, 20, side - 40, side - 40, feather=9)", ""])
def test_a_large_image_never_holds_up_krita(running, folder, prepare):
    answer = running.run(
        """
from driver.watch import watching
document = open_document(side, side, folder + "/large.raw")
exec(prepare)
with watching(desk()) as watch:
    begun = time.monotonic()
    press = watch.timed("press", lambda: start("refocus"))
    job = press()
    while not job.entry.flow.ended:
        app_events()
        if time.monotonic() > begun + 200:
            break
    pump(1.0)
answer = {**state(job), "took": time.monotonic() - begun, "gaps": watch.gaps()[:12], "own": watch.own()[:12],
    "calls": watch.by_call(), "beats": len(watch.beats), "begun": begun,
    "long": sorted(((e - s, n, s - begun) for s, e, n in watch.calls), reverse=True)[:20]}
""",
        timeout=300,
        side=SIDE,
        folder=folder.inside,
        prepare=prepare,
    )
    import pprint
    pprint.pprint(answer, width=150)
    running.run("forget_all()")
    assert answer["state"] == "done"
    assert answer["own"][0][0] < FREE_SECONDS
