"""The model that is being added, if any: the controller polls it, dialogs show it."""

from __future__ import annotations

import time

from ..connection.settings import Settings
from ..errors import InputError
from ..i18n.translations import Texts
from . import add_model_program

_LOOK_SECONDS = 0.1  # between two looks whether it is there


class ModelAdder:
    """Runs one program at a time."""

    def __init__(self) -> None:
        self.status: add_model_program.AddStatus | None = None  # as of the last poll; None: nothing was added yet
        self._running: add_model_program.Adding | None = None

    @property
    def is_running(self) -> bool:
        """Tell whether a model is being added."""
        return self.status is not None and self.status.is_running

    def start(self, values: Settings, what: str, *, allow_pickle: bool = False) -> None:
        """Add a model. Raises InputError where none is named, or none can be added from here."""
        command = add_model_program.add_command(values, what, allow_pickle=allow_pickle)
        if reason := add_model_program.why_not(values):
            raise InputError(reason, remedy=add_model_program.command_to_copy(values, what))
        self.stop()
        self._running = add_model_program.Adding(command)
        self.status = self._running.status

    def poll(self) -> bool:
        """Look at the program; return whether anything changed."""
        if self._running is None or self._running.status is self.status:
            return False
        self.status = self._running.status
        return True

    def wait(self) -> None:
        """Wait until it has ended, where nothing else can be done. Raises InputError where the model was not added."""
        while self.is_running:
            time.sleep(_LOOK_SECONDS)
            self.poll()
        if self.status is not None and self.status.error:
            raise InputError(self.status.error)

    def stop(self) -> None:
        """End the program."""
        if self._running is not None:
            self._running.stop()

    def text(self, say: Texts) -> str:
        """Return what happens, or how it ended, for a person."""
        if self.status is None:
            return ""
        if self.status.error:
            return say.sentence(self.status.error)
        if self.status.is_running:
            return say.sentence(self.status.line) or say("Looking at it")
        told = say("{title} was added.", title=self.status.title)
        return f"{told} {say.sentence(self.status.problem)}".strip()
