"""Results that wait in a real Krita: nobody loses them by quitting, and they are listed again the next time."""

from __future__ import annotations

import pytest
from PIL import Image
from skimage import data

from hosts.krita.program import krita
from hosts.lib.waiting import wait_until

MODEL = "deterministic-diffusion"
SHOW = """
from foveate.qt import Qt
window = app.activeWindow().qwindow()
window.setGeometry(0, 0, 1280, 1000)
for found in app.dockers():
    found.setVisible(found.objectName() in ("KisLayerBox", "ToolBox", "foveate_docker"))
pump(0.5)
layers_docker = next(found for found in app.dockers() if found.objectName() == "KisLayerBox")
window.resizeDocks([docker()], [340], Qt.Orientation.Horizontal)
window.resizeDocks([layers_docker, docker()], [140, 830], Qt.Orientation.Vertical)
pump(0.5)
"""
MAKE = """
document = open_file(folder + "/photo.png")
wait_for(lambda: any(model.kind == "diffusion" for model in desk().models), 60)
select(document, 82, 15, 65, 85, feather=4)
form = docker().panel.task
form.choose("refocus")
form._model.wanted = model
form.refresh()
form.variations.setValue(3)
form.run_button.click()
jobs = desk().jobs[::-1]
wait_for(lambda: all(job.waits_for_person for job in jobs), 60)
document.setModified(False)
open_other()
answer = [job.parameters["seed"] for job in jobs]
"""
OTHER = """
def open_other():
    other = app.createDocument(64, 64, "other", "RGBA", "U8", "", 72.0)
    other.setBatchmode(True)
    app.activeWindow().addView(other)
    pump(0.5)
    other.setModified(False)
    return True
"""
ANSWER = """
from foveate.qt import QtCore, QtWidgets
def press():
    box = QtWidgets.QApplication.activeModalWidget()
    buttons = box.buttons() if hasattr(box, "buttons") else []
    wanted = [button for button in buttons if button.text().replace("&", "") == text]  # KDE adds mnemonics
    if not wanted:
        QtCore.QTimer.singleShot(100, press)
        return
    Path(folder + "/asked.txt").write_text(box.text())
    wanted[0].click()
QtCore.QTimer.singleShot(100, press)
"""
QUIT = "app.action('file_quit').trigger()"
CLOSE = "app.action('file_close').trigger()"


@pytest.fixture
def home(chroot, start_server):
    made = chroot.folder("krita")
    Image.fromarray(data.astronaut()[::2, ::2]).save(made.outside / "photo.png")
    runtime_file = made / "run/server.json"
    start_server((made / "server").outside, runtime_file.outside)
    return made, {"FOVEATE_RUNTIME_FILE": runtime_file.inside}


def asked(folder):
    said = folder.outside / "asked.txt"
    text = said.read_text() if said.exists() else ""
    said.unlink(missing_ok=True)
    return text


def wait_until_open(running, count):
    """Wait until so many images are open; not within an order, where Krita handles events and closes nothing."""
    wait_until(lambda: running.run("answer = len(app.documents())") == count, 30, f"{count} open images")


@pytest.mark.parametrize(
    ("theme", "language", "leave"),
    [("Krita dark", "en", "Quit all the same"), ("Krita bright", "de", "Trotzdem beenden")],
)
def test_variations_outlive_krita(chroot, home, start_screen, theme, language, leave):  # noqa: PLR0917
    folder, env = home
    screen, name = start_screen(size=(1280, 1000)), f"{theme.split()[-1]}-{language}"
    with krita(chroot, screen, folder, env, theme) as running:
        running.run("desk().change(language=language)", language=language)
        seeds = running.run(OTHER + MAKE, folder=folder.inside, model=MODEL)
        running.run(SHOW)
        # What is closed first is the other image, which has no results.
        running.start(CLOSE)
        wait_until_open(running, 1)
        assert asked(folder) == ""
        running.start(CLOSE)
        dialog = screen.wait_for_window("^Foveate$")
        screen.wait_until_still(dialog)
        screen.screenshot(f"krita-closing-{name}")
        screen.focus("^Foveate$")
        screen.xdotool("key", "Escape")
        assert running.run("answer = len(app.documents())") == 1
        running.start(QUIT)
        dialog = screen.wait_for_window("^Foveate$")
        screen.wait_until_still(dialog)
        screen.screenshot(f"krita-quitting-{name}")
        screen.focus("^Foveate$")
        screen.xdotool("key", "Escape")
        assert running.run("answer = [len(app.documents()), len(app.windows()), len(desk().jobs)]") == [1, 1, 3]
        running.start(ANSWER + QUIT, folder=folder.inside, text=leave)
        running.program.wait(60).check()
        assert asked(folder).startswith(("3 results wait", "3 Ergebnisse warten"))
    with krita(chroot, screen, folder, env, theme) as running:
        listed = running.run(
            """
wait_for(lambda: len(desk().jobs) == 3 and all(job.waits_for_person for job in desk().jobs), 60)
jobs = desk().jobs[::-1]
card = docker().panel.jobs.variations(jobs[0])
answer = [[job.parameters["seed"] for job in jobs], [job.title for job in jobs], len(card._thumbs)]
"""
        )
        running.run("open_file(folder + '/photo.png')\npump(0.5)", folder=folder.inside)
        running.run(SHOW)
        running.run("card = docker().panel.jobs.variations(desk().jobs[0])\ncard.choose(desk().jobs[1])\npump(0.5)")
        screen.screenshot(f"krita-listed-again-{name}")
        taken = running.run(
            """
document = app.activeDocument()
jobs = desk().jobs[::-1]
docker().panel.jobs.card(jobs[1]).apply.click()
wait_for(lambda: jobs[1].is_applied)
kept["job"] = jobs[1]
made = layers(document)[-1]
answer = [made.name(), [made.bounds().x(), made.bounds().y()], len(app.documents()), len(layers(document))]
"""
        )
        alone = running.run(
            """
jobs = desk().jobs[::-1]
before = len(app.documents())
app.activeDocument().setModified(False)
answer = before
"""
        )
        running.start(CLOSE)
        wait_until_open(running, 0)
        opened = running.run(
            """
jobs = desk().jobs[::-1]
docker().panel.jobs.card(jobs[0]).apply.click()
wait_for(lambda: jobs[0].is_applied)
made = app.documents()[0]
seen = pixels(made)
alpha = [seen[(made.width() * y + x) * 4 + 3] for x, y in ((5, 5), (250, 250), (114, 57))]
answer = [[made.width(), made.height()], [layer.name() for layer in layers(made)], alpha]
docker().panel.jobs.card(jobs[2]).discard.click()
pump(0.5)
"""
        )
        screen.screenshot(f"krita-opened-alone-{name}")
    with krita(chroot, screen, folder, env, theme) as running:
        left = running.run("wait_for(lambda: desk().connection.is_ready)\npump(1)\nanswer = len(desk().jobs)")
    assert listed[0] == seeds == [(seeds[0] + number) % (1 << 32) for number in range(3)]
    assert listed[1:] == [[listed[1][0]] * 3, 3]
    assert listed[1][0].endswith(": photo.png")
    title, corner, documents, count = taken
    assert title.endswith(f", seed {seeds[1]})")
    assert (documents, count, alone) == (1, 2, 1)
    assert corner[0] in range(70, 90)
    assert corner[1] in range(0, 20)
    assert opened[0] == [256, 256]
    assert [name.endswith(f", seed {seeds[0]})") for name in opened[1]] == [True]
    assert opened[2] == [0, 0, 255]  # around the result there is nothing
    assert left == 0
