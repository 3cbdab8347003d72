"""Cancelling as an editor does it: a workbench at a real server, a job at each stage of its life."""

import contextlib
import time

import pytest

from fakes.host import MemoryHost
from foveate_shared.connection.client import Client
from foveate_shared.connection.server_address import ServerAddress
from foveate_shared.geometry import Extent
from foveate_shared.jobs.job_list import Workbench
from foveate_shared.jobs.job_status import JobState
from foveate_shared.wire.protocol import Done, Jobs, ListJobs, Peer, Resume

PATIENCE = 60.0  # seconds
SMALL = Extent(16, 16)
PROFILES = [None, b"profile" * 1000]


class Desk:
    """A workbench with an owner of its own."""

    def __init__(self, site):
        self.site = site
        self.clients = []
        self.bench = Workbench(self._open)

    def _open(self):
        address = ServerAddress(self.site.url.replace("http", "ws", 1), "fvt_test")
        self.clients.append(Client(address, "anna", Peer("test", "1"), first_pause=0.01))
        return self.clients[-1]

    def until(self, look):
        deadline = time.monotonic() + PATIENCE
        while not look():
            assert time.monotonic() < deadline, [entry.flow.status for entry in self.bench.entries]
            self.clients[-1].wait(0.05)
            self.bench.poll()

    def connect(self):
        self.until(lambda: self.bench.connection.is_ready)

    def submit(self, *, icc=None, extent=SMALL, **parameters):
        host = MemoryHost(extent=extent, icc=icc)
        return self.bench.submit(host, "paint", parameters, title="Paint")

    def until_state(self, entry, state):
        self.until(lambda: entry.flow.status.state is state)

    def until_nothing_is_left(self):
        """Wait until the server has forgotten all jobs, as it does with those that were acknowledged."""
        self.until(lambda: not self.jobs())

    def jobs(self):
        """Return the server's jobs, as another connection of the same owner sees them."""
        with self.site.client() as other:
            other.send(ListJobs(1))
            return other.until(Jobs).jobs

    def cancel_all(self):
        self.bench.cancel_all()
        self.until(lambda: not any(entry.is_running for entry in self.bench.entries))
        assert {entry.flow.status.state for entry in self.bench.entries} == {JobState.CANCELLED}
        self.until_nothing_is_left()


@pytest.fixture
def desk(site):
    desk = Desk(site)
    with contextlib.closing(desk.bench):
        yield desk


@pytest.mark.parametrize("icc", PROFILES)
def test_before_there_is_a_connection(desk, icc):
    desk.submit(icc=icc)
    desk.cancel_all()


@pytest.mark.parametrize("icc", PROFILES)
def test_before_it_is_accepted(desk, icc):
    desk.connect()
    for _ in range(3):
        desk.submit(icc=icc)
    desk.cancel_all()


def test_before_its_windows_are_read(desk):
    desk.connect()
    entry = desk.submit()
    desk.until_state(entry, JobState.WAITING)
    desk.cancel_all()


def test_while_its_pixels_are_sent(desk):
    desk.connect()
    entry = desk.submit(extent=Extent(4096, 4096))
    desk.until(lambda: desk.clients[-1].queued_bytes or entry.flow.ended)
    assert entry.is_running
    desk.cancel_all()


@pytest.mark.parametrize("icc", PROFILES)
def test_one_runs_and_the_others_wait(desk, icc):
    desk.site.executor.hold("i1")
    desk.connect()
    for _ in range(3):
        desk.submit(icc=icc)
    desk.until(lambda: any(entry.flow.status.state is JobState.RUNNING for entry in desk.bench.entries))
    desk.cancel_all()


@pytest.mark.parametrize("icc", PROFILES)
def test_one_behind_the_pixels_of_another(desk, icc):
    """Its submit waits for room on the wire while a large window is sent."""
    desk.connect()
    desk.submit(extent=Extent(4096, 4096))
    desk.until(lambda: desk.clients[-1].queued_bytes)
    desk.submit(icc=icc)
    desk.cancel_all()


def test_what_is_complete_meanwhile_is_not_applied(desk):
    desk.connect()
    entry = desk.submit()
    desk.until_state(entry, JobState.WAITING)
    desk.until(lambda: desk.site.executor.keys)
    with desk.site.client() as other:
        other.send(Resume(entry.flow.job))
        other.until(Done)
    desk.cancel_all()
    assert not entry.flow._host.applied


@pytest.mark.parametrize("icc", PROFILES)
def test_while_the_connection_is_lost(desk, icc):
    desk.site.executor.hold("i1")
    desk.connect()
    for _ in range(3):
        desk.submit(icc=icc)
    desk.until(lambda: any(entry.flow.status.state is JobState.RUNNING for entry in desk.bench.entries))
    desk.bench.cancel_all()
    desk.bench.reconnect()
    desk.cancel_all()
