"""What people see of the plugin in a real Krita: several windows, twice the pixels, German, the keyboard."""

from __future__ import annotations

import numpy as np
import pytest
from skimage import data

from hosts.krita.program import krita

WIDTH, HEIGHT = 512, 512
OPEN = """
document = open_document(512, 512, folder + "/scene.raw")
select(document, 165, 30, 130, 170, feather=6)
"""
ARRANGE = """
window = app.activeWindow().qwindow()
window.setGeometry(0, 0, 1280, 860)
for found in app.dockers():
    found.setVisible(found.objectName() in ("KisLayerBox", "ToolBox", "foveate_docker"))
pump(0.5)
layers_docker = next(found for found in app.dockers() if found.objectName() == "KisLayerBox")
window.resizeDocks([docker()], [340], Qt.Orientation.Horizontal)
window.resizeDocks([layers_docker, docker()], [150, 680], Qt.Orientation.Vertical)
pump(0.5)
"""
LIVE = """
from foveate._shared import protocol, geometry, pixels as layouts
job = start("refocus")
wait_for(lambda: job.flow.status.state.value == "running")
extent = geometry.Extent(130, 170)
shown = protocol.Preview(job.flow.job, 1, extent.bounds, protocol.Pixels(extent,
    layouts.PixelFormat(layouts.SampleType.U8, layouts.Channels.RGB), protocol.Blob(1, 130 * 170 * 3, "0" * 64)))
job.flow.handle(shown, (Path(folder + "/preview.raw").read_bytes(),))
desk().announce()
pump(0.3)
card = docker().panel.jobs.card(job)
kept["job"], kept["document"] = job, document
shown = desk().previews.of(job)
answer = [card._preview.isVisible(), shown.width(), shown.height(), len(layers(document))]
"""


@pytest.fixture(scope="module")
def runtime_file(chroot, start_server):
    folder = chroot.folder("server")
    start_server(folder.outside, (folder / "run/server.json").outside, "fakes.engines:brisk")
    return (folder / "run/server.json").inside


@pytest.fixture
def settle(chroot, runtime_file):
    """A home for a Krita of its own, and what its environment needs."""

    def make():
        made = chroot.folder("krita")
        photo = np.dstack([data.astronaut()[..., ::-1], np.full((HEIGHT, WIDTH), 255, np.uint8)])
        (made.outside / "scene.raw").write_bytes(photo.tobytes())
        (made.outside / "preview.raw").write_bytes(np.ascontiguousarray(data.astronaut()[30:200, 165:295]).tobytes())
        return made, {"FOVEATE_RUNTIME_FILE": runtime_file}

    return make


def test_several_windows_show_one_queue_and_each_works_on_its_own_image(chroot, settle, start_screen):
    folder, env = settle()
    with krita(chroot, start_screen(), folder, env) as running:
        running.run(OPEN + 'kept["first"] = document', folder=folder.inside)
        running.run('kept["window"] = app.openWindow()\nkept["window"].qwindow().show()\npump(0.5)')
        opened = running.run(
            """
window = kept["window"]
window.activate()
document = kept["second"] = app.createDocument(512, 512, "second", "RGBA", "U8", "", 72.0)
document.setBatchmode(True)
window.addView(document)
wait_for(lambda: app.activeDocument() == document)
panels = [d for w in app.windows() for d in w.dockers() if d.objectName() == "foveate_docker"]
answer = [len(app.windows()), len(panels), len({id(d.panel.controller) for d in panels})]
"""
        )
        assert opened == [2, 2, 1]
        ended = running.run(
            """
document = kept["second"]
document.rootNode().childNodes()[0].setPixelData(QByteArray(Path(folder + "/scene.raw").read_bytes()), 0, 0, 512, 512)
document.refreshProjection()
select(document, 10, 20, 60, 50)
panels = [d.panel for w in app.windows() for d in w.dockers() if d.objectName() == "foveate_docker"]
wait_for(lambda: desk().context and desk().context.selection and desk().context.selection.width == 60)
said = [panel.task._region.text() for panel in panels]
job = kept["job"] = start("refocus")
ended = finish(job)
cards = [panel.jobs.card(job)._state.text() for panel in panels]
answer = [ended["state"], said, cards, len(layers(kept["first"])), len(layers(document))]
""",
            folder=folder.inside,
        )
        assert ended == ["done", ["Selection: 60 × 50 px"] * 2, ["Done"] * 2, 1, 2]
        beside = running.run(
            """
there = next(window for window in app.windows() if window.activeView().document() == kept["first"])
panel = next(found.panel for found in there.dockers() if found.objectName() == "foveate_docker")
is_other = app.activeDocument() == kept["second"]
panel.task.run_button.click()
answer = [is_other, finish(desk().jobs[0])["state"], len(layers(kept["first"])), len(layers(kept["second"]))]
"""
        )
        assert beside == [True, "done", 2, 2]
        running.run('job = start("refocus")\nkept["running"] = job\nkept["second"].setModified(False)')
        running.run('kept["window"].qwindow().close()')  # in the middle of a job
        left = running.run(
            """
ended = finish(kept["running"])
panels = [d for w in app.windows() for d in w.dockers() if d.objectName() == "foveate_docker"]
answer = [ended["state"], "closed" in ended["error"], len(panels)]
"""
        )
        assert left == ["unapplied", True, 1]
        again = running.run(
            """
kept["first"] = app.documents()[0]
app.windows()[0].activate()
app.windows()[0].qwindow().activateWindow()
wait_for(lambda: app.activeDocument() is not None)
answer = [finish(start("refocus"))["state"], names(app.activeDocument())]
"""
        )
        assert again == ["done", ["Background", "Refocus", "Refocus"]]
        running.run("forget_all()")


