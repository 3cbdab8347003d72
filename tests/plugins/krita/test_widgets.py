"""The widgets under both bindings of Qt, each in a process of its own: two of them in one would crash it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

CHECKS = Path(__file__).with_name("widgets")


@pytest.mark.parametrize("binding", ["PyQt5", "PyQt6"])
def test_the_panel_works(binding):
    pytest.importorskip(binding)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-o", "python_files=check_*.py", CHECKS]
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "FOVEATE_TEST_QT": binding, "LANGUAGE": "en"}
    environment.pop("PYTEST_XDIST_WORKER", None)
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=600, check=False, cwd=CHECKS.parents[3]
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert " passed" in done.stdout
