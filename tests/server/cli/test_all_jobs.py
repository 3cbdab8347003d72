"""`foveate jobs --all`: who owns the server sees and ends everyone's jobs; with any other token that is refused."""

import json

import pytest

from fakes.jobs import submit_of
from fakes.pictures import scene
from fakes.raw_client import RawClient
from foveate_server.picture_files.write import save
from foveate_shared.connection.running_server import read_runtime_file
from foveate_shared.wire.protocol import Cancelled, Windows


@pytest.fixture
def tablet(server, tmp_path):
    """A connection of another machine with an unfinished job, and the options that speak for it."""
    name = f"tablet-{tmp_path.name}"[:60]
    token = json.loads(server.foveate("token", "add", name, "--json").stdout)["token"]
    running = read_runtime_file(server.runtime_file)
    (tmp_path / "token").write_text(token)
    with RawClient(running.url, token, "tablet") as client:
        submit = submit_of(operation="upscale")
        client.send(submit)
        client.until(Windows)
        yield client, submit.job, name, ("--server", running.url, "--token-file", tmp_path / "token")


def test_the_owner_sees_and_ends_the_job_of_another(server, tablet):
    client, job, name, _ = tablet
    assert job not in server.foveate("jobs").stdout
    (line,) = [line for line in server.foveate("jobs", "--all").stdout.splitlines() if job in line]
    assert line.split()[3:] == [name, "upscale", "waiting"]
    (told,) = [one for one in json.loads(server.foveate("jobs", "--all", "--json").stdout)["jobs"] if one["job"] == job]
    assert (told["owner"], told["state"], told["client"]) == (name, "waiting", "")
    assert server.foveate("jobs", "cancel", "--all", job[:8]).stdout == f"{job}: cancelled\n"
    client.until(Cancelled)
    assert server.foveate("jobs", "cancel", "--all", job[:8]).stdout == f"{job}: had ended already\n"


def test_any_other_token_is_refused(server, tablet):
    _, job, _, connection = tablet
    for command in (("jobs", "--all"), ("jobs", "cancel", "--all", job)):
        ended = server.foveate(*command, *connection, status=3)
        assert ended.stdout == ""
        assert "Only who owns this server may see or end the jobs of others." in ended.stderr
    assert "waiting" in server.foveate("jobs", "--all").stdout


def test_the_job_of_another_is_not_found_among_one_s_own(server, tablet):
    _, job, _, connection = tablet
    save(scene(), server.folder / "not-theirs.png")
    for command in (("cancel", job), ("fetch", job, "none.png"), ("resume", job, "not-theirs.png", "none.png")):
        assert "There is no job whose id begins with" in server.foveate("jobs", *command, status=2).stderr
    other = server.foveate("jobs", "fetch", "0", "none.png", *connection, status=2)
    assert "There is no job whose id begins with 0." in other.stderr
