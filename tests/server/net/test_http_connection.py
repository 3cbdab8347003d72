"""Connections whose requests are not what they should be, through a real server."""

from __future__ import annotations

import logging
import socket

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket
from websockets.exceptions import ConnectionClosed
from websockets.frames import CloseCode
from websockets.sync.client import connect

from foveate_server.config.server_config import ServerConfig


async def _hello(request: Request) -> PlainTextResponse:
    return PlainTextResponse("hello")


def test_a_body_that_is_none_is_refused_and_logged_as_no_error_of_ours(
    start_server, config: ServerConfig, caplog: pytest.LogCaptureFixture
):
    server = start_server(Starlette(routes=[Route("/", _hello)]), config)
    smuggled = b"GET /secret HTTP/1.1\r\n\r\n"
    with socket.create_connection(("127.0.0.1", server.port), timeout=60) as stranger:
        stranger.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + smuggled)
        answer = b"".join(iter(lambda: stranger.recv(4096), b""))
    assert answer.startswith(b"HTTP/1.1 400")
    with httpx.Client(trust_env=False) as client:
        assert client.get(f"{server.url}/").text == "hello"
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR] == []


@pytest.mark.parametrize(
    "name", ["Connection", "Origin", "Sec-WebSocket-Key", "Sec-WebSocket-Version", "Sec-WebSocket-Protocol"]
)
def test_a_handshake_that_is_not_ascii_is_refused_and_logged_as_no_error_of_ours(
    start_server, config: ServerConfig, caplog: pytest.LogCaptureFixture, name: str
):
    async def accept(websocket: WebSocket) -> None:
        await websocket.accept()

    server = start_server(Starlette(routes=[WebSocketRoute("/", accept)]), config)
    values = {
        "Host": b"x",
        "Connection": b"Upgrade",
        "Upgrade": b"websocket",
        "Sec-WebSocket-Version": b"13",
        "Sec-WebSocket-Key": b"dGhlIHNhbXBsZSBub25jZQ==",
    }
    values[name] = values.get(name, b"") + (b", \x85" if name == "Connection" else b"\x85")
    headers = b"".join(name.encode() + b": " + value + b"\r\n" for name, value in values.items())
    with socket.create_connection(("127.0.0.1", server.port), timeout=60) as stranger:
        stranger.sendall(b"GET / HTTP/1.1\r\n" + headers + b"\r\n")
        answer = b"".join(iter(lambda: stranger.recv(4096), b""))
    assert answer.startswith(b"HTTP/1.1 400")
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR] == []


def test_text_that_is_none_ends_its_connection_and_is_logged_as_no_error_of_ours(
    start_server, config: ServerConfig, caplog: pytest.LogCaptureFixture
):
    async def echo(websocket: WebSocket) -> None:
        await websocket.accept()
        async for text in websocket.iter_text():
            await websocket.send_text(text)

    server = start_server(Starlette(routes=[WebSocketRoute("/", echo)]), config)
    with connect(server.url.replace("http", "ws"), proxy=None) as guest:
        guest.send("\N{SNOWMAN}")
        assert guest.recv() == "\N{SNOWMAN}"
        guest.send(b"\xff\xfe", text=True)
        with pytest.raises(ConnectionClosed) as closed:
            guest.recv()
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == CloseCode.INVALID_DATA
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR] == []
