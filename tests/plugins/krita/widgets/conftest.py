"""A panel over a controller whose client is scripted; the binding is the one that the environment names."""

from __future__ import annotations

import os
import shutil
import sys
from contextlib import contextmanager
from dataclasses import replace
from importlib import import_module

import pytest

BINDING = os.environ.get("FOVEATE_TEST_QT", "PyQt6")
import_module(f"{BINDING}.QtCore")  # the plugin takes what is loaded

from foveate_krita import controller  # noqa: E402
from foveate_krita.panel import Panel  # noqa: E402
from foveate_krita.qt import BINDING as TAKEN  # noqa: E402
from foveate_krita.qt import QtCore, QtGui, QtWidgets  # noqa: E402

from fakes.host import LayeredHost  # noqa: E402
from fakes.models import FOR_PROMPTS  # noqa: E402
from fakes.scripted_client import ScriptedClient, real_welcome  # noqa: E402
from foveate_shared.connection.client import ConnectionState, StateChange  # noqa: E402
from foveate_shared.editor import known_server  # noqa: E402
from foveate_shared.editor.document_controller import DocumentState  # noqa: E402
from foveate_shared.editor.faces import FoundFace  # noqa: E402
from foveate_shared.errors import InputError  # noqa: E402
from foveate_shared.geometry import Bounds, Extent  # noqa: E402
from foveate_shared.wire.protocol import (  # noqa: E402
    Accepted,
    Done,
    ModelInfo,
    Models,
    Outcome,
    Planned,
)

assert TAKEN == BINDING
ALL = ("refocus", "faces", "upscale")
MODELS = (
    ModelInfo("photo", "Photo x4", ALL, 4, True, "BSD-3-Clause"),
    ModelInfo("anime", "Anime x4", ("upscale",), 4, False),
)
WELCOME = real_welcome()


def picture(color="teal", width=40, height=30):
    image = QtGui.QImage(width, height, QtGui.QImage.Format.Format_ARGB32)
    image.fill(QtGui.QColor(color))
    return image


class PictureHost(LayeredHost):
    """A host in memory that has pictures as well."""

    before = after = None
    document_key = "document"
    is_undone = False

    def freeze(self):
        self.before = picture()
        return super().freeze()

    def preview(self, _result):
        return picture("orange", 400, 300)

    def take_picture(self):
        return False


class SurveyHost(PictureHost):
    faces = ()

    def apply(self, result):
        boxes = result.outcomes[0].data["faces"]
        self.faces = tuple(FoundFace(n, Bounds(1, 1, 30, 30), 0.9, picture()) for n, _ in enumerate(boxes, 1))


class FakeEditor:
    """An editor with one document, or none."""

    def __init__(self):
        self.now = DocumentState("document", Extent(640, 480), Bounds(10, 20, 300, 200))
        self.refusal = ""
        self.hosts = []
        self.acted_in = []  # windows, oldest first
        self.whole = False  # as the newest job was asked for
        self.layers = {}

    @contextmanager
    def acting_in(self, main_window):
        self.acted_in.append(main_window)
        yield

    def context(self, *, pictures):
        offered = tuple(self.layers.values()) if pictures else ()
        return self.now and replace(self.now, pictures=offered)

    def open_host(self, title, *, whole=False):
        self.whole = whole
        return self._open(PictureHost(layers=dict(self.layers)))

    def open_new_image(self, title):
        return self._open(PictureHost(extent=Extent(0, 0)))

    def open_survey(self):
        return self._open(SurveyHost())

    def _open(self, host):
        if self.refusal:
            raise InputError(self.refusal)
        self.hosts.append(host)
        return host


class Studio:
    """A panel, and the hands of a person and of a server."""

    def __init__(self, folder, known=None):
        """`known` is a file with what a server has told the last time."""
        self.clients = []
        self.editor = FakeEditor()
        self.path = folder / "settings.json"
        self.now = 0.0  # seconds; each step of progress comes long after the other, unless a test says otherwise
        if known:
            shutil.copy(known, folder / known_server.FILE_NAME)
        self.controller = controller.KritaController(
            self.editor, self.path, "1.0", open_client=self._client, clock=lambda: self.now
        )
        self.controller.look()
        self.panel = Panel(self.controller)
        self.panel.resize(320, 800)
        self.panel.show()
        self.breathe()

    def _client(self, _settings):
        self.clients.append(ScriptedClient())
        return self.clients[-1]

    def breathe(self):
        QtWidgets.QApplication.processEvents()

    def tell(self, *messages, pause=1.0):
        self.clients[-1].tell(*messages)
        self.now += pause
        self.controller._poll()
        self.breathe()

    def connect(self, models=MODELS, welcome=WELCOME):
        self.tell(StateChange(ConnectionState.READY), welcome, Models(1, models))

    def bring_checkpoint(self):
        """Connect to a server with its real operations, presets, and a checkpoint."""
        self.connect((*MODELS, *FOR_PROMPTS))

    def finish(self, job, **data):
        name = job.flow.job
        self.tell(
            Accepted(name, 1),
            Planned(name, 2, "document", Extent(16, 16), "One region."),
            Done(name, 3, (Outcome("item", "done", "", data),), {"operation": job.operation}),
        )

    def texts(self):
        """Return all that is written on visible labels and buttons."""
        kinds = (QtWidgets.QLabel, QtWidgets.QAbstractButton)
        return [widget.text() for kind in kinds for widget in self.panel.findChildren(kind) if widget.isVisible()]


@pytest.fixture(scope="session")
def application():
    app = QtWidgets.QApplication.instance() or QtWidgets.QApplication([])
    sys.excepthook = lambda *error: os._exit(70)  # an exception in a slot must not pass unseen
    return app


@pytest.fixture(scope="session")
def known(tmp_path_factory):
    path = tmp_path_factory.mktemp("known") / known_server.FILE_NAME
    known_server.save(path, WELCOME.operations, MODELS)
    return path


@pytest.fixture
def studio(application, known, tmp_path):
    made = Studio(tmp_path, known)
    yield made
    close(made)


@pytest.fixture
def newcomer(application, tmp_path):
    """A studio to which no server has told anything yet."""
    made = Studio(tmp_path)
    yield made
    close(made)


@pytest.fixture
def bereft(application, known, tmp_path):
    """A studio whose settings cannot be read."""
    (tmp_path / "settings.json").write_text("{")
    made = Studio(tmp_path, known)
    yield made
    close(made)


def close(made):
    made.controller.close()
    made.panel.close()
    # Left to the garbage collector, widgets get the palette of a later test while they are taken apart.
    made.panel.deleteLater()
    made.controller.signals.deleteLater()
    kind = QtCore.QEvent.Type.DeferredDelete
    QtCore.QCoreApplication.sendPostedEvents(None, getattr(kind, "value", kind))
