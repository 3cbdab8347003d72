"""The docker in a real Krita where there is little room, and before a large image is worked on."""

from __future__ import annotations

import numpy as np
import pytest

from hosts.krita.program import krita

MODEL = "deterministic-diffusion"
WIDTH, HEIGHT = 2600, 2000
LOW = """
from foveate._shared import protocol
desk()._bench.operations += tuple(
    protocol.OperationInfo(f"more-{number}", f"Of a package {number}", {}) for number in range(5)
)
form = docker().panel.task
form.choose("refocus")
form._model.wanted = model
form.refresh()
form.variations.setValue(4)
select(app.activeDocument(), 100, 100, 200, 160)
desk().look()
form.run_button.click()
desk().signals.changed.emit()
pump(1)
panel = docker().panel
answer = [panel.width(), panel.height(), len([each for each in form._segments.values() if not each.isHidden()])]
"""
SEEN = """
panel = docker().panel
form = panel.task
pump(0.5)

def is_seen(widget):
    visible = widget.visibleRegion().boundingRect()
    return [visible.width(), visible.height()] == [widget.width(), widget.height()] and widget.isVisible()

always = [form.fields["strength"], form.variations, form.run_button, form.cancel_button, panel.notices.retry]
answer = [panel.notices.isVisible(), [is_seen(widget) for widget in always]]
"""


@pytest.fixture
def home(chroot, start_server):
    made = chroot.folder("krita")
    coarse = np.random.default_rng(2).integers(0, 256, (HEIGHT // 100, WIDTH // 100, 4), np.uint8)
    coarse[..., 3] = 255
    (made.outside / "scene.raw").write_bytes(coarse.repeat(100, axis=0).repeat(100, axis=1).tobytes())
    runtime_file = made / "run/server.json"
    server = start_server((made / "server").outside, runtime_file.outside, "fakes.engines:slow")
    return made, {"FOVEATE_RUNTIME_FILE": runtime_file.inside}, server


@pytest.mark.parametrize(("theme", "language"), [("Krita dark", "en"), ("Krita bright", "de")])
def test_questions_and_what_stays_in_sight(chroot, home, start_screen, theme, language):
    folder, env, server = home
    screen, name = start_screen(size=(1280, 860)), f"{theme.split()[-1]}-{language}"
    settings = folder.outside / ".local/share/krita/foveate/settings.json"
    settings.parent.mkdir(parents=True, exist_ok=True)
    settings.write_text("{")  # what cannot be read is told of until the settings are kept again
    with krita(chroot, screen, folder, env, theme) as running:
        told = running.run(
            "wait_for(lambda: desk().connection.is_ready)\npump(0.5)\n"
            "notices = docker().panel.notices\nanswer = [notices.sentence.text(), notices.isVisible()]"
        )
        screen.screenshot(f"krita-settings-lost-{name}")
        asked = running.run(
            """
desk().change(language=language)
document = open_document(2600, 2000, folder + "/scene.raw")
document.setModified(False)
wait_for(lambda: desk().connection.is_ready and desk().models, 60)
docker().setFloating(True)
docker().resize(300, 700)
docker().move(60, 60)
desk().look()
docker().panel.task.choose("refocus")
docker().panel.task.run_button.click()
job = kept["job"] = desk().jobs[0]
wait_for(lambda: job.flow.is_held)
pump(0.5)
card = docker().panel.jobs.card(job)
answer = [card._question.text(), card.begin.isVisible(), card._state.text(), state(job)["state"]]
""",
            folder=folder.inside,
            language=language,
        )
        screen.screenshot(f"krita-question-{name}")
        begun = running.run(
            """
card = docker().panel.jobs.card(kept["job"])
card.begin.click()
wait_for(lambda: kept["job"].flow.status.state.value == "running")
docker().panel.task.cancel_button.click()
answer = finish(kept["job"])["state"]
"""
        )
        low = running.run(LOW, model=MODEL)
        server.stop()
        running.run("wait_for(lambda: docker().panel.notices.isVisible())")
        seen = running.run(SEEN)
        screen.screenshot(f"krita-low-{name}")
        running.run("docker().setFloating(False)\nforget_all()\npump(0.5)")
        running.run('docker().panel.task.open_adding()\ndialog().what.setText("/nowhere/at-all")')
        screen.wait_for_window("Foveate: ")
        running.run("pump(1)")  # a cursor blinks in it
        screen.screenshot(f"krita-add-{name}")
        running.run(
            """
from foveate.qt import QtCore, QtGui, Qt
adding = dialog()
desk().settings = replace(desk().settings, server_command=("/nowhere/foveate", "serve"))
adding.what.setFocus()
QApplication.sendEvent(adding.what, QtGui.QKeyEvent(QtCore.QEvent.Type.KeyPress, Qt.Key.Key_Return,
    Qt.KeyboardModifier.NoModifier))
wait_for(lambda: adding._said.text())
del adding
press("Close" if language == "en" else "Schließen")
wait_for(lambda: dialog() is None)
""",
            language=language,
        )
    assert "settings.broken-" in told[0]
    assert told[1]
    question, offers, state, job_state = asked
    expected = {"en": ("Nothing is selected", "Not begun"), "de": ("Nichts ist ausgewählt", "Nicht begonnen")}
    assert question.startswith(expected[language][0])
    assert (offers, state, job_state) == (True, expected[language][1], "waiting")
    assert begun == "cancelled"
    assert low[0] <= 300
    assert low[1] <= 700
    assert low[2] == 10
    assert seen == [True, [True] * 5]
