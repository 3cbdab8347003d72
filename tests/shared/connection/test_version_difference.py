"""Which side is older, and what to do about it."""

from __future__ import annotations

import pytest

from foveate_shared.connection.version_difference import update_program, version_difference
from foveate_shared.wire.protocol import Peer


def told(ours: str, theirs: str, program: str = "foveate-krita") -> str:
    return str(version_difference(Peer(program, ours), Peer("foveate", theirs)) or "")


@pytest.mark.parametrize(("ours", "theirs"), [("0.2.0", "0.1.9"), ("0.10", "0.9"), ("1.0.1", "1.0"), ("2", "1.9.9")])
def test_the_older_side_is_told_apart(ours, theirs):
    assert told(ours, theirs).startswith(f"The server's version {theirs} is older than this plugin's, {ours}. Run ")
    assert told(theirs, ours) == (
        f"This plugin's version {theirs} is older than the server's, {ours}. "
        "Install the plugin again in a terminal: foveate plugins install krita"
    )


@pytest.mark.parametrize(
    ("ours", "theirs"), [("0.1.0", "0.1.0"), ("development", "0.1.0"), ("0.1.0", "0.1.dev3"), ("", "1")]
)
def test_nothing_is_said_of_the_same_version_or_of_one_that_is_of_no_age(ours, theirs):
    assert told(ours, theirs) == ""


def test_a_program_that_is_no_plugin_is_brought_up_to_date_by_itself():
    assert update_program(Peer("foveate-cli", "0.1")) == "Update the program foveate-cli 0.1."
    assert update_program(Peer("foveate-blender", "0.1")).endswith("foveate plugins install blender")
