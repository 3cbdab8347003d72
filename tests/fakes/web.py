"""Real servers for tests: uvicorn in a thread, on a free port, ready when it is entered."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from starlette.types import ASGIApp

from foveate_server.config.server_config import ServerConfig
from foveate_server.net.http_server import WebServer, base_url, bind
from foveate_server.net.unproved_connections import DoorLimits


@dataclass(frozen=True)
class Running:
    """A server that takes connections."""

    url: str
    port: int


def config_in(folder: Path) -> ServerConfig:
    """Return a configuration that keeps everything in `folder`."""
    return ServerConfig(
        data_dir=folder / "data",
        cache_dir=folder / "cache",
        log_dir=folder / "logs",
        runtime_file=folder / "run" / "server.json",
    )


@contextmanager
def running(app: ASGIApp, config: ServerConfig, door: DoorLimits | None = None) -> Iterator[Running]:
    """Serve an application as long as the context lasts."""
    ready = threading.Event()
    listening = bind(config)
    recognises = getattr(app, "recognises", lambda _: False)
    server = WebServer(app, config, on_ready=ready.set, recognises=recognises, door=door)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    assert ready.wait(20), "the server did not start"
    try:
        yield Running(base_url(config, listening), listening.getsockname()[1])
    finally:
        server.should_exit = True
        thread.join(20)
        assert not thread.is_alive(), "the server did not end"
