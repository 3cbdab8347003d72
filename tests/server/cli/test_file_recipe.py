"""Recipes come back as they went in; what is none, or names paths, is refused."""

import json
from pathlib import Path

import numpy as np
import pytest

from foveate_server.cli.file_recipe import describe_alone, describe_result, parse_recipe, sha256_of_samples
from foveate_server.cli.region import Region
from foveate_server.picture_files.picture import Picture
from foveate_shared.errors import InputError
from foveate_shared.geometry import Bounds
from foveate_shared.pixels import Channels
from foveate_shared.wire.protocol import Selection

SERVER_RECIPE = {"operation": "refocus", "parameters": {"strength": 0.5, "pinned": {"threads": 2}}}


def described(mask=None):
    picture = Picture(np.zeros((4, 4, 3), np.uint8), Channels.RGB, source=Path("/home/me/in.png"), sha256="ab")
    region = Region(Selection(Bounds(1, 1, 2, 2)), coverage_sha256="cd" if mask else None)
    return picture, describe_result(picture, region, mask, picture, SERVER_RECIPE)


def test_it_comes_back():
    picture, text = described()
    recipe = parse_recipe(text)
    assert recipe.rect == (1, 1, 2, 2)
    assert recipe.mask is None
    assert (recipe.input.name, recipe.input.sha256) == ("in.png", "ab")
    assert recipe.result_sha256 == sha256_of_samples(picture)
    assert recipe.recipe == SERVER_RECIPE


def test_it_names_no_folder():
    assert "/home" not in described(Path("/home/me/mask.png"))[1]


def test_a_mask_takes_the_place_of_the_rectangle():
    recipe = parse_recipe(described(Path("mask.png"))[1])
    assert recipe.rect is None
    assert (recipe.mask.name, recipe.mask.sha256) == ("mask.png", "cd")


@pytest.mark.parametrize(
    ("selection", "rect", "is_masked"),
    [
        (None, None, False),
        ({"bounds": [1, 1, 2, 2], "has_coverage": False}, (1, 1, 2, 2), False),
        ({"bounds": [1, 1, 2, 2], "has_coverage": True}, None, True),
    ],
)
def test_of_what_was_fetched_alone_no_file_is_known(selection, rect, is_masked):
    picture, _ = described()
    told = {**SERVER_RECIPE, "document": {"extent": [4, 4]}, "selection": selection}
    told["pictures"] = [{"name": "control", "sha256": "ef"}]
    recipe = parse_recipe(describe_alone(picture, told))
    assert recipe.is_alone
    assert not recipe.input.is_known
    assert (recipe.rect, recipe.mask is not None) == (rect, is_masked)
    assert recipe.pictures["control"].sha256 == "ef"
    assert recipe.result_sha256 == sha256_of_samples(picture)
    assert parse_recipe(describe_alone(picture, SERVER_RECIPE)).input is None


def test_a_recipe_says_that_a_result_is_alone_only_where_it_is():
    assert "is_alone" not in json.loads(described()[1])
    assert not parse_recipe(described()[1]).is_alone


@pytest.mark.parametrize(
    "change",
    [
        {"input": {"name": "../../etc/passwd", "sha256": ""}},
        {"input": {}},
        {"rect": [1, 2, 3]},
        {"recipe": {}},
        {"recipe": {"operation": 3, "parameters": {}}},
        {"result_sha256": None, "mask": 7},
    ],
    ids=str,
)
def test_damaged_recipes_are_refused(change):
    fields = json.loads(described()[1]) | change
    with pytest.raises(InputError, match="damaged"):
        parse_recipe(json.dumps(fields))


@pytest.mark.parametrize("text", ["", "[]", "{}", "null", '"x"', "[" * 100_000])
def test_what_is_no_recipe_is_refused(text):
    with pytest.raises(InputError, match="damaged"):
        parse_recipe(text)


def test_a_newer_recipe_asks_for_an_update():
    fields = json.loads(described()[1]) | {"foveate_recipe": 99}
    with pytest.raises(InputError, match="format 99"):
        parse_recipe(json.dumps(fields))
