"""A small application behind the server's middleware, in a real server, and clients of it."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from dataclasses import dataclass

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route, WebSocketRoute
from starlette.types import ASGIApp
from starlette.websockets import WebSocket
from websockets.sync.client import ClientConnection, connect

from fakes.web import Running
from foveate_server.config.server_config import ServerConfig
from foveate_server.net.gate import Gate
from foveate_server.net.named_tokens import Authenticator, new_token
from foveate_server.net.security_middleware import SecurityMiddleware
from foveate_server.status.page_sessions import OWNER_TOKEN, Sessions


async def _who(request: Request) -> JSONResponse:
    body = await request.body()
    return JSONResponse({"owner": request.scope[OWNER_TOKEN], "size": len(body)})


async def _socket(websocket: WebSocket) -> None:
    await websocket.accept()
    async for text in websocket.iter_text():
        await websocket.send_text(f"{websocket.scope[OWNER_TOKEN]}: {text}")


@dataclass
class Guarded:
    """Where it is served, and with which token."""

    url: str
    port: int
    token: str
    config: ServerConfig

    def get(self, path: str = "/who", token: str | None = None, **headers: str) -> httpx.Response:
        return self.request("GET", path, headers={**bearer(token or self.token), **headers})

    def request(self, method: str, path: str, **kwargs) -> httpx.Response:
        with httpx.Client(base_url=self.url, trust_env=False, verify=unverified()) as client:
            return client.request(method, path, **kwargs)

    def connect(self, token: str | None = None, **kwargs) -> ClientConnection:
        url = self.url.replace("http", "ws") + "/socket"
        if url.startswith("wss"):
            kwargs["ssl"] = unverified()
        return connect(url, additional_headers=bearer(token or self.token), proxy=None, **kwargs)


def bearer(token: str) -> dict[str, str]:
    """Return the header that presents a token."""
    return {"Authorization": f"Bearer {token}"}


def unverified() -> ssl.SSLContext:
    """Return TLS that takes any certificate: whose it is does not matter here."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def guarded(start: Callable[[ASGIApp, ServerConfig], Running], config: ServerConfig) -> Guarded:
    """Serve the application with `start`."""
    token = new_token()
    app = Starlette(routes=[Route("/who", _who, methods=["GET", "POST"]), WebSocketRoute("/socket", _socket)])
    gate = Gate(config, Authenticator(config.tokens_file, token), Sessions())
    server = start(SecurityMiddleware(app, gate), config)
    return Guarded(server.url, server.port, token, config)
