"""Makes the plugin's modules importable as `foveate_krita`, without what registers it in Krita."""

from __future__ import annotations

import os
import subprocess
import sys
import types
from pathlib import Path

PACKAGE = Path(__file__).parents[3] / "plugins/krita/foveate"

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
if "foveate_krita" not in sys.modules:
    package = types.ModuleType("foveate_krita")
    package.__path__ = [str(PACKAGE)]
    sys.modules["foveate_krita"] = package


def _lacks_libraries() -> bool:
    """Tell whether Qt cannot be loaded for want of the system's libraries; test_qt.py then says which."""
    loading = [sys.executable, "-c", "import PyQt6.QtWidgets"]
    said = subprocess.run(loading, capture_output=True, text=True, timeout=200, check=False).stderr
    return "cannot open shared object file" in said


collect_ignore = [
    "test_bands.py",
    "test_coverage.py",
    "test_document.py",
    "test_widgets.py",
    "test_words.py",
    "widgets",
]
if not _lacks_libraries():
    collect_ignore = []
