"""Qt as Krita has it: PyQt5 in Krita 5, PyQt6 in Krita 6. The only module that knows of the difference.

Elsewhere, enumerations are written in full (`Qt.AlignmentFlag.AlignLeft`): both bindings understand that.
"""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.util import find_spec
from typing import Any


def _binding() -> str:
    """Return the binding that Krita has loaded; two of them in one process crash."""
    for name in ("PyQt6", "PyQt5"):
        if f"{name}.QtCore" in sys.modules:
            return name
    return "PyQt6" if find_spec("PyQt6") else "PyQt5"


BINDING = _binding()
QtCore: Any = import_module(f"{BINDING}.QtCore")
QtGui: Any = import_module(f"{BINDING}.QtGui")
QtWidgets: Any = import_module(f"{BINDING}.QtWidgets")
Qt: Any = QtCore.Qt
Signal: Any = QtCore.pyqtSignal
QAction: Any = getattr(QtGui, "QAction", None) or QtWidgets.QAction
