"""The HTTP side of the server: the status page, its one-time codes, health and metrics."""

from __future__ import annotations

import time
from dataclasses import asdict
from importlib.resources import files

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from foveate_server.status.metrics import CONTENT_TYPE, Metrics
from foveate_server.status.page_sessions import (
    CODE_SECONDS,
    COOKIE,
    OWNER_TOKEN,
    SECURE_COOKIE,
    SESSION_SECONDS,
    Sessions,
)
from foveate_server.status.report import StatusSource

_MEDIA_TYPES = {"css": "text/css", "html": "text/html", "js": "text/javascript", "svg": "image/svg+xml"}


class StatusPage:
    """Makes the routes of one server. Admission is the middleware's: see net.gate for what is public."""

    def __init__(self, source: StatusSource, sessions: Sessions, metrics: Metrics) -> None:
        self._source = source
        self._sessions = sessions
        self._metrics = metrics

    def routes(self) -> list[Route]:
        """Return the routes, to be mounted at the root."""
        return [
            Route("/", self._page),
            Route("/status.css", lambda _: _asset("status.css")),
            Route("/status.svg", lambda _: _asset("status.svg")),
            Route("/status.js", lambda _: _asset("status.js")),
            Route("/status.json", self._status),
            Route("/status/code", self._code, methods=["POST"]),
            Route("/healthz", self._health),
            Route("/metrics", self._scrape),
        ]

    async def _page(self, request: Request) -> Response:
        if "code" in request.query_params and request.method == "GET":
            return self._login(request)
        if request.scope.get(OWNER_TOKEN) is None:
            return _asset("login.html", 401)
        return _asset("status.html")

    def _login(self, request: Request) -> Response:
        session = self._sessions.redeem(request.query_params["code"])
        if session is None:
            return _asset("stale.html", 403)
        response = RedirectResponse("/", status_code=303)  # so that the code leaves the address bar
        is_encrypted = request.url.scheme == "https"
        response.set_cookie(
            SECURE_COOKIE if is_encrypted else COOKIE,
            session,
            max_age=int(SESSION_SECONDS),
            httponly=True,
            secure=is_encrypted,
            samesite="strict",
        )
        return response

    async def _code(self, request: Request) -> Response:
        code = self._sessions.issue_code(request.scope[OWNER_TOKEN])
        return JSONResponse({"path": f"/?code={code}", "seconds": CODE_SECONDS}, status_code=201)

    async def _status(self, request: Request) -> Response:
        return JSONResponse({"now": time.time(), **asdict(self._source())})

    async def _health(self, request: Request) -> Response:
        status = self._source()
        return JSONResponse({"status": "ok", "version": status.version, "worker": status.worker})

    async def _scrape(self, request: Request) -> Response:
        return Response(self._metrics.render(), headers={"content-type": CONTENT_TYPE})


def _asset(name: str, status: int = 200) -> Response:
    content = files(__package__).joinpath(name).read_bytes()
    return Response(content, status, media_type=_MEDIA_TYPES[name.rpartition(".")[2]])
