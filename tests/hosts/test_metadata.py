"""All that a picture's file says, before and after our reading and saving, as ExifTool reads it: no reader of ours."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fakes.picture_corpus import write_corpus
from fakes.told_differences import differences, lost_elsewhere
from foveate_server.picture_files.read import read_picture
from foveate_server.picture_files.write import prepare, save
from foveate_shared.errors import InputError

ASK = 'exiftool -json -G1 -a -u -struct -r "$1" > "$2" 2> "$2.errors"'
OTHERS = {".png": ".tif", ".jpg": ".png", ".webp": ".jpg", ".tif": ".webp"}


@pytest.fixture(scope="module")
def folder(chroot):
    if chroot.run(["sh", "-c", "command -v exiftool"], folder=chroot.folder("asked")).status != 0:
        pytest.fail("ExifTool is not in the chroot: this is never skipped where there is one.")
    made = chroot.folder("metadata")
    for name in ("before", "after", "elsewhere"):
        (made.outside / name).mkdir()
    return made


@pytest.fixture(scope="module")
def told(chroot, folder):
    """Return a function that says what ExifTool reads of all files in a folder, by their names."""

    def ask(name):
        chroot.run(["sh", "-c", ASK, "ask", f"{folder.inside}/{name}", f"{folder.inside}/{name}.json"], folder=folder)
        entries = json.loads((folder.outside / f"{name}.json").read_text("utf-8"))
        return {Path(entry["SourceFile"]).name: entry for entry in entries}

    return ask


@pytest.fixture(scope="module")
def corpus(folder):
    return write_corpus(folder.outside / "before")


def test_results_say_what_their_originals_said(folder, told, corpus):
    assert len(corpus) >= 200
    for path in corpus:
        result = folder.outside / "after" / path.name
        save(prepare(read_picture(path), result), result)
    before, after = told("before"), told("after")
    assert before.keys() == after.keys() == {path.name for path in corpus}
    assert sum(len(entry) for entry in before.values()) > 40 * len(corpus), "they say much"
    found = {name: differences(before[name], after[name]) for name in before}
    assert {name: told for name, told in found.items() if told} == {}


def test_another_kind_of_file_says_it_too(folder, told, corpus):
    """But for what a note says: each picture goes into one other kind."""
    written = {}
    for path in (each for each in corpus if each.suffix in OTHERS):
        target = folder.outside / "elsewhere" / (path.name + OTHERS[path.suffix])
        try:
            prepared = prepare(read_picture(path), target)
        except InputError:  # no place for its samples
            continue
        save(prepared, target)
        written[path.name] = target.name
    assert len(written) > 100
    before, after = told("before"), told("elsewhere")
    found = {
        name: lost_elsewhere(before[name], after[target], holds_iptc=not target.endswith(".webp"))
        for name, target in written.items()
    }
    assert {name: told for name, told in found.items() if told} == {}
