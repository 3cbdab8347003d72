"""Qt itself: Krita brings its own; here it comes from pip, and wants libraries that bare machines do not have."""

import subprocess
import sys

import pytest


@pytest.mark.parametrize("binding", ["PyQt5", "PyQt6"])
def test_qt_can_be_loaded(binding):
    loading = [sys.executable, "-c", f"import {binding}.QtWidgets"]
    said = subprocess.run(loading, capture_output=True, text=True, timeout=200, check=False).stderr
    if "cannot open shared object file" in said:
        pytest.skip(f"no widgets are tested: {said.splitlines()[-1]}")
    assert said == ""
