"""All of a large picture is not worked on unasked: here all are large, and a terminal is played."""

import contextlib
import io
import json
import os
from unittest import mock

import pytest

from fakes.pictures import scene
from foveate_server.cli import ask_beforehand
from foveate_server.cli.main import main
from foveate_server.picture_files.write import save

ASKED = "No region is given: on all of the picture this takes "


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def refocus(server, monkeypatch, tmp_path):
    """Run a command with the answers that a person types; return its status, what it said, and what was written."""
    monkeypatch.setattr(ask_beforehand, "LONG_SECONDS", 0.0)
    save(scene(), tmp_path / "in.png")

    def refocus(*options, typed="", terminal=Terminal):
        said, told = terminal(), io.StringIO()
        command = ["refocus", str(tmp_path / "in.png"), str(tmp_path / "out.png"), "--json", *options]
        with (
            mock.patch.dict(os.environ, server.environment | {"TERM": "xterm", "COLUMNS": "500"}, clear=True),
            mock.patch("sys.stdin", Terminal(typed)),
            contextlib.redirect_stderr(said),
            contextlib.redirect_stdout(told),
        ):
            status = main(command)
        written = sorted(path.name for path in tmp_path.glob("out*"))
        assert not written or json.loads(told.getvalue())
        assert json.loads(server.foveate("jobs", "--json").stdout)["jobs"] == []
        return status, said.getvalue(), written

    return refocus


@pytest.mark.parametrize("quiet", [(), ("--quiet",)])
def test_a_person_is_asked_and_a_yes_begins_it(refocus, quiet):
    status, said, written = refocus(*quiet, typed="y\n")
    assert said.count(ASKED) == 1
    assert "Go on? [y/N]" in said
    assert (status, written) == (0, ["out.png"])


@pytest.mark.parametrize("typed", ["n\n", "\n", ""])
def test_without_a_yes_nothing_is_begun(refocus, typed):
    status, said, written = refocus(typed=typed)
    assert "Nothing was begun. Give a region with --rect or --mask, or say --yes" in said
    assert (status, written) == (1, [])


def test_variations_are_asked_for_once(refocus):
    status, said, written = refocus("--variations", "2", "--prompt", "x", typed="yes\n")
    assert said.count(ASKED) == 1
    assert (status, written) == (0, ["out-1.png", "out-2.png"])


@pytest.mark.parametrize("options", [("--yes",), ("--rect", "8,8,20,20")])
def test_who_said_it_beforehand_or_gave_a_region_is_not_asked(refocus, options):
    status, said, written = refocus(*options)
    assert ASKED not in said
    assert (status, written) == (0, ["out.png"])


def test_where_nobody_can_answer_it_goes_on_with_a_note(refocus):
    status, said, written = refocus(terminal=io.StringIO)
    assert said.count(ASKED) == 1
    assert "give a region with --rect or --mask" in said
    assert "Go on?" not in said
    assert (status, written) == (0, ["out.png"])


def test_what_is_done_soon_is_not_asked_for(refocus, monkeypatch):
    monkeypatch.setattr(ask_beforehand, "LONG_SECONDS", 1e9)
    status, said, written = refocus()
    assert ASKED not in said
    assert (status, written) == (0, ["out.png"])
