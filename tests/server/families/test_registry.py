"""The families in their stated order."""

from __future__ import annotations

from foveate_server.families.registry import families, registered


def test_ours_come_in_the_order_in_which_people_meet_them():
    assert list(families())[:5] == ["sd1", "sd2", "sdxl", "sd3", "flux1"]
    assert {name: family.name for name, family in families().items()} == {name: name for name in families()}
    assert registered().left_out == ()
