"""The status page behind the real middleware, by HTTP; in a real browser it is in tests/hosts."""

from __future__ import annotations

import re
from importlib.resources import files

import pytest

from fakes.status_page import Page, busy_status, serve
from foveate_server.config.server_config import ServerConfig
from foveate_server.status.page_sessions import COOKIE


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
        told = browser.get("/status.json").json()
        assert told["jobs"][0]["stage"] == "restoring"
        assert told["left_out"][0]["package"] == "foveate-discs 1.0"
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
