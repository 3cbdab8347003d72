"""What happens to a job when somebody is interrupted: nothing is lost that was finished, nothing is left behind."""

import json
import os
import signal
from dataclasses import replace

import pytest

from fakes.pictures import scene
from foveate_server.picture_files.read import read_picture
from foveate_server.picture_files.write import save
from foveate_shared.connection.running_server import read_runtime_file


class Upscaling:
    """A command that is under way, with its server at work on it."""

    def __init__(self, workplace, folder):
        self.workplace, self.folder = workplace, folder
        self.before, self.after = folder / "in.png", folder / "out.png"
        save(scene(), self.before)
        self.process = workplace.start("upscale", self.before, self.after, "--scale", "2")
        assert any("Restoring" in line for line in self.process.stderr), "it ended before it began"

    def jobs(self):
        return json.loads(self.workplace.foveate("jobs", "--json").stdout)["jobs"]

    def end(self):
        """Wait for the end; return the exit status and the last line on stderr."""
        _, said = self.process.communicate(timeout=200)
        assert "Traceback" not in said
        return self.process.returncode, said.splitlines()[-1]


@pytest.fixture
def upscaling(slow, tmp_path):
    return Upscaling(slow, tmp_path)


def test_ctrl_c_cancels_the_job_and_leaves_nothing(endless, tmp_path):
    upscaling = Upscaling(endless, tmp_path)
    upscaling.process.send_signal(signal.SIGINT)
    assert upscaling.end() == (130, "Cancelled.")
    assert upscaling.jobs() == []
    assert [path.name for path in upscaling.folder.iterdir()] == ["in.png"]
    assert [path.name for path in endless.folder.iterdir()] == ["home"]


def test_a_killed_client_gets_its_result_later(upscaling):
    upscaling.process.kill()
    upscaling.process.communicate()
    assert not upscaling.after.exists()
    (job,) = upscaling.jobs()
    upscaling.workplace.foveate("jobs", "resume", job["job"][:8], upscaling.before, upscaling.after, "--quiet")
    assert read_picture(upscaling.after).extent.width == 128
    assert upscaling.jobs() == []


def test_a_suspended_server_is_named_once_and_the_job_goes_on_with_it(upscaling):
    server = read_runtime_file(upscaling.workplace.runtime_file)
    sentence = f"The server (pid {server.pid}) does not answer"
    os.kill(server.pid, signal.SIGSTOP)
    try:
        assert any(sentence in line for line in upscaling.process.stderr), "it ended without a word"
    finally:
        os.kill(server.pid, signal.SIGCONT)
    _, said = upscaling.process.communicate(timeout=200)
    assert upscaling.process.returncode == 0, said
    assert sentence not in said
    assert read_picture(upscaling.after).extent.width == 128
    assert upscaling.jobs() == []


def test_resuming_with_another_picture_loses_nothing(upscaling):
    upscaling.process.kill()
    upscaling.process.communicate()
    (job,) = upscaling.jobs()
    resume = ("jobs", "resume", job["job"])
    other = upscaling.folder / "other.png"
    for side in (20, 64, 90):
        picture = scene(side=side)
        save(replace(picture, samples=picture.samples[::-1]), other)
        said = upscaling.workplace.foveate(*resume, other, upscaling.after, "--quiet", status=2).stderr
        assert said.startswith("The job was not started with this picture and region. Give IN")
        assert not upscaling.after.exists()
    upscaling.workplace.foveate(*resume, upscaling.before, upscaling.after, "--quiet")
    assert read_picture(upscaling.after).extent.width == 128


def test_a_job_can_be_cancelled_from_elsewhere(endless, tmp_path):
    upscaling = Upscaling(endless, tmp_path)
    (job,) = upscaling.jobs()
    upscaling.workplace.foveate("jobs", "cancel", job["job"], "--quiet")
    assert upscaling.end() == (1, "The job was cancelled. Nothing was written.")


def test_a_killed_server_is_started_again_and_the_job_goes_on(workplace):
    exact = workplace.engine
    workplace.engine = "fakes.engines:slow"
    with workplace.serving() as server:
        workplace.engine = exact
        upscaling = Upscaling(workplace, workplace.folder)
        server.kill()
        server.communicate()
        status, said = upscaling.end()
    assert status == 0, said
    assert read_picture(upscaling.after).extent.width == 128


def test_a_suspended_server_is_named_once_and_no_other_one_is_started(workplace):
    with workplace.serving() as server:
        server.send_signal(signal.SIGSTOP)
        try:
            said = workplace.foveate("jobs", status=3).stderr
        finally:
            server.send_signal(signal.SIGCONT)
        assert said == (
            f"The server (pid {server.pid}) does not answer. It may be suspended: let it go on "
            f"(`kill -CONT {server.pid}`), or end it.\n"
        )
        assert workplace.foveate("jobs").stdout == "No jobs.\n"


def test_two_commands_start_one_server(workplace):
    processes = [workplace.start("jobs", "--json") for _ in range(2)]
    outputs = [process.communicate(timeout=200) for process in processes]
    assert [process.returncode for process in processes] == [0, 0], outputs
    log = next((workplace.folder / "home" / "log").iterdir()).read_text()
    assert log.count(" ready at ") == 1


def test_an_idle_server_ends_by_itself(workplace):
    with workplace.serving("--idle-exit-minutes", "0.01") as server:
        assert server.wait(200) == 0
    assert not workplace.runtime_file.exists()
