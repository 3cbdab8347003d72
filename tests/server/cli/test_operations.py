"""The command line follows the server's schemas: limits, defaults, choices, and operations that only the server has."""

import json

import pytest

from fakes.changed_server import CHANGES, SOFTEN, TITLE
from fakes.pictures import scene
from fakes.workplace import Workplace
from foveate_server.operations.registry import operations
from foveate_server.picture_files.read import read_picture
from foveate_server.picture_files.write import save


@pytest.fixture(scope="module")
def changed(tmp_path_factory):
    """A workplace whose server's operations are not ours."""
    workplace = Workplace(tmp_path_factory.mktemp("changed"), server="fakes.changed_server")
    with workplace.serving():
        yield workplace


@pytest.fixture
def photo(changed):
    path = changed.folder / "photo.png"
    save(scene(), path)
    return path


def refused(workplace, *arguments):
    """Return the one sentence of a command that must fail before it does anything."""
    said = workplace.foveate(*arguments, "--quiet", status=2)
    assert said.stderr.count("\n") == 1
    assert said.stdout == ""
    return said.stderr.strip()


OURS = {
    "too much": (("refocus", "--strength", "2"), "--strength must be at most 1. Write a number from 0 to 1."),
    "no number": (("refocus", "--strength", "nan"), "--strength must be a number, not “nan”. Write it such as 0.5."),
    "no choice": (("upscale", "--scale", "5"), "--scale must be one of 2, 3, 4. Choose one of them."),
    "a word": (("refocus", "--steps", "x", "--prompt", "x"), "--steps must be a whole number, not “x”."),
    "no face": (("faces", "--only", "0"), "--only must be at least 1."),
    "a list of nothing": (("faces", "--only", "x"), "--only: “x” is no number. Write numbers such as 1, 3-5."),
    "too far": (("fill", "--extend", "16385,0,0,0"), "--extend (left) must be at most 16384."),
    "a start": (("fill", "--start", "blur", "--rect", "1,1,9,9"), "--start must be one of fill, original, noise."),
    "seeds": (("compare", "--seeds", "1,4294967296"), "--seeds must be at most 4294967295."),
    "strengths": (("compare", "--strengths", "0.5,2"), "--strengths must be at most 1."),
    "a large sheet": (("compare", "--seeds", ",".join(map(str, range(25)))), "25 variants; a sheet holds 24."),
    "variations": (("refocus", "--variations", "65"), "--variations must be at most 64."),
    "a weight": (("refocus", "--lora", "deterministic-lora:5"), "--lora (weight) must be at most 4."),
    "nothing of ours": (("refocus", "--strenght", "2"), "Unrecognized arguments: --strenght 2."),
    "not of this one": (("upscale", "--extent", "2"), "Unrecognized arguments: --extent 2."),
    "no operation": (("soften",), "This server has no operation soften. It offers refocus, faces,"),
}


@pytest.mark.parametrize("case", OURS)
def test_what_the_schema_forbids_is_said_of_the_option(case, server):
    (command, *options), sentence = OURS[case]
    path = server.folder / "forbidden.png"
    save(scene(), path)
    assert sentence in refused(server, command, path, server.folder / "none.png", *options)
    assert not (server.folder / "none.png").exists()


THEIRS = {
    "limit": (("refocus", "--strength", "0.95"), "--strength must be at most 0.9. Write a number from 0 to 0.9."),
    "choice": (("upscale", "--scale", "5"), "--scale must be one of 2, 3, 4, 6."),
    "extension": (("fill", "--extend", "20001,0,0,0"), "--extend (left) must be at most 20000."),
    "sheet": (("compare", "--seeds", "1,2,3,4"), "4 variants; a sheet holds 3."),
    "certainty": (("faces", "--min-score", "0.25"), "--min-score must be at least 0.3."),
    "their own": (("soften", "--radius", "10"), "--radius must be at most 9. Write a number from 1 to 9."),
    "their choice": (("soften", "--shape", "oval"), "--shape must be one of round, square."),
    "their flag": (("soften", "--edges", "maybe"), "--edges must be yes or no, not “maybe”."),
    "for recipes alone": (("soften", "--traces", "1"), "Unrecognized arguments: --traces 1."),
}


@pytest.mark.parametrize("case", THEIRS)
def test_another_servers_limits_count(case, changed, photo):
    (command, *options), sentence = THEIRS[case]
    assert sentence in refused(changed, command, photo, changed.folder / "none.png", *options)


def test_more_is_taken_where_the_server_takes_more(changed, photo):
    """Each of these is beyond what our own server allows."""
    fill = operations()["fill"].parameters.schema["properties"]["extend"]["properties"]["left"]["maximum"]
    assert CHANGES["fill", "extend", "properties", "left", "maximum"] > fill
    said = refused(changed, "fill", photo, changed.folder / "none.png", "--extend", "20000,0,0,20001")
    assert "--extend (bottom) must be at most 16384." in said  # the side whose limit is another one was taken
    assert CHANGES["faces", "min_score", "default"] == 0.75
    told = json.loads(changed.foveate("faces", photo, changed.folder / "faces.png", "--json", "--quiet").stdout)
    assert told["recipe"]["parameters"]["min_score"] == 0.75


def test_an_operation_of_the_server_alone_has_a_command(changed, photo):
    out = changed.folder / "soft.png"
    options = ("--radius", "5", photo, out, "--levels", "1,3-5", "--edges", "yes", "--soften-force", "0.5")
    told = json.loads(changed.foveate("soften", *options, "--rect", "17,9,30,33", "--json", "--quiet").stdout)
    used = told["recipe"]["parameters"]
    assert (told["recipe"]["operation"], used["radius"], used["shape"]) == ("soften", 5, "round")
    assert (used["levels"], used["edges"], used["force"]) == ([1, 3, 4, 5], True, 0.5)
    old, new = read_picture(photo).samples, read_picture(out).samples
    assert (new != old).any()
    assert new[:9].tobytes() == old[:9].tobytes()


def test_its_help_is_the_servers(changed):
    text = " ".join(changed.foveate("soften", "--help").stdout.split())
    assert "how far it reaches, in pixels; 1 to 9, default 3" in text
    assert "round | square, default round" in text
    assert "--soften-force X" in text, "--force is the command line's own"
    assert "--traces" not in text


def test_help_of_our_own_commands_repeats_nothing_of_a_schema(workplace):
    """It works without a server."""
    for command in ("refocus", "faces", "upscale", "fill", "compare", "detect"):
        text = workplace.foveate(command, "--help").stdout
        assert "16384" not in text
        assert "--strength X" in text or command == "detect"
        for word in ("(default 1", "(default 4", "{2,3,4}", "0-1", "1 to 64"):
            assert word not in text, (command, word)


def test_operations_are_listed_as_the_server_tells_them(changed):
    lines = changed.foveate("operations").stdout.splitlines()
    assert f"refocus: {TITLE}" in lines
    assert "soften: Soften" in lines
    assert "    radius (N; 1 to 9, default 3)" in lines
    assert "    scale (N; 2 | 3 | 4 | 6, default 4)" in lines
    assert not any("traces" in line for line in lines)
    alone = json.loads(changed.foveate("operations", "soften", "--json").stdout)["operations"]
    assert [(each["name"], each["title"]) for each in alone] == [("soften", "Soften")]
    assert alone[0]["parameters"]["properties"] == SOFTEN
    assert "It offers refocus," in refused(changed, "operations", "harden")
