"""The example of a stranger's operation, installed as pip does, in a real server."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from fakes.host import MemoryHost
from fakes.packages import put_package
from fakes.workplace import TESTS, Workplace
from foveate_shared.connection.client import Client
from foveate_shared.connection.running_server import find_server
from foveate_shared.geometry import Bounds
from foveate_shared.jobs.job_flow import JobState, Rerender
from foveate_shared.jobs.run_blocking import run_to_end
from foveate_shared.wire.protocol import Peer, Selection

EXAMPLE = Path(__file__).parents[2] / "examples" / "operation"


@pytest.fixture(scope="module")
def studio(tmp_path_factory):
    """A workplace beside the example, and beside a package whose operation takes a name of ours, whose server runs."""
    folder = tmp_path_factory.mktemp("studio")
    site, source = folder / "site", folder / "source"
    shutil.copytree(EXAMPLE, source)  # pip builds in it
    pip = (sys.executable, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps", "--no-build-isolation")
    subprocess.run(
        [*pip, "--target", site, source], check=True, env={**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    )
    put_package(site, "foveate-thief", "foveate.operations", {"refocus": "OPERATION"}, "OPERATION = None")
    workplace = Workplace(folder)
    workplace.extra["PYTHONPATH"] = os.pathsep.join((str(TESTS), str(site)))
    with workplace.serving():
        yield workplace


@pytest.fixture
def client(studio):
    with Client(lambda: find_server(studio.runtime_file), "test", Peer("test", "1")) as connected:
        yield connected


def run(client, host, **parameters):
    flow = Rerender(client, host, "mosaic", parameters)
    flow.start()
    status = run_to_end(client, flow)
    assert status.state is JobState.DONE, status.error
    (result,) = host.applied
    return result


def test_it_changes_the_selection_as_it_says(client):
    host = MemoryHost(selection=Selection(Bounds(4, 2, 8, 8), has_coverage=False))
    result = run(client, host, cell=4)
    assert result.recipe["parameters"] == {"cell": 4, "strength": 1}
    (patch,) = result.patches
    assert patch.bounds == Bounds(4, 2, 8, 8)
    seen = np.frombuffer(bytes(patch.pixels.data), np.uint8).reshape(8, 8)
    old = np.frombuffer(host.pixels, np.uint8).reshape(16, 16)[2:10, 4:12]
    means = old.reshape(2, 4, 2, 4).mean(axis=(1, 3)).repeat(4, 0).repeat(4, 1)
    assert np.abs(seen - means).max() <= 0.5


def test_at_strength_0_the_picture_is_what_it_was(client):
    host = MemoryHost()
    result = run(client, host, strength=0)
    assert b"".join(bytes(patch.pixels.data) for patch in result.patches) == host.pixels


def test_a_package_that_takes_a_name_of_ours_is_named_with_the_reason(studio):
    (left_out,) = json.loads(studio.foveate("status", "--json").stdout)["left_out"]
    assert left_out["package"] == "foveate-thief 1.0"
    assert left_out["reason"] == "its name is taken by Foveate itself"
    said = studio.foveate("plugins", "doctor", status=1).stdout
    assert "foveate-thief 1.0" in said
    assert "refocus of foveate.operations is left out: its name is taken by Foveate itself." in said
