"""Makes the plugin's modules importable as `foveate_krita`, without what registers it in Krita."""

from __future__ import annotations

import os
import sys
import types
from pathlib import Path

PACKAGE = Path(__file__).parents[3] / "plugins/krita/foveate"

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
if "foveate_krita" not in sys.modules:
    package = types.ModuleType("foveate_krita")
    package.__path__ = [str(PACKAGE)]
    sys.modules["foveate_krita"] = package
