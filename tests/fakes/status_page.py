"""The status page of a server that has much to do, behind the real middleware."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import httpx
from starlette.applications import Starlette
from starlette.types import ASGIApp

from fakes.web import Running
from foveate_server.config.server_config import ServerConfig
from foveate_server.entry_points import LeftOut
from foveate_server.net.gate import Gate
from foveate_server.net.named_tokens import Authenticator, new_token
from foveate_server.net.security_middleware import SecurityMiddleware
from foveate_server.status.metrics import Metrics
from foveate_server.status.page_sessions import Sessions
from foveate_server.status.report import ErrorStatus, JobStatus, ServerStatus
from foveate_server.status.routes import StatusPage

NASTY = "<img src=x onerror=alert(1)>"


def busy_status() -> ServerStatus:
    now = time.time()
    return ServerStatus(
        version="0.1.0",
        started=now - 11_520,
        device="cuda: NVIDIA H200",
        worker="running",
        model="realesrgan-x4plus",
        device_memory=3_400_000_000,
        device_memory_total=24_000_000_000,
        clients=3,
        jobs=(
            JobStatus("a1", "upscale", "local", "running", 0.425, "restoring", None, now - 95, 128.0),
            JobStatus("b2", "refocus", "studio-laptop", "queued", 0.0, "", 1, now - 20),
            JobStatus("c3", "faces", NASTY, "queued", 0.0, "", 2, now - 8),
            JobStatus("d4", "upscale", "local", "waiting", 0.0, "", None, now - 3),
            JobStatus("e5", "refocus", "local", "done", 1.0, "", None, now - 300),
        ),
        errors=(ErrorStatus(now - 3700, "worker_crashed", "The worker ended unexpectedly (signal 9).", "f6a7b8c9-0"),),
        spool_bytes=1_900_000_000,
        spool_quota=20 << 30,
        job_counts={"running": 1, "queued": 2, "waiting": 1, "done": 1},
        left_out=(LeftOut("foveate-discs 1.0", "foveate.detectors", "discs", "it cannot be imported"),),
    )


@dataclass
class Page:
    url: str
    token: str

    def client(self, **headers: str) -> httpx.Client:
        return httpx.Client(base_url=self.url, headers=headers, trust_env=False)

    def owner(self) -> httpx.Client:
        return self.client(Authorization=f"Bearer {self.token}")

    def link(self) -> str:
        with self.owner() as owner:
            return owner.post("/status/code").json()["path"]


def serve(
    start: Callable[[ASGIApp, ServerConfig], Running], config: ServerConfig, source: Callable[[], ServerStatus]
) -> Page:
    token, sessions, metrics = new_token(), Sessions(), Metrics()
    metrics.watch(source)
    app = Starlette(routes=StatusPage(source, sessions, metrics).routes())
    gate = Gate(config, Authenticator(config.tokens_file, token), sessions)
    return Page(start(SecurityMiddleware(app, gate), config).url, token)
