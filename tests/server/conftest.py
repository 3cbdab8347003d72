"""Real servers for tests: uvicorn in a thread, on a free port, ready when the fixture returns."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from starlette.types import ASGIApp

from foveate_server.config import ServerConfig
from foveate_server.web import WebServer, base_url, bind


@dataclass(frozen=True)
class Running:
    """A server that takes connections."""

    url: str
    port: int


StartServer = Callable[[ASGIApp, ServerConfig], Running]


@pytest.fixture
def config(tmp_path: Path) -> ServerConfig:
    return config_in(tmp_path)


def config_in(folder: Path) -> ServerConfig:
    return ServerConfig(
        data_dir=folder / "data",
        cache_dir=folder / "cache",
        log_dir=folder / "logs",
        runtime_file=folder / "run" / "server.json",
    )


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


@contextmanager
def running(app: ASGIApp, config: ServerConfig) -> Iterator[Running]:
    ready = threading.Event()
    listening = bind(config)
    server = WebServer(app, config, on_ready=ready.set)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    assert ready.wait(20), "the server did not start"
    try:
        yield Running(base_url(config, listening), listening.getsockname()[1])
    finally:
        server.should_exit = True
        thread.join(20)
        assert not thread.is_alive(), "the server did not end"
