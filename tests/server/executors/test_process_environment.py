"""What a worker's libraries may do behind our back."""

import os
import subprocess
import sys

from foveate_server.executors.worker_process import ENVIRONMENT


def test_onnxruntime_leaves_nothing_in_the_home(tmp_path):
    """It writes a device id and a database of usage data where its telemetry is on."""
    subprocess.run(
        [sys.executable, "-c", "import onnxruntime"],
        env={**os.environ, **ENVIRONMENT, "HOME": str(tmp_path)},
        check=True,
        timeout=200,
    )
    assert list(tmp_path.rglob("*")) == []


def test_the_pinned_onnxruntime_needs_no_switch(tmp_path):
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ORT_")}
    subprocess.run(
        [sys.executable, "-c", "import onnxruntime"],
        env={**environment, "HOME": str(tmp_path)},
        check=True,
        timeout=200,
    )
    assert list(tmp_path.rglob("*")) == []
