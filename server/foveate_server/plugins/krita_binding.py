"""The binding of Qt that a distribution's Krita needs: PyQt5 in Krita 5, PyQt6 in Krita 6; its Python is the system's.

Without it, Krita runs no plugin, and says nothing.
"""

from __future__ import annotations

from pathlib import Path

_MODULES = ("usr/lib/*/krita-python-libs/PyKrita/krita*.so", "usr/lib*/krita-python-libs/PyKrita/krita*.so")
_PACKAGES = ("usr/lib/python3/dist-packages/{}", "usr/lib*/python3*/site-packages/{}")
_OF_KRITA_6 = b"libQt6Core"  # what Krita's own module is linked with


def missing_binding(root: Path = Path("/")) -> str:
    """Return "PyQt5" or "PyQt6" where that is missing in the system under `root`; "" where nothing is, or no Krita."""
    module = next((found for pattern in _MODULES for found in root.glob(pattern)), None)
    if module is None:
        return ""
    binding = "PyQt6" if _OF_KRITA_6 in module.read_bytes() else "PyQt5"
    is_there = any(list(root.glob(pattern.format(binding))) for pattern in _PACKAGES)
    return "" if is_there else binding
