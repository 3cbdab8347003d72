"""A real checkpoint, tiny and with random weights, through command line, server and protocol on one server."""

import json

import numpy as np
import pytest
from PIL import Image

from fakes.checkpoints import TinyCheckpoints
from fakes.pictures import scene
from foveate_server.cli.embedding import read_recipe
from foveate_server.cli.files import read_picture
from foveate_server.cli.saving import save
from foveate_server.engines.diffusion.silence import quiet
from foveate_shared.pixels import Channels, SampleType

QUICK = ("--steps", "2", "--seed", "7", "--quiet")


@pytest.fixture(scope="module")
def studio(tmp_path_factory, make_workplace):
    """A workplace with a checkpoint, whose server runs."""
    folder = tmp_path_factory.mktemp("studio")
    with quiet():
        checkpoint = TinyCheckpoints(folder).folder("sd1")
    workplace = make_workplace(folder, engine="foveate_server.engines.catalog:suite_spec")
    workplace.extra["FOVEATE_CACHE_DIR"] = str(folder / "cache")
    workplace.foveate("models", "add", checkpoint, "--name", "tiny")
    save(scene(SampleType.U16, Channels.RGBA), folder / "photo.png")
    with workplace.serving():
        yield workplace


def test_a_prompt_re_renders_the_region_alone_and_replays_bit_for_bit(studio):
    before, after = studio.folder / "photo.png", studio.folder / "prompted.png"
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


def test_the_canvas_grows_around_the_same_bytes(studio):
    before, after = studio.folder / "photo.png", studio.folder / "extended.png"
    studio.foveate("fill", before, after, "--extend", "0,0,64,0", "--prompt", "a wall", "--strength", "0.5", *QUICK)
    old, new = read_picture(before).samples, read_picture(after).samples
    assert new.shape == (64, 128, 4)
    assert new[:, :64].tobytes() == old.tobytes()
    assert (new[:, 64:, 3] == 65535).all()
    assert len(np.unique(new[:, 64:, 0])) > 100
