"""Whose results are listed: those of sessions that are over, not those of another window."""

import os
import subprocess
import sys
from dataclasses import replace

import pytest

from fakes.host import MemoryHost
from foveate_shared.connection.process_place import mark_of
from foveate_shared.editor.faces import SURVEY
from foveate_shared.editor.recorded_jobs import RecordedJobs
from foveate_shared.i18n.translations import Texts
from foveate_shared.jobs import job_records
from foveate_shared.jobs.job_list import JobEntry
from foveate_shared.jobs.job_records import Record
from foveate_shared.jobs.left_jobs import LeftJob, NotYet
from foveate_shared.wire.protocol import JobSummary

JOB = JobSummary("10000000-0000-4000-8000-000000000000", "refocus", "done", None, 100.0, 9)


class Recorded(MemoryHost):
    def record(self):
        return Record("Refocus", "a.png", {})


class Flow:
    job = JOB.job


@pytest.fixture
def path(tmp_path):
    return tmp_path / "foveate.json"


@pytest.fixture
def left(path):
    """Return what a session says of the job."""
    return lambda: RecordedJobs(path).left(JOB, lambda *_: MemoryHost(), (), Texts("en"))


def begin(path):
    """Let this process begin the job; return its record's file."""
    RecordedJobs(path).begin(JobEntry("Refocus", "refocus", {}, Flow(), Recorded(), 100.0))
    return job_records.folder_of(path)


def test_what_this_process_began_is_its_own_to_list_again(path, left):
    folder = begin(path)
    assert job_records.read(folder, JOB.job).process == mark_of(os.getpid()) != ""
    assert isinstance(left(), LeftJob)


def test_what_another_process_has_on_its_list_is_not_left_before_that_is_gone(path, left):
    folder = begin(path)
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other:
        record = replace(job_records.read(folder, JOB.job), process=mark_of(other.pid))
        job_records.write(folder, JOB.job, record)
        assert left() is NotYet.NOT_YET
        other.communicate()
    assert left().title == "Refocus: a.png"


@pytest.mark.parametrize("process", ["", "x", "1:2:ab", f"{os.getppid()}:1:{mark_of(os.getppid())[-8:]}"])
def test_what_no_process_is_known_to_be_at_is_left(path, left, process):
    folder = begin(path)
    job_records.write(folder, JOB.job, replace(job_records.read(folder, JOB.job), process=process))
    assert isinstance(left(), LeftJob)


def test_a_job_that_nobody_wrote_down_is_left_and_a_look_for_faces_is_of_no_use(path, left):
    assert left().title == "refocus"
    assert RecordedJobs(path).left(replace(JOB, operation=SURVEY), lambda *_: MemoryHost(), (), Texts("en")) is None
