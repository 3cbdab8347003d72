"""A real server in a process of its own, with the deterministic engine, and the command line as a person runs it."""

import os

import pytest

from fakes import probing, retouch
from fakes.packages import put_package
from fakes.workplace import ENDLESS, EXACT, SLOW, TESTS, Workplace


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    """A workplace whose server runs, for all files: what a test changes it puts back, and its jobs end."""
    workplace = Workplace(tmp_path_factory.mktemp("workplace"))
    with workplace.serving():
        yield workplace


@pytest.fixture(scope="session")
def checkpoint_server(tmp_path_factory):
    """A workplace with a checkpoint, a restorer and the package fakes/retouch.py, whose server runs, for all files.

    What a test changes it puts back.
    """
    folder = tmp_path_factory.mktemp("checkpoint-server")
    site = folder / "site"
    put_package(site, "foveate-retouch", "foveate.operations", retouch.POINTS, retouch.SOURCE)
    workplace = Workplace(folder, engine="foveate_server.engines.engine_specs:suite_spec")
    workplace.extra |= {"FOVEATE_CACHE_DIR": str(folder / "cache"), "FOVEATE_OFFLINE": "true"}
    add_models(workplace)
    workplace.extra["PYTHONPATH"] = os.pathsep.join((str(TESTS), str(site)))
    with workplace.serving():
        yield workplace


def add_models(workplace):
    """Add the checkpoint "tiny" and the restorer "sharp"."""
    import torch

    from fakes.checkpoints import TinyCheckpoints
    from foveate_server.engines.diffusion.quiet_libraries import quiet
    from foveate_server.engines.restoration.rrdbnet import RRDBNet

    torch.save({"params_ema": RRDBNet(1, 8, 4).state_dict()}, workplace.folder / "sharp.pth")
    with probing.here():
        workplace.foveate("models", "add", workplace.folder / "sharp.pth")
    with quiet():
        checkpoint = TinyCheckpoints(workplace.folder).folder("sd1")
    workplace.foveate("models", "add", checkpoint, "--name", "tiny")


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
