"""The application: routes, and what lives as long as they are served. Nothing is started before the lifespan begins."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from importlib import metadata
from pkgutil import resolve_name

from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket

from foveate_server.config.server_config import APP_NAME, ServerConfig
from foveate_server.endpoint.rates import OwnerBuckets
from foveate_server.endpoint.served_connection import ConnectionLimits, ConnectionServices, ServedConnection
from foveate_server.engines.contract import EngineSpec
from foveate_server.engines.engine_specs import engine_of
from foveate_server.executors.contract import Executor, ExecutorStatus
from foveate_server.executors.local import LocalExecutor, default_patience
from foveate_server.full_collections import collect_all
from foveate_server.installed_packages import left_out
from foveate_server.jobs.dependencies import Clocks, JobDependencies
from foveate_server.jobs.job import Job
from foveate_server.jobs.manager import JobManager
from foveate_server.models.catalog import Catalog
from foveate_server.net.gate import Gate
from foveate_server.net.named_tokens import LOCAL_NAME, Authenticator
from foveate_server.net.run_service import ServedApplication
from foveate_server.net.security_middleware import SecurityMiddleware
from foveate_server.operations.operation import models_taken
from foveate_server.operations.registry import packages
from foveate_server.spool.store import Spool
from foveate_server.status.all_jobs import AllJobs
from foveate_server.status.metrics import Metrics
from foveate_server.status.page_sessions import OWNER_TOKEN, Sessions
from foveate_server.status.report import JobStatus, ServerStatus
from foveate_server.status.routes import StatusPage
from foveate_server.tasks.messages import OPERATIONS
from foveate_shared.wire.protocol import PATH

HOUSEKEEPING_SECONDS = 10.0
COLLECTION_SECONDS = 60.0  # see full_collections.py
REVOCATION_SECONDS = 0.5  # until a revoked token's jobs end: the file of tokens is looked at so often
_STATES = ("running", "queued", "waiting", "done", "failed", "cancelled")  # as the status page orders jobs

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Variants:
    """What tests, and servers unlike ours, may put in place of the usual parts."""

    operations: str = OPERATIONS  # "package.module:function" that returns them by name, here and in the worker
    executor: Executor | None = None  # None: worker processes on this machine
    clocks: Clocks = field(default_factory=Clocks)
    patience: ConnectionLimits = field(default_factory=ConnectionLimits)


class Application:
    """An ASGI application, guarded by admission, with a look at what it does."""

    def __init__(self, config: ServerConfig, engine: EngineSpec, token: str, variants: Variants) -> None:
        self._config = config
        self._engine = engine
        self._variants = variants
        self._metrics = Metrics()
        self._version = metadata.version(APP_NAME)
        self._started = variants.clocks.now()
        self._left_out = left_out()
        self._service: ConnectionServices | None = None  # while the lifespan lasts
        self._executor: Executor | None = None  # likewise
        self._authenticator = Authenticator(config.tokens_file, token)
        sessions = Sessions()
        routes = StatusPage(self.status, sessions, self._metrics).routes()
        routes += AllJobs(LOCAL_NAME, self._all_jobs, self._cancel).routes()
        self.starlette = Starlette(routes=[*routes, WebSocketRoute(PATH, self._socket)], lifespan=self._lifespan)
        self._guarded = SecurityMiddleware(self.starlette, Gate(config, self._authenticator, sessions))
        self.recognises = self._guarded.recognises
        self._metrics.watch(self.status)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve; see ASGI."""
        await self._guarded(scope, receive, send)

    def status(self) -> ServerStatus:
        """Return one look at the server; see :data:`foveate_server.status.report.StatusSource`."""
        if self._service is None:
            return ServerStatus(self._version, self._started, left_out=self._left_out)
        manager, spool = self._service.manager, self._service.spool
        jobs, workers = manager.jobs, self._executor.status() if self._executor else ExecutorStatus()
        active = sorted((job for job in jobs if not job.ended), key=_rank)
        return ServerStatus(
            version=self._version,
            started=self._started,
            device=manager.engine.device,
            model=manager.engine.model,
            device_memory=workers.memory,
            device_memory_total=workers.memory_total,
            worker="running" if any(job.running for job in jobs) else "idle",
            worker_restarts=workers.replaced,
            clients=manager.connections,
            jobs=tuple(map(_job_status, active)),
            errors=tuple(manager.errors),
            spool_bytes=spool.account.used,
            spool_quota=spool.account.quota,
            job_counts=dict(Counter(job.summary_state for job in jobs)),
            left_out=self._left_out,
        )

    def _all_jobs(self) -> list[JobStatus]:
        return [_with_client(job, LOCAL_NAME) for job in self._service.manager.jobs] if self._service else []

    def _cancel(self, number: int) -> bool:
        if self._service is None:
            raise RuntimeError("a request came before the start")
        return self._service.manager.cancel_numbered(number)

    async def _socket(self, websocket: WebSocket) -> None:
        if self._service is None:
            raise RuntimeError("a connection came before the start")
        await ServedConnection(websocket, self._service, websocket.scope[OWNER_TOKEN]).serve()

    @contextlib.asynccontextmanager
    async def _lifespan(self, _app: Starlette) -> AsyncIterator[None]:
        for point in self._left_out:
            _log.warning("%s: %s", point.package, point)
        async with contextlib.AsyncExitStack() as stack:
            spool = Spool(self._config.spool_dir, self._config.spool_quota)
            stack.callback(spool.close)
            executor = self._executor = self._variants.executor or self._local_executor()
            stack.push_async_callback(executor.stop)
            await executor.start()
            self._service = self._make_service(spool, executor)
            stack.push_async_callback(self._service.manager.stop)
            await self._service.manager.start()
            manager = self._service.manager
            for chore in (_keep_house(manager), _end_revoked(manager, self._authenticator), _collect_garbage()):
                stack.callback(asyncio.create_task(chore).cancel)
            yield

    def _local_executor(self) -> Executor:
        config = self._config
        usual = default_patience(config.device)
        patience = replace(
            usual,
            watchdog=config.watchdog_seconds,
            cancel=min(usual.cancel, config.cancel_grace),
            release=config.idle_release_seconds,
        )
        return LocalExecutor(
            self._engine, devices=(config.device,), patience=patience, operations=self._variants.operations
        )

    def _make_service(self, spool: Spool, executor: Executor) -> ConnectionServices:
        operations = resolve_name(self._variants.operations)()
        taken = models_taken(operations)

        def catalog() -> Catalog:
            return self._engine.catalog().serving(taken)

        parts = JobDependencies(
            config=self._config,
            spool=spool,
            executor=executor,
            operations=operations,
            catalog=catalog,
            metrics=self._metrics,
            version=self._version,
            packages=packages(),
            clocks=self._variants.clocks,
        )
        per_minute = self._config.rates.submits_per_minute
        return ConnectionServices(
            config=self._config,
            manager=JobManager(parts),
            spool=spool,
            operations=operations,
            catalog=catalog,
            metrics=self._metrics,
            version=self._version,
            submits=OwnerBuckets(per_minute / 60, per_minute),
            patience=self._variants.patience,
        )


