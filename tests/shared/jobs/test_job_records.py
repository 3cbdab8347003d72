"""What is written down about jobs that run."""

import os
import time
from dataclasses import replace

import pytest

from foveate_shared.jobs import job_records
from foveate_shared.jobs.job_records import Record

JOB, OTHER = "one", "another"
RECORD = Record("Fokussieren", "Bild.xcf", {"base": 0, "icc": None}, "g", {"seed": 7})


@pytest.fixture
def folder(tmp_path):
    return job_records.folder_of(tmp_path / "foveate.json")


def test_a_record_comes_back_as_it_was(folder):
    job_records.write(folder, JOB, RECORD)
    job_records.write(folder, OTHER, replace(RECORD, group=""))
    assert job_records.read(folder, JOB) == RECORD
    assert job_records.read(folder, OTHER).group == ""
    assert folder.stat().st_mode & 0o077 == 0


ODD = '{"version": 2, "title": "", "image": "", "kind": []}'


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"version": 1, "title": ""}', '{"version": 2, "x": 1}', ODD])
def test_what_is_no_record_is_none(folder, text):
    folder.mkdir()
    (folder / f"{JOB}.json").write_text(text)
    assert job_records.read(folder, JOB) is None
    assert not job_records.is_untold(folder, JOB)


def test_what_is_left_is_told_until_it_was_seen(folder):
    assert not job_records.is_untold(folder, JOB)
    job_records.mark_left(folder, JOB)  # there is none, and none is made
    job_records.write(folder, JOB, RECORD)
    assert not job_records.is_untold(folder, JOB)
    job_records.mark_left(folder, JOB)
    assert job_records.is_untold(folder, JOB)
    job_records.mark_seen(folder)
    assert not job_records.is_untold(folder, JOB)
    assert job_records.read(folder, JOB) == RECORD


def test_what_no_server_keeps_any_more_is_removed(folder):
    job_records.write(folder, JOB, RECORD)
    job_records.write(folder, OTHER, RECORD)
    old = time.time() - 90 * 24 * 3600
    os.utime(folder / f"{OTHER}.json", (old, old))
    job_records.mark_seen(folder)
    assert [path.stem for path in folder.iterdir()] == [JOB]
    job_records.forget(folder, JOB)
    job_records.forget(folder, JOB)
    assert not list(folder.iterdir())


def test_what_another_session_removes_meanwhile_is_no_error(folder, monkeypatch):
    job_records.write(folder, JOB, RECORD)
    monkeypatch.setattr(type(folder), "glob", lambda *_: [folder / "gone.json", folder / f"{JOB}.json"])
    job_records.forget_old(folder)
    assert job_records.read(folder, JOB) == RECORD


def test_a_folder_that_cannot_be_written_is_no_reason_not_to_do_the_job(tmp_path):
    (tmp_path / "foveate-jobs").write_text("no folder")
    job_records.write(tmp_path / "foveate-jobs", JOB, RECORD)
    assert job_records.read(tmp_path / "foveate-jobs", JOB) is None
