"""The process that cancels the job of a plug-in that was killed."""

import subprocess
import sys
from pathlib import Path

import pytest
from foveate_gimp import caretaker
from foveate_gimp.caretaker import DONE, Caretaker

from foveate_shared.settings import Settings, save

ENTRY = Path(caretaker.__file__).with_name("foveate.py")
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

        def close(self):
            said.append("closed")

    monkeypatch.setattr(subprocess, "Popen", Process)
    return said


def test_a_job_that_ended_is_left_alone(said, tmp_path):
    with Caretaker(tmp_path / "settings.json", JOB, "another"):
        pass
    command, *words = said
    assert command == [sys.executable, str(ENTRY), "--caretaker", str(tmp_path / "settings.json"), JOB, "another"]
    assert words == [DONE, "closed"]


def test_a_plug_in_that_fails_leaves_its_job_to_be_cancelled(said, tmp_path):
    with pytest.raises(StoppedError), Caretaker(tmp_path / "settings.json", JOB):
        raise StoppedError
    assert said[1:] == ["closed"]


@pytest.mark.parametrize("words", [DONE])
def test_the_process_ends_at_once_when_all_is_done(words, tmp_path):
    command = [sys.executable, str(ENTRY), "--caretaker", str(tmp_path / "none.json"), JOB]
    done = subprocess.run(command, input=words, capture_output=True, timeout=20, check=True)
    assert done.stderr == b""
    assert not (tmp_path / "none.json").exists()


def test_a_server_that_is_not_there_is_not_started_for_a_cancel(tmp_path):
    runtime_file = tmp_path / "run/server.json"
    values = Settings("me", ("/bin/touch", str(tmp_path / "started")), runtime_file=str(runtime_file))
    save(tmp_path / "settings.json", values)
    assert not caretaker.end_job(tmp_path / "settings.json", JOB, patience=0.3)
    assert not (tmp_path / "started").exists()
