"""An operation that another package adds, which takes models: it is given restorers and checkpoints as ours are."""

import json

import numpy as np
import pytest
from PIL import Image

from fakes.pictures import scene
from foveate_server.picture_files.embed_metadata import read_recipe
from foveate_server.picture_files.write import save


@pytest.fixture(scope="module")
def studio(checkpoint_server):
    save(scene(), checkpoint_server.folder / "photo.png")
    return checkpoint_server


def retouched(studio, *options):
    """The recipe of a retouch, and where the picture changed."""
    before, after = studio.folder / "photo.png", studio.folder / "after.png"
    studio.foveate("retouch", before, after, "--rect", "17,9,30,33", "--quiet", "--force", *options)
    changed = (np.asarray(Image.open(before)) != np.asarray(Image.open(after))).any(axis=2)
    rows, columns = np.nonzero(changed)
    assert 9 <= rows.min() <= rows.max() < 9 + 33
    assert 17 <= columns.min() <= columns.max() < 17 + 30
    return json.loads(read_recipe(after))["recipe"]


def test_it_is_given_the_restorer_that_is_named(studio):
    recipe = retouched(studio, "--model", "sharp")
    assert recipe["model"]["name"] == recipe["parameters"]["model"] == "sharp"
    assert recipe["operation"] == "retouch"


def test_it_is_given_the_checkpoint_that_is_named_and_its_words(studio):
    recipe = retouched(studio, "--model", "tiny", "--prompt", "a door", "--steps", "2", "--seed", "7")
    assert (recipe["model"]["name"], recipe["model"]["family"]) == ("tiny", "sd1")
    assert (recipe["parameters"]["prompt"], recipe["parameters"]["strength"]) == ("a door", 0.4)


def test_words_alone_mean_a_checkpoint(studio):
    assert retouched(studio, "--prompt", "a door", "--steps", "2", "--seed", "7")["model"]["name"] == "tiny"


def test_a_model_that_it_does_not_take_is_refused_with_those_that_it_does(studio):
    photo, after = studio.folder / "photo.png", studio.folder / "none.png"
    said = studio.foveate("retouch", photo, after, "--model", "centerface", "--quiet", status=2).stderr
    assert "There is no model named 'centerface' for retouch." in said
    assert "Models for it: realesr-animevideov3, realesrgan-x4plus, realesrgan-x4plus-anime, sharp, tiny." in said


def test_a_capability_that_no_family_has_leaves_it_without_a_model(studio):
    photo, after = studio.folder / "photo.png", studio.folder / "none.png"
    said = studio.foveate("edit", photo, after, "--prompt", "a hat", "--quiet", status=2).stderr
    assert "needs a checkpoint, and this server has none" in said


def test_its_options_say_which_models_there_are(studio):
    assert "--model" in studio.foveate("retouch", "--help").stdout


def test_one_with_the_name_of_a_command_is_left_out(studio):
    (left_out,) = json.loads(studio.foveate("status", "--json").stdout)["left_out"]
    assert (left_out["name"], left_out["reason"]) == ("status", "its name is a command of Foveate")


@pytest.mark.parametrize(("strength", "status"), [("0", 1), ("1", 1)], ids=["plan", "run"])
def test_its_errors_are_its_own(studio, strength, status):
    photo, after = studio.folder / "photo.png", studio.folder / "none.png"
    said = studio.foveate("broken", photo, after, "--strength", strength, "--quiet", status=status).stderr
    assert "The operation broken, of the package foveate-retouch 1.0, failed because of an error in it." in said
    assert "Report it to that package's author" in said
