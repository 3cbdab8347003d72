"""What is written down about jobs that run."""

import os
import time
from dataclasses import replace

import pytest
from foveate_gimp import records
from foveate_gimp.records import Record

JOB, OTHER = "one", "another"
RECORD = Record("Fokussieren", "Bild.xcf", 0, 150, b"\x00profile\xff")


@pytest.fixture
def folder(tmp_path):
    return records.folder_of(tmp_path / "foveate.json")


def test_a_record_comes_back_as_it_was(folder):
    records.write(folder, JOB, RECORD)
    records.write(folder, OTHER, replace(RECORD, icc=None))
    assert records.read(folder, JOB) == RECORD
    assert records.read(folder, OTHER).icc is None
    assert folder.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"version": 2, "icc": null}', '{"version": 1, "icc": "a", "x": 1}'])
def test_what_is_no_record_is_none(folder, text):
    folder.mkdir()
    (folder / f"{JOB}.json").write_text(text)
    assert records.read(folder, JOB) is None
    assert not records.is_any_left(folder)


def test_what_is_left_is_told_until_it_was_seen(folder):
    assert not records.is_any_left(folder)
    records.mark_left(folder, JOB)  # there is none, and none is made
    records.write(folder, JOB, RECORD)
    assert not records.is_any_left(folder)
    records.mark_left(folder, JOB)
    assert records.is_any_left(folder)
    records.mark_seen(folder)
    assert not records.is_any_left(folder)
    assert records.read(folder, JOB) == RECORD


def test_what_no_server_keeps_any_more_is_removed(folder):
    records.write(folder, JOB, RECORD)
    records.write(folder, OTHER, RECORD)
    old = time.time() - 90 * 24 * 3600
    os.utime(folder / f"{OTHER}.json", (old, old))
    records.mark_seen(folder)
    assert [path.stem for path in folder.iterdir()] == [JOB]
    records.forget(folder, JOB)
    records.forget(folder, JOB)
    assert not list(folder.iterdir())
