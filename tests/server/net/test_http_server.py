from __future__ import annotations

import socket
from dataclasses import replace

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from foveate_server.config.server_config import ServerConfig
from foveate_server.net.http_server import CHUNK_HEADER_BYTES, base_url, bind
from foveate_shared.errors import ConnectionLostError, ErrorCode, InputError


def test_the_port_is_taken_at_once(config: ServerConfig):
    with bind(config) as first:
        port = first.getsockname()[1]
        assert base_url(config, first) == f"http://127.0.0.1:{port}"
        with pytest.raises(ConnectionLostError) as caught:
            bind(replace(config, port=port))
    assert caught.value.info.code is ErrorCode.NO_SERVER
    assert f"cannot listen on port {port} of 127.0.0.1: another program has it." in caught.value.info.message
    assert "--port" in caught.value.info.remedy


def test_a_port_is_free_again_at_once(config: ServerConfig):
    with bind(config) as first:
        port = first.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)) as client, first.accept()[0]:
            pass
        client.close()
    with bind(replace(config, port=port)) as second:
        assert second.getsockname()[1] == port


def test_an_address_of_another_machine_is_a_sentence(config: ServerConfig):
    with pytest.raises(ConnectionLostError, match="does not have that address"):
        bind(replace(config, host="192.0.2.1"))


@pytest.mark.parametrize("host", ["no such host", "a" * 64])
def test_an_unknown_host_is_a_sentence(config: ServerConfig, host: str):
    with pytest.raises(InputError, match="This machine has no address for the host"):
        bind(replace(config, host=host))


async def _peer(request: Request) -> JSONResponse:
    assert request.client is not None
    return JSONResponse({"peer": request.client.host, "scheme": request.url.scheme})


async def _echo_sizes(websocket: WebSocket) -> None:
    await websocket.accept()
    async for data in websocket.iter_bytes():
        await websocket.send_text(str(len(data)))


@pytest.fixture
def app() -> Starlette:
    return Starlette(routes=[Route("/peer", _peer), WebSocketRoute("/socket", _echo_sizes)])


def test_nobody_can_choose_the_address_that_rate_limits_see(start_server, app: Starlette, config: ServerConfig):
    server = start_server(app, config)
    forwarded = {"X-Forwarded-For": "10.9.8.7", "X-Forwarded-Proto": "https"}
    with httpx.Client(trust_env=False) as client:
        assert client.get(f"{server.url}/peer", headers=forwarded).json() == {"peer": "127.0.0.1", "scheme": "http"}


def _send_and_receive(client: ClientConnection, frame: bytes | list[bytes]) -> None:
    client.send(frame)
    client.recv(timeout=60)


def test_a_single_frame_above_the_largest_chunk_ends_the_connection(start_server, app: Starlette, config: ServerConfig):
    """Its reason may be lost on the way: a server that closes while most of a frame is still to come resets it."""
    server = start_server(app, config)
    with connect(server.url.replace("http", "ws") + "/socket", proxy=None) as client, pytest.raises(ConnectionClosed):
        _send_and_receive(client, b"\0" * (config.limits.max_chunk_bytes + CHUNK_HEADER_BYTES + 1))


def test_frames_above_the_largest_chunk_are_refused(start_server, app: Starlette, config: ServerConfig):
    server = start_server(app, config)
    largest = config.limits.max_chunk_bytes + CHUNK_HEADER_BYTES
    with connect(server.url.replace("http", "ws") + "/socket", proxy=None) as client:
        client.send(b"\0" * largest)
        assert client.recv() == str(largest)
        with pytest.raises(ConnectionClosed) as caught:
            # In two parts, so that the server has read all when it closes.
            _send_and_receive(client, [b"\0" * largest, b"\0"])
    assert caught.value.rcvd is not None
    assert caught.value.rcvd.code == 1009
