"""What is wrong with the server or the settings, with its remedy: a sentence, and buttons where they help."""

from __future__ import annotations

from ._shared import client
from .controller import KritaController
from .qt import Qt, QtWidgets
from .widgets import STRONG_FOCUS, Measured, Shrinking, button, column, copy_text, label, row
from .wrapping import Wrapping

_TWO_LINES = 34  # logical pixels: so much of a long sentence is seen where there is little room


class Notices(Measured):
    """It goes once all is well; what the settings went through can be closed."""

    def __init__(self, controller: KritaController) -> None:
        super().__init__()
        self._controller = controller
        say = controller.say
        self.setObjectName("notice")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.sentence = label(name="sentence")
        self.sentence.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.close_button = QtWidgets.QToolButton(
            objectName="flat", text="×", toolTip=say("Close"), accessibleName=say("Close"), focusPolicy=STRONG_FOCUS
        )
        self.close_button.clicked.connect(lambda *_: controller.forget_problem())
        self.retry = button(
            say("Start or retry"),
            say("Look for the server again now, and start it where none runs"),
            controller.reconnect,
        )
        self.copy = button(
            say("Copy command"),
            say("Copy the command that starts the server, for a terminal on this machine"),
            lambda: copy_text(controller.command),
        )
        told = row(Shrinking(self.sentence, least=_TWO_LINES), self.close_button, wide=0)
        told.setAlignment(self.close_button, Qt.AlignmentFlag.AlignTop)
        self._buttons = Wrapping(self.retry, self.copy)
        column(self, told, self._buttons, margin=8)
        controller.signals.changed.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Show what is wrong now."""
        view, say = self._controller.connection, self._controller.say
        trouble = view.warning if view.state is client.ConnectionState.READY else view.error
        told = [str(each) for each in (self._controller.problem, trouble) if each]
        self.setVisible(bool(told))
        self.sentence.setText("\n".join(map(say.sentence, told)))
        self.close_button.setVisible(bool(self._controller.problem))
        # The client goes on by itself where the server is silent.
        self.retry.setVisible(trouble is not None and view.state is not client.ConnectionState.SILENT)
        self.copy.setVisible(self._controller.is_command_for_terminal)
