"""Real servers for tests: uvicorn in a thread, on a free port, ready when the fixture returns."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from starlette.types import ASGIApp

from fakes import probing
from fakes.web import Running, config_in, running
from foveate_server.config.server_config import ServerConfig

if TYPE_CHECKING:
    from fakes.checkpoint_studio import Studio, StudioServer


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip what is marked `bfloat16` where the product itself would not compute in it."""
    if item.get_closest_marker("bfloat16"):
        import torch

        from foveate_server.engines.device_precision import computes_bfloat16

        if not computes_bfloat16(torch.device("cpu")):
            pytest.skip("This processor has no instructions for bfloat16: it would take 13 times as long.")


@pytest.fixture(scope="session")
def studio_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StudioServer]:
    """A server with checkpoints of all families, for all files: what a test adds it takes away again."""
    from fakes.checkpoint_studio import serving_studio

    with serving_studio(tmp_path_factory.mktemp("studio")) as server:
        yield server


@pytest.fixture(scope="module")
def studio(studio_server: StudioServer) -> Iterator[Studio]:
    """That server, and a connection of the file's own."""
    with studio_server.entered() as studio:
        yield studio


StartServer = Callable[[ASGIApp, ServerConfig], Running]


@pytest.fixture
def probed_here() -> Iterator[None]:
    """Have torch's files looked at in this process; models/test_probe_restorer.py and some others use the real one."""
    with probing.here():
        yield


@pytest.fixture
def config(tmp_path: Path) -> ServerConfig:
    return config_in(tmp_path)


@pytest.fixture(scope="module")
def module_config(tmp_path_factory: pytest.TempPathFactory) -> ServerConfig:
    return config_in(tmp_path_factory.mktemp("server"))


@pytest.fixture(scope="module")
def start_module_server() -> Iterator[StartServer]:
    with ExitStack() as stack:
        yield lambda app, config: stack.enter_context(running(app, config))


@pytest.fixture
def start_server() -> Iterator[StartServer]:
    with ExitStack() as stack:
        yield lambda app, config: stack.enter_context(running(app, config))
