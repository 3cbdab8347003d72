"""The families in their stated order."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from foveate_server.families.registry import check_family, families, registered


def test_ours_come_in_the_order_in_which_people_meet_them():
    assert list(families())[:5] == ["sd1", "sd2", "sdxl", "sd3", "flux1"]
    assert {name: family.name for name, family in families().items()} == {name: name for name in families()}
    assert registered().left_out == ()


@pytest.mark.parametrize("family", families().values(), ids=list(families()))
def test_ours_are_what_a_family_must_be(family):
    assert check_family(family) is family


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"name": "SD 9"}, "'SD 9' is no name of up to 32 lower-case letters, digits and dashes"),
        ({"adapter": "nowhere"}, "'nowhere' does not name something as package.module:name"),
        ({"recognizer": "a b:c"}, "'a b:c' does not name something as package.module:name"),
        ({"latent_channels": 16}, "it has 16 latent channels, and colours for 4"),
        ({"native_side": 510}, "its native side is no multiple of `multiple`"),
        ({"schedulers": ("ddim",)}, "its default scheduler 'dpm++2m-karras' is none of its schedulers"),
    ],
)
def test_numbers_that_do_not_agree_are_named(changes, reason):
    with pytest.raises(ValueError, match=re.escape(reason)):
        check_family(replace(families()["sd1"], **changes))


def test_something_else_is_no_family():
    with pytest.raises(TypeError, match=r"a family is a foveate_server\.families\.family\.Family, not a dict"):
        check_family({"name": "toy"})
