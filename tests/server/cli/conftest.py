"""A real server in a process of its own, with the deterministic engine, and the command line as a person runs it."""

import pytest

from fakes.workplace import ENDLESS, EXACT, SLOW, Workplace


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    """A workplace whose server runs, for all files: what a test changes it puts back, and its jobs end."""
    workplace = Workplace(tmp_path_factory.mktemp("workplace"))
    with workplace.serving():
        yield workplace


@pytest.fixture(scope="module")
def make_workplace():
    """Returns what makes a workplace in a folder, for an engine."""
    return Workplace


@pytest.fixture
def workplace(tmp_path):
    """A workplace without a server."""
    workplace = Workplace(tmp_path)
    yield workplace
    workplace.end_started_server()


@pytest.fixture(scope="module")
def slow(tmp_path_factory):
    """A workplace whose server runs, and takes its time."""
    workplace = Workplace(tmp_path_factory.mktemp("slow"), SLOW)
    with workplace.serving():
        workplace.engine = EXACT  # of a server that a command may have to start
        yield workplace


@pytest.fixture(scope="module")
def endless(tmp_path_factory):
    """A workplace whose server runs, and does not end a job until it is cancelled."""
    workplace = Workplace(tmp_path_factory.mktemp("endless"), ENDLESS)
    with workplace.serving():
        yield workplace
