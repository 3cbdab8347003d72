"""Colour spaces, and the manifest."""

import re
from importlib import metadata
from pathlib import Path

import pytest
import tomllib

from foveate_shared.errors import InputError

SOURCES = Path(__file__).parents[3] / "plugins/blender/foveate"


@pytest.mark.parametrize("name", ["Non-Color", "Filmic Log", "Rec.1886", "sRGB "])
def test_colour_spaces_that_are_none_of_ours_are_refused_with_a_remedy(module, name):
    with pytest.raises(InputError) as caught:
        module("color_spaces").space_of(name)
    assert "sRGB" in caught.value.info.remedy


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
