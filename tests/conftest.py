"""What must hold before anything imports torch, and for all tests of properties."""

from __future__ import annotations

import gc
import os
import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from fakes.built_once import STORE

HOSTS = Path(__file__).with_name("hosts")
# Threads of OpenMP wait by spinning unless told otherwise; with several test processes on few cores, each then keeps
# the others from working, and networks run ten times slower.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

# What is imported while tests are collected stays: looking through it for garbage, again and again, takes its time.
gc.disable()

# How long an example takes says how busy the machine is: the suite's own limit is the guard against hangs.
settings.register_profile("foveate", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("foveate")


def pytest_configure(config: pytest.Config) -> None:
    """Give what is built once a place, for this process and all that it starts."""
    if STORE not in os.environ:
        os.environ[STORE] = tempfile.mkdtemp(prefix="foveate-tests-")
        config.add_cleanup(lambda: shutil.rmtree(os.environ.pop(STORE)))


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave out the tests in real editors where the default suite runs: each of its processes would import them."""
    return True if collection_path == HOSTS and config.option.markexpr == "not hosts" else None


def pytest_collection_finish() -> None:
    """Let the collector work again, on what tests make: it looks through what was imported no more."""
    gc.freeze()
    gc.enable()


def pytest_unconfigure() -> None:
    """Let all of it go when the process ends: bindings complain of what is left."""
    gc.unfreeze()


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Asynchronous tests run on asyncio, as the server does."""
    return "asyncio"
