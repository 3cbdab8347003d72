"""The example of a stranger's detector, installed by pip into a virtual environment, in a real server."""

import json
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fakes.packages import put_package
from fakes.workplace import TESTS, Workplace

EXAMPLE = Path(__file__).parents[2] / "examples" / "detector"


@pytest.fixture(scope="module")
def studio(tmp_path_factory):
    """A server of a virtual environment with the example, and with a package whose detector is none."""
    folder = tmp_path_factory.mktemp("studio")
    builder = venv.EnvBuilder()
    builder.create(folder / "venv")
    python = builder.ensure_directories(folder / "venv").env_exe
    site = Path(
        subprocess.run(
            [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
            check=True,
            capture_output=True,
            text=True,
        ).stdout.strip()
    )
    # Whatever way this environment holds Foveate, in a folder or by a finder that pip wrote, the new one holds it, too.
    lines = (f"import site; site.addsitedir({path!r})" for path in sys.path if path and Path(path).is_dir())
    (site / "beside.pth").write_text("\n".join(lines))
    source = shutil.copytree(EXAMPLE, folder / "source")  # pip builds in it
    pip = (sys.executable, "-m", "pip", "--python", python, "install", "--quiet", "--disable-pip-version-check")
    subprocess.run([*pip, "--no-index", "--no-deps", "--no-build-isolation", source], check=True, env=os.environ)
    put_package(site, "foveate-nothing", "foveate.detectors", {"nothing": "DETECTOR"}, "DETECTOR = 'none'")
    workplace = Workplace(folder, python=python)
    workplace.extra["PYTHONPATH"] = str(TESTS)
    with workplace.serving():
        yield workplace


@pytest.fixture
def moons(studio):
    """A dark picture with two discs and a bright square, and with a magenta disc, which counts as a face."""
    rows, columns = np.mgrid[:200, :300]
    picture = np.full((200, 300, 3), 40, np.uint8)
    for x, y, radius, color in ((60, 60, 20, (250,) * 3), (220, 120, 12, (230,) * 3), (150, 40, 15, (255, 0, 255))):
        picture[(columns - x) ** 2 + (rows - y) ** 2 < radius**2] = color
    picture[150:180, 20:50] = 255
    path = studio.folder / "moons.png"
    Image.fromarray(picture).save(path)
    return path


def test_it_finds_what_it_says(studio, moons):
    found = json.loads(studio.foveate("detect", moons, "--detector", "discs", "--min-score", "0.9", "--json").stdout)
    first, second = found["discs"]
    assert first["box"] == pytest.approx([41, 41, 39, 39], abs=1)
    assert second["box"] == pytest.approx([209, 109, 23, 23], abs=1)
    assert first["landmarks"] == [[pytest.approx(60, abs=1), pytest.approx(60, abs=1)]]
    assert first["lightness"] == pytest.approx(250 / 255, abs=0.01)
    lines = studio.foveate("detect", moons, "--detector", "discs", "--min-score", "0.9", "--quiet").stdout.splitlines()
    assert lines[0].startswith("1: --rect 41,41,39,39 (score ")


def test_faces_are_found_as_before(studio, moons):
    (face,) = json.loads(studio.foveate("detect", moons, "--json").stdout)["faces"]
    assert face["box"] == pytest.approx([136, 26, 29, 29], abs=1)
    assert len(face["landmarks"]) == 5


def test_where_there_is_none_its_own_words_say_so(studio):
    path = studio.folder / "dark.png"
    Image.fromarray(np.full((64, 64, 3), 9, np.uint8)).save(path)
    said = studio.foveate("detect", path, "--detector", "discs", "--quiet").stdout
    assert said == "No disc was found. A lower certainty may find more.\n"


def test_a_detector_that_there_is_not_is_refused(studio, moons):
    said = studio.foveate("detect", moons, "--detector", "hands", status=2).stderr
    assert "faces" in said
    assert "discs" in said


def test_a_package_whose_detector_is_none_is_named_with_the_reason(studio):
    (left_out,) = json.loads(studio.foveate("status", "--json").stdout)["left_out"]
    assert (left_out["package"], left_out["name"]) == ("foveate-nothing 1.0", "nothing")
    assert "a detector is a foveate_server.engines.contract.Detector, not a str" in left_out["reason"]
