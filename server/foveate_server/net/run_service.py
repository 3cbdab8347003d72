"""`foveate serve`: from a configuration to a server that runs until it is told to end, or has been idle long enough."""

from __future__ import annotations

import logging
import os
import socket
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from importlib import metadata
from pathlib import Path
from typing import Protocol

from starlette.types import ASGIApp, Receive, Scope, Send

from foveate_server.config.server_config import ServerConfig
from foveate_server.full_collections import full_collections_by_hand
from foveate_server.logs import logging_to
from foveate_server.net.http_server import WebServer, base_url, bind
from foveate_server.net.named_tokens import new_token
from foveate_server.net.pairing import fingerprint, secured
from foveate_server.status.report import StatusSource
from foveate_shared.connection.process_place import ProcessPlace, SharingMachine, birth_of
from foveate_shared.connection.running_server import RunningServer, is_published, publish, withdraw
from foveate_shared.connection.start_server import find_running
from foveate_shared.errors import ErrorCode, FoveateError, InputError, ServerError

Announce = Callable[[str], None]  # shows one line to the person who started the server

SWITCH_SECONDS = 0.0005  # until a thread gives way to another one; 0.005 unless told

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class ServedApplication:
    """An application and how to look at it."""

    app: ASGIApp  # guarded: see security_middleware.py
    status: StatusSource
    recognises: Callable[[str], bool] = lambda _: False  # see http_server.py


class Build(Protocol):
    """Makes the service, once the port is known. `token` is the local one, for the runtime file."""

    def __call__(self, config: ServerConfig, token: str) -> ServedApplication: ...  # noqa: D102


def run_service(config: ServerConfig, build: Build, announce: Announce) -> None:
    """Serve until a signal or :attr:`ServerConfig.idle_exit_minutes` ends it.

    Raises FoveateError where the server cannot start: NO_SERVER where the port is taken, CONFLICT where a server of
    the same runtime file runs already, and whatever the application's own start raised.
    """
    config = secured(config)
    _require_no_other(config)
    with (
        logging_to(config.log_dir) as log_file,
        bind(config) as listening,
        _threads_giving_way(),
        full_collections_by_hand(),
    ):
        config = replace(config, port=listening.getsockname()[1])
        running = _describe(config, listening)
        service = build(config, running.token)
        lifespan = _LifespanWatch(service.app)
        idle = IdleWatch(service.status, config.idle_exit_minutes * 60)
        with _withdrawn_at_the_end(config, running):
            file = PublishedFile(config.runtime_file, running)

            def is_over() -> bool:
                file.keep()
                return idle.is_over()

            server = WebServer(
                lifespan,
                config,
                on_ready=lambda: _publish(config, running, announce),
                is_over=is_over,
                recognises=service.recognises,
            )
            try:
                server.run(sockets=[listening])
            except SystemExit:  # how uvicorn says that the application did not start
                raise lifespan.error or ServerError(
                    "The server could not start.", remedy=f"The reason is at the end of {log_file}."
                ) from None


class IdleWatch:
    """Notices when nobody has been there, and nothing was to be done, for `seconds`; 0 means never."""

    def __init__(self, source: StatusSource, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._source = source
        self._seconds = seconds
        self._clock = clock
        self._busy = clock()  # when something was last going on

    def is_over(self) -> bool:
        """Tell whether the server may end; to be asked every now and then."""
        if not self._seconds:
            return False
        if not self._source().is_idle:
            self._busy = self._clock()
        if self._clock() - self._busy < self._seconds:
            return False
        _log.info("ending: idle for %g minutes", self._seconds / 60)
        return True


class PublishedFile:
    """Sees to it that clients find this server: another program may delete or replace its runtime file."""

    def __init__(self, path: Path, running: RunningServer) -> None:
        self._path = path
        self._running = running

    def keep(self) -> None:
        """Write the file again where it is gone, or not ours; to be called every now and then."""
        if is_published(self._path, self._running):
            return
        try:
            publish(self._path, self._running)
        except FoveateError as error:
            _log.warning("the runtime file cannot be written again: %s", error)
        else:
            _log.warning("the runtime file was gone, or another server's: it is written again")


class _LifespanWatch:
    """Keeps the sentence of an error that ended the application's start: uvicorn would only log it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self.error: FoveateError | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self._app(scope, receive, send)
        except FoveateError as error:
            if scope["type"] == "lifespan":
                self.error = error
            raise


def _require_no_other(config: ServerConfig) -> None:
    other = find_running(config.runtime_file)
    if other is not None:
        raise InputError(
            f"A Foveate server runs already at {other.url}.",
            code=ErrorCode.CONFLICT,
            remedy="Use that one, or end it first; a second one needs another FOVEATE_RUNTIME_FILE.",
        )


def _describe(config: ServerConfig, listening: socket.socket) -> RunningServer:
    return RunningServer(
        url=base_url(config, listening),
        token=new_token(),
        pid=os.getpid(),
        version=metadata.version("foveate"),
        started=time.time(),
        fingerprint=fingerprint(config.tls_cert) if config.tls_cert else None,
        place=ProcessPlace.here(),
        birth=birth_of(os.getpid()),
        machine=SharingMachine.here().key,
    )


def _publish(config: ServerConfig, running: RunningServer, announce: Announce) -> None:
    publish(config.runtime_file, running)
    _log.info("ready at %s, version %s", running.url, running.version)
    announce(f"Foveate is ready at {running.url} (Ctrl+C ends it).")


@contextmanager
def _threads_giving_way() -> Iterator[None]:
    """Let the event loop go on soon while a thread computes in Python, as for a huge plan: it asks at every step."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(SWITCH_SECONDS)
    try:
        yield
    finally:
        sys.setswitchinterval(usual)


@contextmanager
def _withdrawn_at_the_end(config: ServerConfig, running: RunningServer) -> Iterator[None]:
    try:
        yield
    finally:
        withdraw(config.runtime_file, running)
        _log.info("ended")
