"""What is written down about jobs that run."""

import os
import time
from dataclasses import replace

import pytest
from foveate_gimp import running_job_files
from foveate_gimp.running_job_files import Record

JOB, OTHER = "one", "another"
RECORD = Record("Fokussieren", "Bild.xcf", 0, 150, b"\x00profile\xff")


@pytest.fixture
def folder(tmp_path):
    return running_job_files.folder_of(tmp_path / "foveate.json")


def test_a_record_comes_back_as_it_was(folder):
    running_job_files.write(folder, JOB, RECORD)
    running_job_files.write(folder, OTHER, replace(RECORD, icc=None))
    assert running_job_files.read(folder, JOB) == RECORD
    assert running_job_files.read(folder, OTHER).icc is None
    assert folder.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"version": 2, "icc": null}', '{"version": 1, "icc": "a", "x": 1}'])
def test_what_is_no_record_is_none(folder, text):
    folder.mkdir()
    (folder / f"{JOB}.json").write_text(text)
    assert running_job_files.read(folder, JOB) is None
    assert not running_job_files.is_any_left(folder)


def test_what_is_left_is_told_until_it_was_seen(folder):
    assert not running_job_files.is_any_left(folder)
    running_job_files.mark_left(folder, JOB)  # there is none, and none is made
    running_job_files.write(folder, JOB, RECORD)
    assert not running_job_files.is_any_left(folder)
    running_job_files.mark_left(folder, JOB)
    assert running_job_files.is_any_left(folder)
    running_job_files.mark_seen(folder)
    assert not running_job_files.is_any_left(folder)
    assert running_job_files.read(folder, JOB) == RECORD


def test_what_no_server_keeps_any_more_is_removed(folder):
    running_job_files.write(folder, JOB, RECORD)
    running_job_files.write(folder, OTHER, RECORD)
    old = time.time() - 90 * 24 * 3600
    os.utime(folder / f"{OTHER}.json", (old, old))
    running_job_files.mark_seen(folder)
    assert [path.stem for path in folder.iterdir()] == [JOB]
    running_job_files.forget(folder, JOB)
    running_job_files.forget(folder, JOB)
    assert not list(folder.iterdir())
