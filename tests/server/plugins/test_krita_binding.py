"""A Krita without its binding of Qt runs no plugin: which binding that is follows from the Krita that is there."""

from __future__ import annotations

import pytest

from foveate_server.plugins.krita_binding import missing_binding

LIBRARIES = {"debian": "usr/lib/x86_64-linux-gnu/krita-python-libs", "fedora": "usr/lib64/krita-python-libs"}
PACKAGES = {"debian": "usr/lib/python3/dist-packages", "fedora": "usr/lib64/python3.14/site-packages"}


@pytest.mark.parametrize("system", LIBRARIES)
@pytest.mark.parametrize(("linked", "needed", "other"), [("Qt5", "PyQt5", "PyQt6"), ("Qt6", "PyQt6", "PyQt5")])
def test_the_binding_that_krita_is_linked_for_must_be_there(tmp_path, system, linked, needed, other):
    assert not missing_binding(tmp_path)  # no Krita, nothing is missing
    module = tmp_path / LIBRARIES[system] / "PyKrita/krita.so"
    module.parent.mkdir(parents=True)
    module.write_bytes(b"\x7fELF\0libpython3.14.so\0lib" + linked.encode() + b"Core.so\0")
    (tmp_path / PACKAGES[system] / other).mkdir(parents=True)
    assert missing_binding(tmp_path) == needed
    (tmp_path / PACKAGES[system] / needed).mkdir()
    assert not missing_binding(tmp_path)
