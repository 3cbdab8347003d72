"""The plugin in a real Krita with the real weights on a real photo, and pictures of its docker in both themes."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image
from scipy import ndimage
from skimage import data

from hosts.krita.program import krita
from hosts.lib.servers import REAL

pytestmark = pytest.mark.weights
BLUR = 1.5  # pixels: what the restorer mends well
FACE = (165, 30, 130, 170)  # x, y, width, height around the face
SHOW = """
window = app.activeWindow().qwindow()
window.setGeometry(0, 0, 1280, 860)
for found in app.dockers():
    found.setVisible(found.objectName() in ("KisLayerBox", "ToolBox", "foveate_docker"))
pump(0.5)
layers_docker = next(found for found in app.dockers() if found.objectName() == "KisLayerBox")
window.resizeDocks([docker()], [360], Qt.Orientation.Horizontal)
window.resizeDocks([layers_docker, docker()], [170, 660], Qt.Orientation.Vertical)
pump(0.5)
"""


@pytest.fixture(scope="module")
def photo():
    """A sharp photo of a person, and the same out of focus; uint8 (512, 512, 3)."""
    sharp = data.astronaut()
    return sharp, np.rint(ndimage.gaussian_filter(sharp.astype(float), (BLUR, BLUR, 0))).astype(np.uint8)


@pytest.mark.parametrize(("theme", "name"), [("Krita dark", "dark"), ("Krita bright", "light")])
def test_a_face_comes_into_focus(chroot, start_server, start_screen, photo, theme, name):  # noqa: PLR0917
    folder = chroot.folder("krita")
    runtime_file = folder / "run/server.json"
    start_server((folder / "server").outside, runtime_file.outside, REAL)
    sharp, soft = photo
    Image.fromarray(soft).save(folder.outside / "photo.png")
    screen = start_screen(size=(1280, 860))
    with krita(chroot, screen, folder, {"FOVEATE_RUNTIME_FILE": runtime_file.inside}, theme) as running:
        running.run('open_file(folder + "/photo.png")', folder=folder.inside)
        running.run(SHOW)
        running.run(
            """
document = kept["document"] = app.activeDocument()
select(document, *face, feather=8)
wait_for(lambda: desk().models)
pixels(document, folder + "/before.raw")
answer = finish(start("refocus"), 80)
pixels(document, folder + "/after.raw")
""",
            folder=folder.inside,
            face=FACE,
        )
        screen.screenshot(f"krita-{name}")
        running.run('trigger("edit_undo", kept["document"])')  # in orders of their own: Krita draws between them
        running.run('app.action("deselect").trigger()')
        running.run("wait_for(lambda: desk().context.selection is None)")
        found = running.run(
            """
form = docker().panel.task
form.choose("faces")
form.fields["only"]._find.click()
wait_for(lambda: desk().faces, 60)
desk().settings = replace(desk().settings, ask_first=True)
kept["job"] = start("faces")
answer = [len(desk().faces), finish(kept["job"], 80)["state"]]
pump(0.5)
"""
        )
        screen.screenshot(f"krita-faces-{name}")
        running.run("forget_all()")
    assert found[0] >= 1
    assert found[1] == "unapplied"
    before, after = (
        np.frombuffer((folder.outside / f"{part}.raw").read_bytes(), np.uint8).reshape(512, 512, 4)[..., 2::-1]
        for part in ("before", "after")
    )
    x, y, width, height = FACE
    inside = (slice(y + 20, y + height - 20), slice(x + 20, x + width - 20))
    outside = np.ones((512, 512), bool)
    outside[y - 16 : y + height + 16, x - 16 : x + width + 16] = False
    assert np.array_equal(before[outside], after[outside])
    assert _error(after[inside], sharp[inside]) < 0.9 * _error(before[inside], sharp[inside])


def _error(image, truth):
    return float(np.square(image.astype(float) - truth).mean())
