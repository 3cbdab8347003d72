"""A real checkpoint, tiny and with random weights, through command line, server and protocol on one server."""

import json
import sys
import threading
import time

import numpy as np
import pytest
from PIL import Image

from fakes.pictures import scene
from fakes.workplace import without_packages
from foveate_server.picture_files.embed_metadata import read_recipe
from foveate_server.picture_files.read import read_picture
from foveate_server.picture_files.write import save
from foveate_shared.connection.settings import Settings
from foveate_shared.editor.add_model_program import Adding, add_command
from foveate_shared.pixels import Channels, SampleType

QUICK = ("--steps", "2", "--seed", "7", "--quiet")


@pytest.fixture(scope="module")
def studio(checkpoint_server):
    """The workplace without the package: its own commands are enough here, and run in this process."""
    save(scene(SampleType.U16, Channels.RGBA), checkpoint_server.folder / "deep.png")
    return without_packages(checkpoint_server)


def test_a_prompt_re_renders_the_region_alone_and_replays_bit_for_bit(studio):
    before, after = studio.folder / "deep.png", studio.folder / "prompted.png"
    region = ("--rect", "17,9,30,33", "--strength", "0.5")
    studio.foveate("refocus", before, after, *region, "--prompt", "a (red)1.3 door", *QUICK)
    old, new = read_picture(before).samples, read_picture(after).samples
    outside = np.ones(old.shape[:2], bool)
    outside[9:42, 17:47] = False
    assert new[outside].tobytes() == old[outside].tobytes()
    assert new[..., 3].tobytes() == old[..., 3].tobytes()
    assert np.abs(new[15:36, 22:42].astype(int) - old[15:36, 22:42]).mean() > 500
    recipe = json.loads(read_recipe(after))["recipe"]
    assert recipe["model"]["family"] == "sd1"
    assert recipe["parameters"]["scheduler"]
    with Image.open(after) as image:
        assert "Steps: 2, Sampler: " in image.text["parameters"]
    studio.foveate("replay", after, "--input", before)
    studio.foveate("models", "remove", "tiny")
    said = studio.foveate("replay", after, "--input", before, status=2).stderr
    assert f"the model tiny (SHA-256 {recipe['model']['sha256'][:12]})" in said
    studio.foveate("models", "add", studio.folder / "sd1", "--name", "otherwise")
    studio.foveate("replay", after, "--input", before)
    studio.foveate("models", "remove", "otherwise")
    studio.foveate("models", "add", studio.folder / "sd1", "--name", "tiny")


def test_the_canvas_grows_around_the_same_bytes(studio):
    before, after = studio.folder / "deep.png", studio.folder / "extended.png"
    studio.foveate("fill", before, after, "--extend", "0,0,64,0", "--prompt", "a wall", "--strength", "0.5", *QUICK)
    old, new = read_picture(before).samples, read_picture(after).samples
    assert new.shape == (64, 128, 4)
    assert new[:, :64].tobytes() == old.tobytes()
    assert (new[:, 64:, 3] == 65535).all()
    assert len(np.unique(new[:, 64:, 0])) > 100


def test_an_editor_adds_a_model_and_the_running_server_takes_it(studio):
    checkpoint = str(studio.folder / "sd1")
    said = Settings("editor", (sys.executable, "-m", "foveate_server", "serve"))
    adding = ended(Adding(add_command(said, checkpoint), studio.environment))
    assert (adding.status.error, adding.status.kind, adding.status.name) == ("", "diffusion", "sd1")
    region = ("--rect", "17,9,30,33", "--strength", "0.5", "--model", "sd1", "--prompt", "a door")
    after = studio.folder / "with-the-new-one.png"
    studio.foveate("refocus", studio.folder / "deep.png", after, *region, *QUICK)
    assert json.loads(read_recipe(after))["recipe"]["model"]["name"] == "sd1"
    studio.foveate("models", "remove", "sd1")


def test_an_editor_is_told_why_a_model_is_none(studio):
    (studio.folder / "letter.safetensors").write_text("Dear reader")
    said = Settings("editor", (sys.executable, "-m", "foveate_server", "serve"))
    adding = ended(Adding(add_command(said, str(studio.folder / "letter.safetensors")), studio.environment))
    assert "letter.safetensors" in adding.status.error
    assert "Traceback" not in "".join(adding.status.lines)


def ended(adding):
    until = time.monotonic() + 200
    while adding.status.is_running:
        assert time.monotonic() < until
        threading.Event().wait(0.02)
    return adding