@pytest.mark.parametrize(
    ("theme", "language", "scale", "name"),
    [
        ("Krita dark", "de", 1, "dark-german"),
        ("Krita bright", "de", 2, "light-german-2x"),
        ("Krita dark", "en", 2, "dark-2x"),
    ],
)
def test_the_docker_in_other_languages_themes_and_scales(  # noqa: PLR0917
    chroot, settle, start_screen, theme, language, scale, name
):
    folder, env = settle()
    screen = start_screen(size=(1280 * scale, 860 * scale))
    with krita(chroot, screen, folder, {**env, "QT_SCALE_FACTOR": scale}, theme) as running:
        running.run(OPEN + "desk().change(language=language)", folder=folder.inside,
                    language=language)  # fmt: skip
        running.run(ARRANGE)
        drawn = running.run("document = app.activeDocument()\n" + LIVE, folder=folder.inside)
        assert drawn == [True, 130, 170, 1]
        screen.screenshot(f"krita-live-{name}")
        ended = running.run('answer = finish(kept["job"])["state"]')
        assert ended == "done"
        shown = running.run(
            """
wait_for(lambda: kept["job"].host.after is not None)
pump(0.3)
card = docker().panel.jobs.card(kept["job"])
picture = card._picture.pixmap()
answer = [docker().devicePixelRatioF(), picture.width(), picture.devicePixelRatio(), card._preview.isVisible(),
    docker().panel.task.run_button.text()]
docker().panel.task.choose("upscale")
pump(0.2)
"""
        )
        screen.screenshot(f"krita-{name}")
        verb = {"en": "Refocus selection", "de": "Auswahl fokussieren"}[language]
        assert shown == [scale, 52 * scale, scale, False, verb]
        running.run("docker().panel.open_settings()\npump(0.5)")
        screen.screenshot(f"krita-settings-{name}")
        saved = running.run(
            """
next(each for each in dialog().findChildren(QtWidgets.QCheckBox)).setChecked(True)
press({"en": "Save", "de": "Speichern"}[language])
wait_for(lambda: dialog() is None)
answer = desk().settings.ask_first
forget_all()
""",
            language=language,
        )
        assert saved


def test_shortcuts_are_configured_and_the_keyboard_is_enough(chroot, settle, start_screen):
    folder, env = settle()
    config = folder.outside / ".config"
    config.mkdir()
    (config / "kritashortcutsrc").write_text("[Shortcuts]\nfoveate_refocus=Ctrl+Alt+Shift+R\n")
    screen = start_screen()
    with krita(chroot, screen, folder, env) as running:
        configured = running.run(
            OPEN
            + """
wait_for_keys()
answer = app.action("foveate_refocus").shortcut().toString()
""",
            folder=folder.inside,
        )
        assert configured == "Ctrl+Alt+Shift+R"
        screen.xdotool("key", "ctrl+alt+shift+r")
        assert running.run('answer = wait_for(lambda: desk().jobs) and finish(desk().jobs[0])["state"]') == "done"
        running.run("wait_for_keys()\nwait_for(lambda: docker().panel.task.run_button.isEnabled())")
        screen.xdotool("key", "alt+Return")
        ended = running.run('wait_for(lambda: len(desk().jobs) == 2)\nanswer = finish(desk().jobs[0])["state"]')
        assert ended == "done"
        running.run("forget_all()")


def test_of_an_animation_the_frame_that_is_shown_is_worked_on(chroot, settle, start_screen):
    folder, env = settle()
    with krita(chroot, start_screen(), folder, env) as running:
        running.run(
            OPEN
            + """
layer = layers(document)[0]
document.setActiveNode(layer)
layer.enableAnimation()
document.setFullClipRangeEndTime(10)
kept["document"] = document
""",
            folder=folder.inside,
        )
        running.run('kept["document"].setCurrentTime(5)')
        running.run('app.action("add_blank_frame").trigger()')
        answer = running.run(
            """
document = kept["document"]
layer = layers(document)[0]
layer.setPixelData(QByteArray(bytes([90, 120, 200, 255]) * (512 * 512)), 0, 0, 512, 512)
document.refreshProjection()
frames = [layer.hasKeyframeAtTime(time) for time in (0, 5)]
shown = pixels(document)[:4]
job = start("refocus", strength=0.5)
ended = finish(job)
made = layers(document)[-1]
center = list(bytes(made.pixelData(230, 110, 1, 1)))
document.setCurrentTime(0)
pump()
answer = [frames, list(shown), ended["state"], made.animated(), center, len(layers(document)), ended["notes"]]
""",
            folder=folder.inside,
        )
        frames, shown, state, animated, center, count, _ = answer
        assert (frames, shown) == ([True, True], [90, 120, 200, 255])
        assert (state, animated, count) == ("done", False, 2)
        assert np.abs(np.subtract(center, [90, 120, 200, 255])).max() < 20
        running.run("forget_all()")
