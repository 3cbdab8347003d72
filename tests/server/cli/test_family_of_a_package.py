"""A family that another package adds: its checkpoints are recognised, listed and rendered with."""

import json
import os

import pytest

from fakes.checkpoints import TinyCheckpoints
from fakes.packages import put_package
from fakes.pictures import scene
from fakes.workplace import TESTS
from foveate_server.engines.diffusion.quiet_libraries import quiet
from foveate_server.picture_files.embed_metadata import read_recipe
from foveate_server.picture_files.write import save

SOURCE = """
from dataclasses import replace

from foveate_server.families.family import REPAINTS
from foveate_server.families.sd1 import FAMILY as SD1
from foveate_server.models.recognition.denoising_network import RecognizedNetwork

FAMILY = replace(
    SD1, name="toy", title="Toy Diffusion", adapter="foveate_toy_adapter:Toy", recognizer="foveate_toy:recognize",
    repository="toys/toy-diffusion", capabilities=frozenset({REPAINTS}),
)


def recognize(header):
    if not header.has("conv_in."):
        return None
    shape = header.shape("conv_in.weight")
    width = next(header.shapes_ending("attn2.to_k.weight"))[1]
    return RecognizedNetwork("toy", "Toy Diffusion One", shape[1], 4, width, 0)
"""
ADAPTER = """
from foveate_server.engines.diffusion.adapters.unet import UNetDenoiser
from foveate_toy import FAMILY


class Toy(UNetDenoiser):
    family = FAMILY
    pipeline = "StableDiffusionPipeline"
"""


@pytest.fixture(scope="module")
def studio(tmp_path_factory, make_workplace):
    """A workplace beside the package, with a checkpoint, whose server runs."""
    folder = tmp_path_factory.mktemp("studio")
    site = folder / "site"
    put_package(site, "foveate-toy", "foveate.families", {"toy": "FAMILY"}, SOURCE)
    (site / "foveate_toy_adapter.py").write_text(ADAPTER)
    with quiet():
        checkpoint = TinyCheckpoints(folder).folder("sd1")
    workplace = make_workplace(folder, engine="foveate_server.engines.engine_specs:suite_spec")
    workplace.extra["FOVEATE_CACHE_DIR"] = str(folder / "cache")
    workplace.extra["FOVEATE_OFFLINE"] = "true"
    workplace.extra["PYTHONPATH"] = os.pathsep.join((str(TESTS), str(site)))
    workplace.foveate("models", "add", checkpoint, "--name", "tiny")
    with workplace.serving():
        yield workplace


def test_its_checkpoints_are_recognised_and_rendered_with(studio):
    told = json.loads(studio.foveate("models", "inspect", "tiny", "--json").stdout)
    assert (told["family"], told["facts"]["base"]) == ("toy", "Toy Diffusion One")
    before, after = studio.folder / "photo.png", studio.folder / "prompted.png"
    save(scene(), before)
    prompted = ("--rect", "17,9,30,33", "--prompt", "a door", "--steps", "2", "--seed", "7", "--quiet")
    studio.foveate("refocus", before, after, *prompted)
    assert json.loads(read_recipe(after))["recipe"]["model"]["family"] == "toy"
    said = studio.foveate("fill", before, after, *prompted, status=2).stderr
    assert "needs a checkpoint, and this server has none" in said


def test_its_configuration_is_known(studio):
    said = studio.foveate("models", "pull", "config-toy", status=1).stderr
    assert "The model config-toy is not on this machine, and Foveate is set to stay offline." in said


def test_nothing_was_left_out(studio):
    assert json.loads(studio.foveate("status", "--json").stdout)["left_out"] == []
