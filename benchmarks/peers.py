"""The ways of others to bring an image to a server and back: PNG over HTTP, raw bytes over HTTP, and bare TCP.

`python -m benchmarks.peers` serves them, each on a port of its own that it prints; the server is a process of its own.
"""

from __future__ import annotations

import io
import json
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import requests
from numpy.typing import NDArray
from PIL import Image

Pixels = NDArray[np.uint8]
_PIECE = 1 << 20  # bytes of one read


def to_png(pixels: Pixels, level: int) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "PNG", compress_level=level)
    return stream.getvalue()


def from_png(data: bytes) -> Pixels:
    with Image.open(io.BytesIO(data)) as image:
        return np.asarray(image)


@dataclass(frozen=True)
class Peers:
    """Where they listen, on the loopback interface."""

    http_port: int
    tcp_port: int

    def png_round_trip(self, pixels: Pixels, level: int) -> tuple[Pixels, int]:
        """Return what came back, and the bytes that went over the wire both ways."""
        body = to_png(pixels, level)
        answer = self._post(f"png/{level}", body)
        return from_png(answer), len(body) + len(answer)

    def raw_round_trip(self, pixels: Pixels) -> tuple[Pixels, int]:
        """Likewise, without any encoding."""
        answer = self._post("raw", pixels.tobytes())
        return np.frombuffer(answer, np.uint8).reshape(pixels.shape), pixels.nbytes + len(answer)

    def tcp_round_trip(self, pixels: Pixels) -> tuple[Pixels, int]:
        """Send all bytes, then receive them: what the network interface can do from Python."""
        back = np.empty_like(pixels)
        with socket.create_connection(("127.0.0.1", self.tcp_port)) as connection:
            connection.sendall(pixels.nbytes.to_bytes(8, "little"))
            connection.sendall(pixels.data.cast("B"))
            receive_into(connection, back.data.cast("B"))
        return back, 2 * pixels.nbytes

    def _post(self, path: str, body: bytes) -> bytes:
        answer = requests.post(f"http://127.0.0.1:{self.http_port}/{path}", data=body, timeout=300)
        answer.raise_for_status()
        return answer.content


def receive_into(connection: socket.socket, view: memoryview) -> None:
    while view:
        view = view[connection.recv_into(view, min(len(view), _PIECE)) :]


@contextmanager
def peers() -> Iterator[Peers]:
    """Run them in a process of their own."""
    command = [sys.executable, "-m", "benchmarks.peers"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield Peers(**json.loads(process.stdout.readline()))
        finally:
            process.terminate()


def serve() -> None:
    import uvicorn
    from starlette.applications import Starlette
    from starlette.concurrency import run_in_threadpool
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import Route

    async def recode(request: Request) -> Response:
        body, level = await request.body(), int(request.path_params["level"])
        return Response(await run_in_threadpool(lambda: to_png(from_png(body), level)), media_type="image/png")

    async def raw(request: Request) -> Response:
        return Response(await request.body(), media_type="application/octet-stream")

    app = Starlette(routes=[Route("/png/{level}", recode, methods=["POST"]), Route("/raw", raw, methods=["POST"])])
    http, tcp = (socket.create_server(("127.0.0.1", 0)) for _ in range(2))
    threading.Thread(target=_echo, args=(tcp,), daemon=True).start()
    print(json.dumps({"http_port": http.getsockname()[1], "tcp_port": tcp.getsockname()[1]}), flush=True)
    uvicorn.Server(uvicorn.Config(app, log_level="warning")).run(sockets=[http])


def _echo(listening: socket.socket) -> None:
    while True:
        connection, _ = listening.accept()
        with connection:
            size = bytearray(8)
            receive_into(connection, memoryview(size))
            data = bytearray(int.from_bytes(size, "little"))
            receive_into(connection, memoryview(data))
            connection.sendall(data)


if __name__ == "__main__":
    serve()
