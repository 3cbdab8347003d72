"""A plugin for Krita under test: it runs the orders that a test writes, on Krita's main thread.

Krita shows exceptions in a modal dialog, where a test would hang: whatever nobody caught ends it with a trace instead.
"""

import faulthandler
import json
import os
import sys
import traceback
from pathlib import Path

from krita import Extension, Krita

from . import tools
from .qt import QtCore

FOLDER = Path(os.environ["DRIVER_FOLDER"])


def give_up(*error):
    (FOLDER / "crash.txt").write_text("".join(traceback.format_exception(*error)))
    os._exit(3)


sys.excepthook = give_up
faulthandler.enable((FOLDER / "fault.txt").open("w"))


class Driver(Extension):
    def setup(self):
        notifier = Krita.instance().notifier()
        notifier.setActive(True)
        notifier.windowCreated.connect(self.begin)

    def begin(self):
        self.space = {name: getattr(tools, name) for name in dir(tools)}
        self.busy = False
        self.timer = QtCore.QTimer()
        self.timer.timeout.connect(self.look)
        self.timer.start(20)

    def createActions(self, window):  # noqa: N802 - Krita's name
        pass

    def run(self, code):
        """Run code in a space of its own: Krita does not survive names for layers of documents that are closed."""
        space = {**self.space, "answer": None}
        exec(code, space)  # noqa: S102 - that is what it is for
        return space["answer"]

    def look(self):
        """Run the oldest order. Orders pump events, so that this is called within itself."""
        if self.busy:
            return
        for order in sorted(FOLDER.glob("*.py")):
            self.busy = True
            code = order.read_text()
            order.unlink()
            try:
                outcome = {"answer": self.run(compile(code, order.name, "exec"))}
            except Exception:
                outcome = {"error": traceback.format_exc()}
            finally:
                self.busy = False
            unfinished = order.with_suffix(".new")
            unfinished.write_text(json.dumps(outcome))
            unfinished.rename(order.with_suffix(".json"))


Krita.instance().addExtension(Driver(Krita.instance()))
