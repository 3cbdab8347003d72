"""Machines that share a home: each has its own jobs, and a machine that is renamed keeps them."""

from __future__ import annotations

import json
import socket
from contextlib import ExitStack
from pathlib import Path

import pytest
from filelock import FileLock

from foveate_server.spool import host_folder
from foveate_server.spool.host_folder import SpoolOwner, take_folder
from foveate_shared.connection import process_place
from foveate_shared.connection.process_place import kept_by_this_host
from foveate_shared.errors import ServerError


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch):
    """Give this machine a name."""
    return lambda name: monkeypatch.setattr(socket, "gethostname", lambda: name)


@pytest.fixture
def be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Make this the machine with an id."""

    def be(machine: str) -> None:
        (tmp_path / "machine-id").write_text(machine * 32 + "\n")
        monkeypatch.setattr(process_place, "MACHINE_ID", tmp_path / "machine-id")

    return be


@pytest.fixture
def take(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Take the folder; return its name and what gives it back."""
    monkeypatch.setattr(host_folder, "PATIENCE", 0.1)
    with ExitStack() as stack:

        def take():
            folder, lock = take_folder(tmp_path / "spool")
            stack.callback(lock.release)
            return folder.name, lock.release

        yield take


def test_two_hosts_at_once_have_a_folder_each_for_good(take, call):
    call("studio")
    assert take()[0] == "spool"
    call("laptop")
    name, give_back = take()
    assert name == kept_by_this_host(Path("spool")).name
    assert name.startswith("spool@laptop-")
    give_back()
    assert take()[0] == name


def test_a_host_that_has_just_taken_the_folder_is_given_time_to_sign(take, call, tmp_path: Path, monkeypatch):
    note = _note_of("studio", take, call, tmp_path)

    def sign(seconds: float) -> None:
        (tmp_path / "spool/host.json").write_bytes(note)

    monkeypatch.setattr(host_folder.time, "sleep", sign)
    call("laptop")
    with FileLock(tmp_path / "spool/lock"):  # studio's, which has not come to its name yet
        assert take()[0].startswith("spool@laptop-")


def test_a_host_that_came_and_went_since_the_first_look_keeps_its_folder(take, be, call, tmp_path: Path, monkeypatch):
    be("a")
    note = _note_of("studio", take, call, tmp_path)

    def lock_too_late(path: Path, mode: int) -> FileLock:
        (tmp_path / "spool/host.json").write_bytes(note)
        return FileLock(path, mode=mode)

    monkeypatch.setattr(host_folder, "FileLock", lock_too_late)
    be("b")
    call("laptop")
    assert take()[0].startswith("spool@laptop-")
    be("a")
    call("studio")
    assert take()[0] == "spool"


def _note_of(name: str, take, call, tmp_path: Path) -> bytes:
    """Return how a host signs the folder, which it leaves unsigned."""
    call(name)
    take()[1]()
    note = (tmp_path / "spool/host.json").read_bytes()
    (tmp_path / "spool/host.json").unlink()
    return note


def test_a_holder_that_never_signs_is_a_server_of_this_host(take, tmp_path: Path):
    (tmp_path / "spool").mkdir()
    with FileLock(tmp_path / "spool/lock"), pytest.raises(ServerError, match="Another server uses the job store"):
        take()


def test_a_server_that_is_ending_is_waited_for(take, monkeypatch: pytest.MonkeyPatch):
    _, give_back = take()
    monkeypatch.setattr(host_folder.time, "sleep", lambda _: give_back())
    assert take()[0] == "spool"


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


def test_another_machine_leaves_the_folder_alone_though_nobody_holds_it(take, be, call):
    be("a")
    call("studio")
    take()[1]()
    be("b")
    call("laptop")
    assert take()[0] == kept_by_this_host(Path("spool")).name
    be("a")
    call("studio")
    assert take()[0] == "spool"


@pytest.mark.parametrize("is_held", [True, False])
def test_machines_of_one_name_have_a_folder_each(take, be, is_held):
    be("a")
    _, give_back = take()
    if not is_held:
        give_back()
    be("b")
    name, give_back = take()
    assert name == kept_by_this_host(Path("spool")).name != "spool"
    give_back()
    assert take()[0] == name


def test_a_folder_by_the_name_alone_stays_its_machines(take, be, call, tmp_path: Path):
    call("laptop")
    (tmp_path / "spool@laptop").mkdir()
    be("a")
    name, give_back = take()
    assert name == "spool@laptop"
    give_back()
    assert take()[0] == "spool@laptop"
    be("b")
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
