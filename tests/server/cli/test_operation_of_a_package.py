"""An operation that another package adds, which takes models: it is given restorers and checkpoints as ours are."""

import json
import os

import numpy as np
import pytest
import torch
from PIL import Image

from fakes.checkpoints import TinyCheckpoints
from fakes.packages import put_package
from fakes.pictures import scene
from fakes.workplace import TESTS
from foveate_server.engines.diffusion.quiet_libraries import quiet
from foveate_server.engines.restoration.rrdbnet import RRDBNet
from foveate_server.picture_files.embed_metadata import read_recipe
from foveate_server.picture_files.write import save

SOURCE = """
from dataclasses import dataclass

from foveate_server.families.family import REPAINTS
from foveate_server.models.model_requirement import ENLARGERS, checkpoints
from foveate_server.operations.contract import Item, ItemResult, Plan
from foveate_server.operations.document.patches import window_of
from foveate_server.operations.parameters import common_parameters
from foveate_server.operations.parameters.checkpoint_parameters import (
    OTHER,
    PromptParameters,
    SamplingParameters,
    prompt_for,
)
from foveate_server.operations.parameters.common_parameters import RenderingParameters, Share
from foveate_server.operations.parameters.declaration import Declaration, group
from foveate_shared.wire.schema_words import NEEDS
from foveate_server.operations.with_checkpoint import safety_policy
from foveate_server.operations.with_checkpoint.painter import Painter, Wish
from foveate_server.operations.with_restorer.grid import QUARTERS
from foveate_server.operations.with_restorer.restorer import Restorer
from foveate_shared.wire.protocol import DIFFUSION, Outcome


@dataclass(frozen=True)
class RetouchParameters:
    said: PromptParameters = group(PromptParameters)
    strength: Share = common_parameters.strength(diffusion=0.4)
    sampling: SamplingParameters = group(SamplingParameters)
    rendering: RenderingParameters = group(RenderingParameters)


class Retouch:
    name = "retouch"
    title = "Retouch"
    parameters = Declaration(RetouchParameters, models=(ENLARGERS, checkpoints(REPAINTS)))

    def plan(self, request, parameters):
        item = Item(self.name, "Retouching", (window_of(request.region, request, item=self.name),))
        return Plan("document", request.extent, "Retouch the region.", (item,))

    def run(self, run):
        return self._repaint(run) if run.request.is_prompted else self._restore(run)

    def _restore(self, run):
        restorer = Restorer.of(run, run.context)
        run.send(run.core, restorer.restore(run.pixels.working, QUARTERS), run.feather)
        return ItemResult(Outcome(run.item.id, "done"), recipe=restorer.recipe)

    def _repaint(self, run):
        painter, asked = Painter(run, run.context), run.parameters
        painted = painter.paint(Wish(run.pixels.working, run.selection, prompt_for(asked, OTHER), asked.strength))
        outcome = Outcome(run.item.id, "done", "", painter.data)
        return safety_policy.finish(run, run.core, painted, run.feather, painter=painter, outcome=outcome)


class Edit(Retouch):
    name = "edit"
    title = "Edit"
    parameters = Declaration(RetouchParameters, {NEEDS: [DIFFUSION]}, models=(checkpoints("edits"),))


class Broken(Retouch):
    name = "broken"
    title = "Broken"

    def plan(self, request, parameters):
        return super().plan(request, parameters) if parameters.strength else 1 / 0

    def run(self, run):
        return 1 / 0


RETOUCH, EDIT, BROKEN, STATUS = Retouch(), Edit(), Broken(), Edit()
"""


POINTS = {"retouch": "RETOUCH", "edit": "EDIT", "broken": "BROKEN", "status": "STATUS"}


@pytest.fixture(scope="module")
def studio(tmp_path_factory, make_workplace):
    """A workplace beside the package, with a checkpoint and a restorer, whose server runs."""
    folder = tmp_path_factory.mktemp("studio")
    site = folder / "site"
    put_package(site, "foveate-retouch", "foveate.operations", POINTS, SOURCE)
    workplace = make_workplace(folder, engine="foveate_server.engines.engine_specs:suite_spec")
    workplace.extra["FOVEATE_CACHE_DIR"] = str(folder / "cache")
    workplace.extra["FOVEATE_OFFLINE"] = "true"
    torch.save({"params_ema": RRDBNet(1, 8, 4).state_dict()}, folder / "sharp.pth")
    workplace.foveate("models", "add", folder / "sharp.pth")
    with quiet():
        checkpoint = TinyCheckpoints(folder).folder("sd1")
    workplace.foveate("models", "add", checkpoint, "--name", "tiny")
    workplace.extra["PYTHONPATH"] = os.pathsep.join((str(TESTS), str(site)))
    with workplace.serving():
        save(scene(), folder / "photo.png")
        yield workplace


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
