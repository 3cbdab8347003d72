"""A detector that another package adds, with weights: the registry lists, fetches and verifies them as it does ours."""

import hashlib
import json
import os
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest
from PIL import Image

from fakes.packages import put_package
from fakes.workplace import TESTS

COLOR = bytes((250, 120, 10))  # what the weights say is looked for
DETECTOR = """
import numpy as np

from foveate_server.engines.contract import Detector
from foveate_server.engines.values import Finding


def create(files):
    color = np.frombuffer(files.path("marks-net").read_bytes(), np.uint8).astype(np.float32) / 255

    def find(image, min_score, ticker):
        rows, columns = np.nonzero(np.abs(image - color).max(axis=2) < 0.01)
        if not rows.size:
            return []
        left, top = int(columns.min()), int(rows.min())
        box = (left, top, int(columns.max()) + 1 - left, int(rows.max()) + 1 - top)
        return [Finding(box=tuple(map(float, box)), landmarks=(), score=1.0)]

    return find


MARKS = Detector(
    name="marks", title="Marks", summary="Find the marks.", looking="Looking for marks",
    looking_part="Looking for marks, {index} of {count}", found="{count} marks were found.",
    found_one="1 mark was found.", none="No mark was found.", finding=Finding, create=create,
)
"""
WEIGHTS = """
from foveate_server.models.entry import ModelEntry, ModelFile, SourceSpec


def model(name, sha256, **other):
    told = dict(
        name=name, title="Marks", kind="detect", architecture="marks", scale=1, license="MIT", license_file=None,
        source=SourceSpec("url", {}), files=(ModelFile("URL/marks.bin", sha256, 3),),
    )
    return ModelEntry(**(told | other))


NET, CHANGED, THIEF = model("marks-net", "HASH"), model("marks-changed", "0" * 64), model("centerface", "HASH")
TUNE = model("marks-tune", "HASH", kind="diffusion")
"""


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    """Where the weights are to be had."""
    folder = tmp_path_factory.mktemp("web")
    (folder / "marks.bin").write_bytes(COLOR)
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=folder))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def studio(tmp_path_factory, make_workplace, address):
    """A workplace beside two packages, whose server runs: one with the detector, one with its weights and worse."""
    folder = tmp_path_factory.mktemp("studio")
    site = folder / "site"
    weights = WEIGHTS.replace("URL", address).replace("HASH", hashlib.sha256(COLOR).hexdigest())
    put_package(site, "foveate-marks", "foveate.detectors", {"marks": "MARKS"}, DETECTOR)
    points = {"marks-net": "NET", "marks-changed": "CHANGED", "centerface": "THIEF", "marks-tune": "TUNE"}
    put_package(site, "foveate-marks-weights", "foveate.models", points, weights)
    workplace = make_workplace(folder, engine="foveate_server.engines.engine_specs:suite_spec")
    workplace.extra["FOVEATE_CACHE_DIR"] = str(folder / "cache")
    workplace.extra["PYTHONPATH"] = os.pathsep.join((str(TESTS), str(site)))
    with workplace.serving():
        yield workplace


@pytest.fixture
def marked(studio):
    picture = np.full((64, 80, 3), 30, np.uint8)
    picture[20:30, 40:60] = tuple(COLOR)
    path = studio.folder / "marked.png"
    Image.fromarray(picture).save(path)
    return path


def models(studio):
    return {model["name"]: model for model in json.loads(studio.foveate("models", "list", "--json").stdout)["models"]}


def test_its_weights_are_fetched_when_it_first_looks(studio, marked):
    listed = models(studio)["marks-net"]
    assert (listed["kind"], listed["available"], listed["size"], listed["default"]) == ("detect", False, 3, False)
    (found,) = json.loads(studio.foveate("detect", marked, "--detector", "marks", "--json").stdout)["marks"]
    assert found["box"] == [40, 20, 20, 10]
    assert models(studio)["marks-net"]["available"]


def test_weights_that_are_not_the_expected_ones_are_not_kept(studio):
    said = studio.foveate("models", "pull", "marks-changed", status=1).stderr
    assert "The files of the model marks-changed are not the expected ones" in said
    assert not models(studio)["marks-changed"]["available"]


def test_what_cannot_be_taken_is_named_with_the_reason(studio):
    told = json.loads(studio.foveate("status", "--json").stdout)["left_out"]
    assert {each["name"]: each["reason"] for each in told} == {
        "centerface": "its name is taken by Foveate itself",
        "marks-tune": "what it declares is wrong: a package brings models of restore and detect, not of diffusion",
    }
