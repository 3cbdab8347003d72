"""An editor with one document, or none, and the controller on top of it; the server is scripted."""

from __future__ import annotations

from fakes.host import MemoryHost
from fakes.models import FOR_PROMPTS
from fakes.scripted_client import ScriptedClient, real_welcome
from foveate_shared.connection.client import ConnectionState, StateChange
from foveate_shared.editor.document_controller import DocumentController, DocumentState
from foveate_shared.editor.faces import SURVEY
from foveate_shared.geometry import Bounds, Extent
from foveate_shared.jobs.job_records import Record
from foveate_shared.wire.protocol import Accepted, Done, Models, Outcome, Planned


class PictureHost(MemoryHost):
    """A host whose pictures are drawn when the test says so."""

    faces = ()
    is_drawn = False
    document_key = "document"

    def record(self):
        return Record("Refocus", "scene.png", {"file": "/home/me/scene.png"})

    def take_picture(self):
        return not self.is_drawn


class FaceHost(PictureHost):
    def apply(self, result):
        self.faces = tuple(result.outcomes[0].data["faces"])


class FakeEditor:
    """An editor with one document, or none."""

    def __init__(self):
        self.now = DocumentState("document", Extent(640, 480), Bounds(10, 20, 300, 200))
        self.opened = []
        self.hosts = []

    def context(self, *, pictures):
        return self.now

    def open_host(self, title, *, whole=False):
        return self._open(PictureHost(), title, whole)

    def open_new_image(self, title):
        return self._open(PictureHost(), title, None)

    def open_survey(self):
        return self._open(FaceHost(), SURVEY, False)

    def open_left(self, record, title):
        return self._open(PictureHost(), title, record)

    def _open(self, host, *how):
        self.opened.append(how)
        self.hosts.append(host)
        return host


class Studio:
    def __init__(self, folder):
        self.client, self.editor, self.told = ScriptedClient(), FakeEditor(), []
        self.controller = DocumentController(
            self.editor, folder / "settings.json", lambda _: self.client, system_language=lambda: "en"
        )
        for name in ("on_context", "on_faces", "on_language", "on_refusal"):
            setattr(self.controller, name, lambda *what, name=name: self.told.append((name, *what)))
        self.controller.wake()
        self.controller.look()
        self.tell(StateChange(ConnectionState.READY), real_welcome(), Models(1, FOR_PROMPTS))
        self.told.clear()

    def tell(self, *messages):
        self.client.tell(*messages)
        return self.controller.poll()

    def finish(self, job, **data):
        name = job.flow.job
        planned = Planned(name, 2, "document", Extent(16, 16), "One region.")
        done = Done(name, 3, (Outcome("item", "done", "", data),), {"operation": job.operation})
        self.tell(Accepted(name, 1), planned, done)
