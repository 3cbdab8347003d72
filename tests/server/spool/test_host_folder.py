"""Machines that share a home: each has its own jobs, and a machine that is renamed keeps them."""

from __future__ import annotations

import json
import socket
from contextlib import ExitStack
from pathlib import Path

import pytest

from foveate_server.spool.host_folder import SpoolOwner, take_folder
from foveate_shared.errors import ServerError


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch):
    """Give this machine a name."""
    return lambda name: monkeypatch.setattr(socket, "gethostname", lambda: name)


@pytest.fixture
def take(tmp_path: Path):
    """Take the folder; return its name and what gives it back."""
    with ExitStack() as stack:

        def take():
            folder, lock = take_folder(tmp_path / "spool")
            stack.callback(lock.release)
            return folder.name, lock.release

        yield take


def move_to_another_machine(folder: Path) -> None:
    owner = json.loads((folder / "host.json").read_text())
    (folder / "host.json").write_text(json.dumps({**owner, "machine": "another"}))


def test_two_hosts_at_once_have_a_folder_each_for_good(take, call):
    call("studio")
    assert take()[0] == "spool"
    call("laptop")
    name, give_back = take()
    assert name == "spool@laptop"
    give_back()
    assert take()[0] == "spool@laptop"


def test_two_servers_of_one_host_do_not(take, call):
    call("studio")
    take()
    with pytest.raises(ServerError, match=r"Another server uses the job store .*spool"):
        take()
    call("laptop")
    take()
    with pytest.raises(ServerError, match=r"Another server uses the job store .*spool@laptop"):
        take()


def test_a_machine_that_is_renamed_keeps_its_jobs(take, call, tmp_path: Path):
    for name in ("studio", "studio.local"):
        call(name)
        folder, give_back = take()
        assert folder == "spool"
        assert json.loads((tmp_path / "spool/host.json").read_text())["host"] == name
        give_back()


def test_another_machine_leaves_the_folder_alone_though_nobody_holds_it(take, call, tmp_path: Path):
    call("studio")
    take()[1]()
    move_to_another_machine(tmp_path / "spool")
    call("laptop")
    assert take()[0] == "spool@laptop"
    call("studio")
    assert take()[0] == "spool"


def test_jobs_of_before_are_found(take, tmp_path: Path):
    (tmp_path / "spool").mkdir()
    assert take()[0] == "spool"


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"host": 1, "more": 2}'])
def test_a_damaged_note_of_the_owner_is_none(take, tmp_path: Path, text: str):
    (tmp_path / "spool").mkdir()
    (tmp_path / "spool/host.json").write_text(text)
    assert take()[0] == "spool"
    assert SpoolOwner(**json.loads((tmp_path / "spool/host.json").read_text())) == SpoolOwner.here()
