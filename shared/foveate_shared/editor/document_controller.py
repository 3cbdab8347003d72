"""The controller of an editor with one active document: jobs work on that, and faces are looked for in it.

An adapter tells what is active, and puts what shows changes into the attributes that begin with `on_`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from ..connection.client import ConnectionState
from ..connection.settings import Settings
from ..errors import FoveateError
from ..geometry import Bounds, Extent
from ..jobs import document_problems
from ..jobs.host import Host, Result
from ..jobs.job_list import JobEntry
from ..jobs.job_records import Record
from ..jobs.named_pictures import OfferedPicture
from ..jobs.workbench_client import WorkbenchClient
from ..wire.protocol import JsonObject
from . import offered_operations
from .controller import Controller
from .faces import SURVEY, FoundFace
from .picture_choosers import PictureScene

VARIATIONS = "variations"  # among remembered parameters: how many jobs a wish becomes


class DocumentHost(Host, Protocol):
    """A host that also has pictures of its region, as the editor has them."""

    before: Any
    after: Any
    document_key: str  # of the document that it works on, see DocumentState; empty without one

    def preview(self, result: Result) -> Any:
        """Return a picture of the region with the result."""

    def take_picture(self) -> bool:
        """Fill `after` where the editor has drawn the result; return whether that is still to come."""


@dataclass(frozen=True)
class DocumentState:
    """What a job would work on now."""

    document: Any  # compared, never touched
    extent: Extent
    selection: Bounds | None  # what of the document is selected
    key: str = ""  # the same as long as the document is open
    pictures: tuple[OfferedPicture, ...] = field(default=(), compare=False)  # its layers, where they were asked for
    is_outside: bool = False  # something is selected, but nothing of the document
    unusable: str = ""  # why no job can work on it: a sentence


class Editor(Protocol):
    """The active document of the program around us."""

    def context(self, *, pictures: bool) -> DocumentState | None:
        """Return what is open and selected, maybe with its layers, or None where no document is open."""

    def open_host(self, title: str, *, whole: bool = False) -> DocumentHost:
        """Return a host for the active document, `whole`: without its selection."""

    def open_new_image(self, title: str) -> DocumentHost:
        """Return a host for an operation that takes no document."""

    def open_survey(self) -> DocumentHost:
        """Return a host that finds `faces` in the active document."""


@runtime_checkable
class LeftEditor(Protocol):
    """An editor that takes results of its sessions before this one."""

    def open_left(self, record: Record | None, title: str) -> DocumentHost:
        """Return a host for a result whose document may be gone; `record` is what was written down about its job."""


class DocumentController(Controller):
    """The state behind all panels of one editor, and of what is active there."""

    def __init__(
        self, editor: Editor, settings_path: Path, open_client: Callable[[Settings], WorkbenchClient], **options: Any
    ) -> None:
        """See Controller."""
        super().__init__(settings_path, open_client, **options)
        self.on_context: Callable[[], object] = _nothing  # what is active is something else
        self.on_faces: Callable[[], object] = _nothing  # other faces can be chosen
        self.on_language: Callable[[], object] = _nothing  # all texts have to be written anew
        self.on_refusal: Callable[[str], object] = _nothing  # a wish could not be fulfilled: a sentence
        self.context: DocumentState | None = None
        self.survey: JobEntry | None = None  # the newest one
        self._surveyed: DocumentState | None = None  # what its faces were found in
        self._undrawn: list[JobEntry] = []  # whose results the editor has not drawn yet
        self._asked_for: list[JobEntry] = []  # the editor was asked for a picture of the result
        self._editor = editor
        if isinstance(editor, LeftEditor):
            self.list_left(editor.open_left)

    # --- wishes ------------------------------------------------------------------------------------------------------

    def run(self, operation: str, wish: JsonObject) -> JobEntry | None:
        """Start a job on the active document, or say why not; with VARIATIONS in the wish as many, which wait.

        Return the first one.
        """
        self.keep_all(operation, wish)
        count = wish.get(VARIATIONS, 1)
        parameters = {name: value for name, value in wish.items() if name != VARIATIONS}
        chosen = self.beside.chosen(operation, self.scene(operation))
        return self._begin(operation, parameters, count=count if isinstance(count, int) else 1, chosen=chosen)

    def again(self, job: JobEntry) -> JobEntry | None:
        """Start the same job on the active document."""
        return self._begin(job.operation, job.parameters, is_new_wish=False, chosen=job.chosen)

    def find_faces(self, parameters: JsonObject) -> None:
        """Look for faces in the active document."""
        self.look()
        before, context = self.survey, self.context
        self.survey = self._begin(SURVEY, parameters, ask_first=False, is_new_wish=False) or before
        if self.survey is not before:
            self._surveyed = context
            if before is not None:
                self.discard(before)
            self.on_faces()

    def change(self, **values: Any) -> None:
        """Keep settings, and connect anew where they name another server; say why where that is impossible."""
        before = self.settings
        super().change(**values)
        if self.problem:
            self.on_refusal(self.say.sentence(self.problem))
        if self.names_another_server(before):
            self.reconnect()
        if before.language != self.settings.language:
            self.on_language()

    # --- what is shown -----------------------------------------------------------------------------------------------

    @property
    def jobs(self) -> list[JobEntry]:
        """Return all jobs, newest first; finding faces is none."""
        return [job for job in self.entries if job.operation != SURVEY]

    def unchosen(self, key: str | None = None) -> list[JobEntry]:
        """Return the results of this session that wait, where none of the same wish was taken; those of one document.

        Without its `key`, of all.
        """
        taken = {job.wish for job in self.jobs if job.is_applied}
        waiting = [job for job in self.jobs if job.waits_for_person and not job.is_left and job.wish not in taken]
        return [job for job in waiting if key is None or job.host.document_key == key]

    @property
    def faces(self) -> tuple[FoundFace, ...]:
        """Return the faces that were found, as long as they are those of the active document's selection."""
        if self.survey is None or self._surveyed != self.context:
            return ()
        return tuple(self.survey.host.faces)

    def scene(self, operation: str) -> PictureScene:
        """Return what can be chosen for an operation's pictures."""
        if self.context is None:
            return PictureScene()
        extent = self.context.extent if self.takes_document(operation) else None
        return PictureScene(self.context.pictures, extent, self.context.key)

    def blocked(self, operation: str) -> str:
        """Return why no job can be started now, or nothing."""
        if self.context is None and self.takes_document(operation):
            return self.say("Open an image first.")
        if self.context is not None and self.context.unusable and self.takes_document(operation):
            return self.say.sentence(self.context.unusable)
        if self.connection.state is ConnectionState.REFUSED:
            return self.say("The server refuses this plugin; see below.")
        return self.beside.missing(operation, self.scene(operation))

    def look(self) -> None:
        """Look at the active document, its selection, and its layers where an operation takes any."""
        before = self.context
        self.context = self._editor.context(pictures=any(self.slots(each.name) for each in self.operations))
        if self.context != before or (before and self.context and self.context.pictures != before.pictures):
            self.on_context()

    def poll(self) -> bool:
        """See Controller."""
        has_news = super().poll()
        if has_news:
            self._follow_results()
            if self.survey and not self.survey.is_running:
                self.on_faces()
        return has_news

    def announce(self) -> None:
        """See Controller; adapters show it at once."""
        self._follow_results()

    @property
    def is_drawing(self) -> bool:
        """Tell whether the editor has not drawn all results yet: take_pictures() is to be called again."""
        return bool(self._undrawn)

    def take_pictures(self) -> bool:
        """Take pictures of the results that the editor has drawn; return whether there is one more to show."""
        before = self._undrawn
        self._undrawn = [job for job in before if job.host.take_picture()]
        return len(self._undrawn) < len(before)

    # --- inside ------------------------------------------------------------------------------------------------------

    def _begin(self, operation: str, parameters: JsonObject, **options: Any) -> JobEntry | None:
        """Start jobs on the active document, or say why not; return the first one."""
        title = offered_operations.job_title(self.words_of(operation), self.say, parameters, self.models)

        def open_host(_number: int) -> DocumentHost:
            if not self.takes_document(operation):
                return self._editor.open_new_image(title)
            if self._editor.context(pictures=False) is None:
                raise document_problems.nothing_open()
            if operation == SURVEY:
                return self._editor.open_survey()
            return self._editor.open_host(title, whole="extend" in parameters)

        now = self._editor.context(pictures=False)
        options["is_unselected"] = now is not None and now.selection is None
        try:
            return self.start(open_host, operation, parameters, title=title, **options)[0]
        except FoveateError as error:
            self.on_refusal(self.say.sentence(str(error)))
            return None

    def _follow_results(self) -> None:
        """Ask once for a picture of each result that was applied."""
        new = [job for job in self.jobs if job.is_applied and job not in self._asked_for]
        self._asked_for = [job for job in self._asked_for if job in self.entries] + new
        self._undrawn += new


def _nothing(*_: object) -> None:
    """Show nothing: no adapter is there."""
