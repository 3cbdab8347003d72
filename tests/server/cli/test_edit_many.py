"""Many pictures at once: each has its outcome, one that fails costs no other, and nothing is made twice."""

import json

import numpy as np
import pytest

from fakes.pictures import scene
from foveate_server.picture_files.picture import Picture
from foveate_server.picture_files.read import read_picture
from foveate_server.picture_files.write import save
from foveate_shared.pixels import Channels


@pytest.fixture
def album(server, tmp_path):
    """A folder with two pictures, and what is none."""
    for number, name in enumerate(("a.png", "c.jpg")):
        save(scene(side=32 + 8 * number), tmp_path / name)
    (tmp_path / "b.png").write_text("no picture")
    return tmp_path


def refocus(server, *arguments, status=0):
    return server.foveate("refocus", *arguments, "--strength", "0.5", status=status)


def test_each_has_a_line_and_what_failed_is_named_in_the_end(server, album):
    said = refocus(server, album, "--to", album / "new" / "er", status=1).stderr.splitlines()
    lines = [line for line in said if "The region is very soft" not in line]
    assert [line.partition(",")[0] for line in lines[:3]] == [
        f"{album}/a.png: {album}/new/er/a.png",
        f"{album}/b.png: failed. b.png is not a picture that Foveate reads.",
        f"{album}/c.jpg: {album}/new/er/c.jpg",
    ]
    assert lines[3] == "3 pictures: 2 done, 1 failed."
    assert lines[4].startswith(f"{album}/b.png: b.png is not a picture that Foveate reads. Use ")
    assert len(lines) == 5
    assert {path.name for path in (album / "new" / "er").iterdir()} == {"a.png", "c.jpg", "c.jpg.foveate.json"}
    assert "bit for bit" in server.foveate("replay", album / "new/er/a.png", "--input", album / "a.png").stdout


def test_a_second_run_makes_what_is_missing(server, album):
    (album / "b.png").unlink()
    mask = album / "mask.tif"
    save(Picture(np.full((32, 32, 1), 200, np.uint8), Channels.Y), mask)
    runs = {
        "one": ([album / "a.png", "--rect", "1,2,20,20"], "1 picture: 1 done."),
        "the same": ([album / "a.png", "--rect", "1,2,20,20"], "1 picture: 1 there already."),
        "elsewhere": ([album / "a.png", "--rect", "1,2,20,21"], "1 picture: 1 done."),
        "by a mask": ([album / "a.png", "--mask", mask], "1 picture: 1 done."),
        "by the same": ([album / "a.png", "--mask", mask], "1 picture: 1 there already."),
        "the other way": ([album / "a.png", "--mask", mask, "--invert-mask"], "1 picture: 1 done."),
        "in 32 bits": ([album / "a.png", "--exact"], "1 picture: 1 done."),
        "all": ([album / "a.png", album / "c.jpg", "--exact"], "2 pictures: 1 done, 1 there already."),
        "all again": ([album / "a.png", album / "c.jpg", "--exact"], "2 pictures: 2 there already."),
    }
    for name, (arguments, summary) in runs.items():
        assert refocus(server, *arguments, "--to", album / "new").stderr.splitlines()[-1] == summary, name
    save(scene(side=40), album / "a.png")
    said = refocus(server, album / "a.png", "--exact", "--to", album / "new", status=1).stderr
    assert "new/a.png exists already." in said, "it was made of another original"


def test_what_exists_is_a_failure_of_its_own(server, album):
    (album / "new").mkdir()
    (album / "new" / "a.png").write_text("mine")
    said = refocus(server, album / "a.png", album / "c.jpg", "--to", album / "new", "--quiet", status=1).stderr
    assert (
        said
        == f"{album}/a.png: {album}/new/a.png exists already. Give OUT another name, or say --force to replace it.\n"
    )
    assert (album / "new" / "a.png").read_text() == "mine"
    assert read_picture(album / "new" / "c.jpg").extent == read_picture(album / "c.jpg").extent


def test_beside_the_originals_with_a_suffix_and_as_another_kind(server, album):
    files = [album / "a.png", album / "c.jpg"]
    told = json.loads(refocus(server, *files, "--suffix", "_new", "--as", "webp", "--json", "--quiet").stdout)
    assert [each["output"] for each in told["pictures"]] == [f"{album}/a_new.webp", f"{album}/c_new.webp"]
    assert {each["state"] for each in told["pictures"]} == {"done"}
    assert read_picture(album / "a_new.webp").kind == "webp"
    told = json.loads(refocus(server, album, "--suffix", "_new", "--as", "webp", "--json", "--quiet", status=1).stdout)
    assert [each["state"] for each in told["pictures"]] == ["there already", "failed", "there already"]
    assert told["pictures"][1]["error"] == "b.png is not a picture that Foveate reads."


def test_without_a_server_nothing_is_begun(workplace, album):
    (album / "token").write_text("fvt_0123456789012345678901234567")
    server = ("--server", "ws://127.0.0.1:1", "--token-file", album / "token")
    said = workplace.foveate("refocus", album, "--to", album / "new", *server, status=3).stderr
    assert said.count("\n") == 1
    assert not (album / "new").exists()


def test_a_yes_alone_does_not_take_a_picture_for_its_answer(server, album):
    files = [album / "a.png", album / "c.jpg"]
    told = json.loads(refocus(server, *files, "--to", album / "new", "--json", "--split", album / "c.jpg").stdout)
    assert [each["recipe"]["parameters"]["split"] for each in told["pictures"]] == [True, True]
