"""What orders can use: documents, selections, the docker, and undo."""

import gc
import time
from dataclasses import replace
from pathlib import Path

from krita import InfoObject, Krita, Selection

from .qt import QApplication, QByteArray, Qt, QtWidgets

app = Krita.instance()
kept = {}  # what one order leaves for the next
__all__ = ["InfoObject", "Path", "QApplication", "QByteArray", "Qt", "Selection", "app", "kept", "replace"]


def pump(seconds=0.2):
    """Let Krita live for a while."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        QApplication.processEvents()
        time.sleep(0.003)


def wait_for_keys():
    """Let Krita live until its window takes keys: one that has just come up does not yet."""
    app.activeWindow().qwindow().activateWindow()
    wait_for(lambda: QApplication.activeWindow() == app.activeWindow().qwindow())


def app_events():
    """Let Krita handle what waits, or rest for a moment."""
    QApplication.processEvents()
    time.sleep(0.001)


def wait_for(what, seconds=90.0):
    """Let Krita live until what() is true, and return it."""
    end = time.monotonic() + seconds
    while not what():
        if time.monotonic() > end:
            raise AssertionError("it did not come about in time")
        pump(0.02)
    return what()


def docker():
    """Return our docker, shown."""
    found = next(docker for docker in app.dockers() if docker.objectName() == "foveate_docker")
    found.setVisible(True)
    found.raise_()
    return found


def dialog():
    """Return our dialog that is open, once Python has forgotten all that nobody keeps."""
    gc.collect()
    shown = [each for each in QApplication.topLevelWidgets() if each.isVisible()]
    return next((each for each in shown if each.windowTitle().startswith("Foveate: ")), None)


def press(text):
    """Press a button of our dialog that is open; KDE gives each a letter to press."""
    shown = {each.text().replace("&", ""): each for each in dialog().findChildren(QtWidgets.QPushButton)}
    shown[text].click()


def desk():
    return docker().panel.controller


def set_asking(asks):
    desk().settings = replace(desk().settings, ask_first=asks)


def open_document(width, height, path, model="RGBA", depth="U8", profile=""):  # noqa: PLR0917
    """Return a new document with the raw pixels of a file, in a window."""
    document = app.createDocument(width, height, "scene", model, depth, profile, 72.0)
    document.setBatchmode(True)
    layer = document.rootNode().childNodes()[0]
    layer.setPixelData(QByteArray(Path(path).read_bytes()), 0, 0, width, height)
    document.refreshProjection()
    document.waitForDone()
    app.activeWindow().addView(document)
    wait_for(lambda: app.activeDocument() == document)
    pump()
    return document


def open_file(path):
    document = app.openDocument(path)
    document.setBatchmode(True)
    app.activeWindow().addView(document)
    wait_for(lambda: app.activeDocument() == document)
    pump()
    return document


def select(document, x, y, width, height, feather=0):  # noqa: PLR0917
    selection = Selection()
    selection.select(x, y, width, height, 255)
    if feather:
        selection.feather(feather)
    document.setSelection(selection)
    document.waitForDone()
    pump()


def pixels(document, path=None):
    """Return the visible pixels; with a path, write them there."""
    document.waitForDone()
    data = bytes(document.pixelData(0, 0, document.width(), document.height()))
    if path:
        Path(path).write_bytes(data)
    return data


def layers(document):
    return [node for node in document.rootNode().childNodes() if node.type() == "paintlayer"]


def names(document):
    """Return the layers' names, without the model's."""
    return [node.name().partition(" (")[0] for node in layers(document)]


def undo_steps():
    """Return what the docker of undo steps lists. Krita 5.3 has one without a name before the first one."""
    for view in app.windows()[0].qwindow().findChildren(QtWidgets.QListView):
        if "Undo" in view.metaObject().className():
            model = view.model()
            steps = [str(model.data(model.index(row, 0)) or "") for row in range(model.rowCount())]
            return steps if not steps or steps[0] else steps[1:]
    return []


def trigger(name, document):
    app.action(name).trigger()
    document.waitForDone()
    pump()


def start(operation, **values):
    """Press the panel's button, with some parameters set; return the job."""
    form = docker().panel.task
    form.choose(operation)
    for name, value in values.items():
        form.fields[name].value = value
    before = list(desk().jobs)
    form.run_button.click()
    started = [job for job in desk().jobs if job not in before]
    assert len(started) == 1, form.reason.text()
    return started[0]


def finish(job, seconds=120.0):
    """Wait for a job's end and return its state."""
    wait_for(lambda: not job.is_running, seconds)
    pump(0.1)
    return state(job)


def state(job):
    status = job.flow.status
    return {
        "state": status.state.value,
        "text": status.text,
        "error": str(status.error or ""),
        "notes": list(status.notes),
    }


def forget_all():
    """Forget all jobs.

    Documents stay open: one whose selection a script has set takes Krita along, a little later, where a script closes
    it (Krita 5.2.9, without a job of ours). Closed by the action of the menu, in an order of its own, it does not.
    """
    kept.clear()
    the_desk = desk()
    for job in list(the_desk.jobs):
        the_desk.discard(job)
    for document in app.documents():
        document.setModified(False)
    pump()
