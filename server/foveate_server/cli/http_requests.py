"""The few plain HTTP requests of the command line, with the same care for token and certificate as the websocket."""

from __future__ import annotations

import contextlib
import http.client
import json
from typing import Any

from foveate_shared.connection.server_address import ServerAddress, tls_context
from foveate_shared.errors import ConnectionLostError, ErrorCode, ProtocolError, to_exception
from foveate_shared.wire.codec import decode_error

TIMEOUT = 10.0  # seconds
MAX_ANSWER = 16 << 20


def request_json(address: ServerAddress, method: str, path: str) -> dict[str, Any]:
    """Return the JSON object that the server answers with. Raises what its error says, or ConnectionLostError."""
    context = tls_context(address)
    connection = (
        http.client.HTTPSConnection(address.host, address.port, timeout=TIMEOUT, context=context)
        if context
        else http.client.HTTPConnection(address.host, address.port, timeout=TIMEOUT)
    )
    try:
        with contextlib.closing(connection):
            connection.request(method, path, headers={"Authorization": f"Bearer {address.token}"})
            response = connection.getresponse()
            body = response.read(MAX_ANSWER)
    except (OSError, http.client.HTTPException) as error:
        raise ConnectionLostError(
            f"There is no Foveate server at {address.host}:{address.port} ({error}).",
            code=ErrorCode.NO_SERVER,
            remedy="Start it with `foveate serve`, or check the address.",
        ) from error
    if response.status >= 400:
        raise _refused(response.status, body)
    fields = json.loads(body)
    return dict(fields)


def base_url(address: ServerAddress) -> str:
    """Return the address for a browser."""
    host = f"[{address.host}]" if ":" in address.host else address.host
    return f"{'https' if address.is_secure else 'http'}://{host}:{address.port}"


def _refused(status: int, body: bytes) -> Exception:
    try:
        return to_exception(decode_error(body.decode("utf-8", "replace")))
    except ProtocolError:
        return ConnectionLostError(
            f"What answers there is no Foveate server (HTTP status {status}).",
            code=ErrorCode.NO_SERVER,
            remedy="Check the address.",
        )
