"""Where the output is no terminal, every command that works on a picture prints a line per step, and none per tick."""

import re
from itertools import pairwise

import numpy as np
import pytest
from PIL import Image

from fakes.pictures import scene
from fakes.workplace import Workplace
from foveate_server.picture_files.write import save

BRISK = "fakes.engines:brisk"  # takes long enough for many ticks
MEASURED = re.compile(r"(, \d+%)?(, [^,]+ left)?$")  # how far it is, and how long it takes: all that a tick changes
CHECKPOINT = ("--model", "deterministic-diffusion", "--prompt", "a door")
COMMANDS = {
    "refocus": ("refocus", "IN", "OUT", "--rect", "8,8,40,40"),
    "refocus with a prompt": ("refocus", "IN", "OUT", "--rect", "8,8,40,40", *CHECKPOINT),
    "faces": ("faces", "FACES", "OUT"),
    "detect": ("detect", "FACES"),
    "upscale": ("upscale", "IN", "OUT", "--scale", "2"),
    "fill": ("fill", "IN", "OUT", "--rect", "8,8,40,40", *CHECKPOINT),
    "compare": ("compare", "IN", "OUT", "--rect", "8,8,40,40", *CHECKPOINT, "--strengths", "0.3,0.6"),
}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    workplace = Workplace(tmp_path_factory.mktemp("workplace"))
    workplace.engine = BRISK
    with workplace.serving():
        yield workplace


@pytest.fixture
def run(server):
    """Give what runs a command and returns the lines that it said on the way."""
    places = {"IN": server.folder / "in.png", "FACES": server.folder / "faces.png", "OUT": server.folder / "out.png"}
    save(scene(), places["IN"])
    places["OUT"].unlink(missing_ok=True)
    y, x = np.mgrid[0:100, 0:160]
    faces = np.full((100, 160, 3), 128, np.uint8)
    for center in (45, 115):
        faces[(x - center) ** 2 + (y - 50) ** 2 <= 20**2] = (255, 0, 255)
    Image.fromarray(faces).save(places["FACES"])
    return lambda *words: server.foveate(*(places.get(word, word) for word in words)).stderr.splitlines()


@pytest.mark.parametrize("name", COMMANDS)
def test_a_line_per_step(run, name):
    _check(run(*COMMANDS[name]))


def test_a_replay_too(run):
    run(*COMMANDS["refocus"])
    _check(run("replay", "OUT"))


def _check(lines):
    said = [MEASURED.sub("", line) for line in lines]
    assert len(said) > 1
    assert [line for line, after in pairwise(said) if line == after] == []
