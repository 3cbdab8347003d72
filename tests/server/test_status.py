"""The status page behind the real middleware, by HTTP and in a real browser."""

from __future__ import annotations

import re
import shutil
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette

from foveate_server.admission import COOKIE, Gate
from foveate_server.config import ServerConfig
from foveate_server.metrics import Metrics
from foveate_server.security import SecurityMiddleware
from foveate_server.status.report import ErrorStatus, JobStatus, ServerStatus
from foveate_server.status.routes import StatusPage
from foveate_server.status.sessions import Sessions
from foveate_server.tokens import Authenticator, new_token

NASTY = "<img src=x onerror=alert(1)>"
CHROMIUM = next(
    (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), None
)


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


def serve(start: Callable, config: ServerConfig, source: Callable[[], ServerStatus]) -> Page:
    token, sessions, metrics = new_token(), Sessions(), Metrics()
    metrics.watch(source)
    app = Starlette(routes=StatusPage(source, sessions, metrics).routes())
    gate = Gate(config, Authenticator(config.tokens_file, token), sessions)
    return Page(start(SecurityMiddleware(app, gate), config).url, token)


@pytest.fixture(scope="module")
def page(start_module_server, module_config: ServerConfig) -> Page:
    return serve(start_module_server, module_config, busy_status)


def test_a_link_opens_the_page_once(page: Page):
    link = page.link()
    with page.client() as browser:
        answer = browser.get(link)
        assert (answer.status_code, answer.headers["location"]) == (303, "/")
        cookie = answer.headers["set-cookie"]
        assert cookie.startswith(f"{COOKIE}=")
        assert {"HttpOnly", "SameSite=strict", "Path=/"} <= {part.strip() for part in cookie.split(";")}
        assert '<h2 id="jobs-title">Jobs</h2>' in browser.get("/").text
        assert browser.get("/status.json").json()["jobs"][0]["stage"] == "restoring"
    with page.client() as second:
        answer = second.get(link)
        assert answer.status_code == 403
        assert "does not work any more" in answer.text
        assert "foveate status --page" in answer.text
        assert "set-cookie" not in answer.headers


def test_looking_ahead_at_a_link_does_not_use_it_up(page: Page):
    link = page.link()
    with page.client() as browser:
        assert browser.head(link).status_code == 401
        assert browser.get(link).status_code == 303


def test_without_a_session_there_is_just_the_door(page: Page):
    with page.client() as stranger:
        answer = stranger.get("/")
        assert answer.status_code == 401
        assert "foveate status --page" in answer.text
        assert "upscale" not in answer.text
        assert stranger.get("/status.css").status_code == 200
        assert stranger.get("/status.svg").headers["content-type"] == "image/svg+xml"
        for path in ("/status.json", "/status.js", "/metrics", "/healthz"):
            assert stranger.get(path).status_code == 401
        assert stranger.post("/status/code").status_code == 401


def test_a_session_gets_no_codes_and_no_metrics(page: Page):
    with page.client() as browser:
        browser.get(page.link())
        assert browser.post("/status/code").status_code == 401
        assert browser.get("/metrics").status_code == 401


def test_the_token_opens_health_metrics_and_status(page: Page):
    with page.owner() as owner:
        assert owner.get("/healthz").json() == {"status": "ok", "version": "0.1.0", "worker": "running"}
        metrics = owner.get("/metrics")
        assert metrics.headers["content-type"].startswith("text/plain; version=")
        assert "foveate_queue_length 2.0" in metrics.text
        assert owner.get("/status.json").json()["clients"] == 3


def test_the_page_refers_to_nothing_elsewhere():
    for name in ("status.html", "login.html", "stale.html", "status.css", "status.js"):
        text = files("foveate_server.status").joinpath(name).read_text("utf-8")
        assert not re.search(r"https?:|//[a-z]+\.|url\(|@import|innerHTML|\beval\b", text), name
        assert not re.search(r"<style|<script>|\son\w+=|style=", text), f"{name}: the content policy forbids this"


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on the PATH")
def test_a_browser_shows_the_jobs_and_no_foreign_markup(page: Page, tmp_path: Path):
    shown = browse(page.url + page.link(), tmp_path, "--dump-dom")
    for text in (
        "cuda: NVIDIA H200",
        "last model: realesrgan-x4plus",
        "42 %",
        "number 2",
        "by studio-laptop",
        "Up 3 h 12 min",
    ):
        assert text in shown, text
    assert ">3.2 GB<" in shown
    assert ">of 22 GB<" in shown
    assert "The worker ended unexpectedly (signal 9)." in shown
    assert NASTY not in shown
    assert NASTY.replace("<", "&lt;").replace(">", "&gt;") in shown


def browse(url: str, folder: Path, *arguments: str) -> str:
    """Return what a headless browser prints; it lets the page's clock run for three seconds."""
    assert CHROMIUM is not None
    command = [
        CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
        "--disable-background-networking", "--disable-component-update", "--disable-sync", "--hide-scrollbars",
        f"--user-data-dir={folder / 'profile'}", "--virtual-time-budget=3000", *arguments, url,
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    return done.stdout
