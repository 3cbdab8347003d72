"""The few plain HTTP requests of the command line, to a server that has proved itself as for the websocket."""

from __future__ import annotations

import contextlib
import http.client
import json
from typing import Any

from foveate_shared.connection.proved_server import prove
from foveate_shared.connection.server_address import ServerAddress
from foveate_shared.errors import ConnectionLostError, ErrorCode, ProtocolError, reason_of, to_exception
from foveate_shared.wire.codec import decode_error

TIMEOUT = 10.0  # seconds
MAX_ANSWER = 16 << 20


def request_json(address: ServerAddress, method: str, path: str) -> dict[str, Any]:
    """Return the JSON object that the server answers with. Raises what its error says, or ConnectionLostError."""
    try:
        with contextlib.closing(prove(address, TIMEOUT)) as server:
            response = server.request(method, path)
            body = response.read(MAX_ANSWER)
    except (OSError, http.client.HTTPException) as error:
        raise ConnectionLostError(
            f"There is no Foveate server at {address.host}:{address.port} ({reason_of(error)}).",
            code=ErrorCode.NO_SERVER,
            remedy="Start it with `foveate serve`, or check the address.",
        ) from error
    if response.status >= 400:
        raise _refused(response.status, body)
    fields = json.loads(body)
    return dict(fields)


def base_url(address: ServerAddress) -> str:
    """Return the address for a browser."""
    return f"{'https' if address.is_secure else 'http'}://{address.authority}"


def _refused(status: int, body: bytes) -> Exception:
    try:
        return to_exception(decode_error(body.decode("utf-8", "replace")))
    except ProtocolError:
        return ConnectionLostError(
            f"What answers there is no Foveate server (HTTP status {status}).",
            code=ErrorCode.NO_SERVER,
            remedy="Check the address.",
        )
