"""With a package that cannot work the server starts, and all who look after it name the package and the reason."""

from __future__ import annotations

import json
import os

import pytest

from fakes.packages import put_package
from fakes.pictures import scene
from fakes.workplace import TESTS
from foveate_server.picture_files.write import save

GROUP = "foveate.families"
NEEDY = "needy of foveate.families is left out: it cannot be imported: No module named 'no_such_module'."
WRONG = "wrong of foveate.families is left out: what it declares is wrong: TypeError a family is a "


@pytest.fixture(scope="module")
def burdened(make_workplace, tmp_path_factory):
    """A running server beside packages that cannot work."""
    site = tmp_path_factory.mktemp("site")
    put_package(site, "foveate-needy", GROUP, {"needy": "FAMILY"}, "import no_such_module")
    put_package(site, "foveate-wrong", GROUP, {"wrong": "FAMILY", "sd1": "FAMILY"}, "FAMILY = 3")
    workplace = make_workplace(
        tmp_path_factory.mktemp("workplace"), extra={"PYTHONPATH": os.pathsep.join((str(TESTS), str(site)))}
    )
    with workplace.serving():
        yield workplace


def test_status_names_the_package_and_the_reason(burdened):
    lines = burdened.foveate("status").stdout.splitlines()
    assert f"package  foveate-needy 1.0: {NEEDY}" in lines
    assert any(line.startswith(f"package  foveate-wrong 1.0: {WRONG}") for line in lines)
    told = json.loads(burdened.foveate("status", "--json").stdout)["left_out"]
    assert [(one["package"], one["name"]) for one in told] == [
        ("foveate-needy 1.0", "needy"),
        ("foveate-wrong 1.0", "sd1"),
        ("foveate-wrong 1.0", "wrong"),
    ]
    assert told[1]["reason"] == "its name is taken by Foveate itself"


def test_doctor_does_too_and_says_what_to_do(burdened):
    said = burdened.foveate("plugins", "doctor", status=1).stdout
    assert f"! {NEEDY} Bring the package up to date, or remove it: pip uninstall foveate-needy" in said
    assert WRONG in said


def test_the_log_says_so_once(burdened):
    (log,) = (burdened.folder / "home/log").glob("*.log")
    assert log.read_text().count(NEEDY) == 1


def test_the_rest_works(burdened):
    before, after = burdened.folder / "in.png", burdened.folder / "out.png"
    save(scene(), before)
    burdened.foveate("refocus", before, after, "--quiet")
    assert after.exists()
