"""The process that cancels the job of a plug-in that was killed."""

import io
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from foveate_gimp import orphan_cleanup_process
from foveate_gimp.orphan_cleanup_process import DONE, WAIT, Caretaker

from foveate_shared.connection.settings import Settings, save

ENTRY = Path(orphan_cleanup_process.__file__).with_name("foveate.py")
JOB = "00000000-0000-4000-8000-000000000000"


class StoppedError(Exception):
    """What goes wrong while a job runs."""


@pytest.fixture
def said(monkeypatch):
    """What the process is told in the end, and the command that starts it."""
    said = []

    class Process:
        def __init__(self, command, **options):
            assert options["start_new_session"]
            said.append(command)
            self.stdin = self

        def write(self, words):
            said.append(words)

        def flush(self):
            pass

        def close(self):
            said.append("closed")

    monkeypatch.setattr(subprocess, "Popen", Process)
    return said


def test_a_job_that_ended_is_left_alone(said, tmp_path):
    with Caretaker(tmp_path / "settings.json", JOB, "another"):
        pass
    command, *words = said
    gimp = str(os.getppid())
    assert command == [sys.executable, str(ENTRY), "--caretaker", str(tmp_path / "settings.json"), gimp, JOB, "another"]
    assert words == [DONE, "closed"]


def test_a_plug_in_that_fails_leaves_its_job_to_be_cancelled(said, tmp_path):
    with pytest.raises(StoppedError), Caretaker(tmp_path / "settings.json", JOB):
        raise StoppedError
    assert said[1:] == ["closed"]


def test_results_that_wait_are_told(said, tmp_path):
    with Caretaker(tmp_path / "settings.json", JOB) as watching:
        watching.results_wait()
    assert said[1:] == [WAIT, DONE, "closed"]


@pytest.mark.parametrize("words", [DONE, WAIT + DONE])
def test_the_process_ends_at_once_when_all_is_done(words, tmp_path):
    command = [sys.executable, str(ENTRY), "--caretaker", str(tmp_path / "none.json"), "1", JOB]
    done = subprocess.run(command, input=words, capture_output=True, timeout=200, check=True)
    assert done.stderr == b""
    assert not (tmp_path / "none.json").exists()


def test_a_server_that_is_not_there_is_not_started_for_a_cancel(tmp_path):
    runtime_file = tmp_path / "run/server.json"
    values = Settings("me", ("/bin/touch", str(tmp_path / "started")), runtime_file=str(runtime_file))
    save(tmp_path / "settings.json", values)
    assert not orphan_cleanup_process.end_jobs(tmp_path / "settings.json", [JOB], keep=False, patience=0.3)
    assert not (tmp_path / "started").exists()


GONE = 2**22 + 1  # above the largest number of a process


@pytest.mark.parametrize(
    ("words", "gimp", "keep"),
    [(b"", os.getpid(), False), (b"", GONE, True), (WAIT, os.getpid(), True)],
    ids=["cancelled by its button", "GIMP is gone", "it waited for the person"],
)
def test_what_is_done_is_kept_unless_the_person_cancelled(words, gimp, keep, monkeypatch, tmp_path):
    asked = []
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(words)))
    monkeypatch.setattr(
        orphan_cleanup_process, "end_jobs", lambda path, jobs, *, keep: asked.append((path, jobs, keep)) or True
    )
    assert orphan_cleanup_process.main(str(tmp_path / "settings.json"), str(gimp), JOB, "another") == 0
    assert asked == [(tmp_path / "settings.json", (JOB, "another"), keep)]