def create_app(
    config: ServerConfig, engine: EngineSpec, *, token: str, variants: Variants | None = None
) -> Application:
    """Return the server's application. `token` is the one for programs on this machine, see net.named_tokens.

    Its lifespan raises FoveateError where the server cannot start, such as a job store that another one uses.
    """
    return Application(config, engine, token, variants or Variants())


async def _keep_house(manager: JobManager) -> None:
    while True:
        await asyncio.sleep(HOUSEKEEPING_SECONDS)
        try:
            manager.expire()
        except Exception:
            _log.exception("housekeeping failed")


async def _collect_garbage() -> None:
    while True:
        await asyncio.sleep(COLLECTION_SECONDS)
        collect_all()


async def _end_revoked(manager: JobManager, authenticator: Authenticator) -> None:
    """End the jobs of revoked tokens; also of those that were revoked while no server ran."""
    while True:
        try:
            owners = {job.owner.token for job in manager.jobs if not job.offered}
            manager.cancel_jobs_of(authenticator.revoked(owners))
        except Exception:
            _log.exception("the jobs of revoked tokens could not be ended")
        await asyncio.sleep(REVOCATION_SECONDS)


def _rank(job: Job) -> tuple[int, int, float]:
    return _STATES.index(job.summary_state), job.position or 0, job.row.created


def _job_status(job: Job) -> JobStatus:
    state = job.summary_state
    return JobStatus(
        job=job.id,
        operation=job.submit.operation,
        owner=job.owner.token,
        state=state,
        fraction=job.progress.fraction,
        stage=job.stage,
        position=job.position if state == "queued" else None,
        created=job.row.created,
        seconds_left=job.progress.seconds_left,
        number=job.number,
    )


def _with_client(job: Job, reader: str) -> JobStatus:
    """Return what is told of a job to who has the token called `reader`."""
    return replace(_job_status(job), client=job.owner.client if job.owner.token == reader else "")


def build(config: ServerConfig, token: str) -> ServedApplication:
    """Return the application as `net.run_service` wants it. Raises InputError for an unknown engine."""
    app = create_app(config, engine_of(config), token=token)
    return ServedApplication(app, app.status, app.recognises)
