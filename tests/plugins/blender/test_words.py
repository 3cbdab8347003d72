"""Names, numbers, colour spaces, and the manifest."""

import re
from importlib import metadata
from pathlib import Path

import pytest
import tomllib

from foveate_shared.errors import InputError

SOURCES = Path(__file__).parents[3] / "plugins/blender/foveate"


@pytest.mark.parametrize(("text", "expected"), [("1, 3", [1, 3]), (" 2 ", [2]), ("4;5 6", [4, 5, 6])])
def test_faces_are_named_by_numbers(module, text, expected):
    assert module("number_lists").numbers(text) == expected


@pytest.mark.parametrize("text", ["two", "1, -2", "0", "1.5", "٣x"])
def test_what_is_no_number_is_said(module, text):
    with pytest.raises(InputError, match="does not name faces"):
        module("number_lists").numbers(text)


def test_a_model_is_named_only_where_one_is_chosen(module):
    with_model = module("number_lists").with_model
    assert with_model({"strength": 1}, "") == {"strength": 1}
    assert with_model({"strength": 1}, "m") == {"strength": 1, "model": "m"}


@pytest.mark.parametrize("name", ["Non-Color", "Filmic Log", "Rec.1886", "sRGB "])
def test_colour_spaces_that_are_none_of_ours_are_refused_with_a_remedy(module, name):
    with pytest.raises(InputError) as caught:
        module("color_spaces").space_of(name)
    assert "sRGB" in caught.value.info.remedy


def test_a_results_name_holds_operation_and_model_and_fits_into_blenders_names(module):
    naming = module("naming")
    assert naming.result_name("a.png", "Refocus", "m") == "a.png, Refocus (m)"
    long = naming.result_name("ä" * 60, "Upscale", "some-model")
    assert len(long.encode()) <= 63
    assert long.endswith(", Upscale (some-model)")
    assert naming.model_of({"model": {"name": "m", "sha256": ""}}) == "m"
    assert naming.model_of({}) == ""


def test_colour_spaces_have_the_protocols_names(module):
    spaces = module("color_spaces")
    assert spaces.space_of("sRGB") == "srgb"
    assert spaces.space_of(spaces.SCENE_LINEAR) == "srgb-linear"


def test_the_manifest_is_of_our_version_and_within_blenders_limits():
    manifest = tomllib.loads((SOURCES / "blender_manifest.toml").read_text())
    assert manifest["version"] == metadata.version("foveate")
    assert manifest["license"] == ["SPDX:GPL-3.0-or-later"]
    assert set(manifest["permissions"]) == {"network", "files"}
    assert all(len(reason) <= 64 and not re.search(r"[.!?]$", reason) for reason in manifest["permissions"].values())
