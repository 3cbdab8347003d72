"""The command line with a checkpoint, against a real server with the deterministic engine."""

import json

import numpy as np
import pytest
from PIL import Image

from fakes.pictures import scene
from foveate_server.picture_files.embed_metadata import read_recipe
from foveate_server.picture_files.read import read_picture
from foveate_server.picture_files.write import save
from foveate_shared.pixels import Channels, SampleType

CHECKPOINT = "deterministic-diffusion"


@pytest.fixture
def photo(server):
    path = server.folder / "photo.png"
    save(scene(SampleType.U16, Channels.RGBA), path)
    return path


def recipe_of(path):
    return json.loads(read_recipe(path))["recipe"]


def test_a_prompt_re_renders_the_region_alone_and_replays_exactly(server, photo):
    out = server.folder / "prompted.png"
    options = (
        "--rect",
        "17,9,30,33",
        "--prompt",
        "a {red} door",
        "--lora",
        "deterministic-lora:0.5",
        "--strength",
        "0.7",
    )
    server.foveate("refocus", photo, out, *options, "--quiet")
    old, new = read_picture(photo), read_picture(out)
    outside = np.ones(old.samples.shape[:2], bool)
    outside[9:42, 17:47] = False
    assert new.samples[outside].tobytes() == old.samples[outside].tobytes()
    assert not np.array_equal(new.samples, old.samples)
    recipe = recipe_of(out)
    assert recipe["parameters"]["model"] == CHECKPOINT
    assert isinstance(recipe["parameters"]["seed"], int)
    assert recipe["parameters"]["num_inference_steps"] == 20
    server.foveate("replay", out, "--input", photo)
    with Image.open(out) as image:
        text = image.text["parameters"]
    assert text.startswith("a {red} door <lora:deterministic-lora:0.5>\n")
    assert f"Seed: {recipe['parameters']['seed']}, Size: 64x64, Model hash: " in text
    assert "Denoising strength: 0.7" in text
    assert 'Lora hashes: "deterministic-lora: ' in text


def test_variations_have_seeds_in_a_row(server, photo):
    out = server.folder / "several.png"
    said = server.foveate(
        "refocus", photo, out, "--prompt", "x", "--seed", "9", "--variations", "3", "--json", "--quiet"
    )
    told = json.loads(said.stdout)["variations"]
    paths = [server.folder / f"several-{number}.png" for number in (1, 2, 3)]
    assert [each["output"] for each in told] == [str(path) for path in paths]
    assert [recipe_of(path)["parameters"]["seed"] for path in paths] == [9, 10, 11]
    assert len({read_picture(path).samples.tobytes() for path in paths}) == 3
    assert not out.exists()


def test_the_canvas_grows_and_old_samples_stay(server, photo):
    out = server.folder / "extended.png"
    server.foveate("fill", photo, out, "--extend", "0,8,32,0", "--prompt", "sky", "--quiet")
    old, new = read_picture(photo).samples, read_picture(out).samples
    assert new.shape == (72, 96, 4)
    assert new[8:, :64].tobytes() == old.tobytes()
    server.foveate("replay", out, "--input", photo)


def test_compare_writes_one_sheet(server, photo):
    out = server.folder / "sheet.png"
    said = server.foveate(
        "compare", photo, out, "--rect", "10,10,40,40", "--strengths", "0.3,0.9", "--seeds", "1,2", "--json", "--quiet"
    )
    told = json.loads(said.stdout)
    labels = [outcome["data"]["label"] for outcome in told["outcomes"][1:]]
    assert labels == ["strength 0.3, seed 1", "strength 0.3, seed 2", "strength 0.9, seed 1", "strength 0.9, seed 2"]
    assert read_picture(out).extent.width == told["extent"][0]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("refocus", "--prompt", "x", "--model", "deterministic-x4"), "knows no prompt"),
        (("refocus", "--prompt", "x", "--lora", "foreign-lora"), "does not fit"),
        (("refocus", "--preset", "potrait"), "Did you mean portrait?"),
        (("fill", "--prompt", "x"), "needs to know where"),
        (("fill", "--extend", "1,2,3"), "is not L,T,R,B"),
        (("compare",), "nothing to compare"),
        (("refocus", "--variations", "0"), "--variations must be at least 1."),
    ],
)
def test_what_cannot_be_is_one_sentence(server, photo, arguments, sentence):
    command, *options = arguments
    said = server.foveate(command, photo, server.folder / "none.png", *options, "--quiet", status=2)
    assert sentence in said.stderr
    assert said.stderr.count("\n") == 1
    assert not (server.folder / "none.png").exists()
