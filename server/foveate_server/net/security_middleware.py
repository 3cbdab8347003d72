"""The outermost layer of the server: nothing passes that :class:`foveate_server.net.gate.Gate` did not admit.

Plain ASGI, for HTTP and websockets alike. The owner's token name goes on as `scope[OWNER_TOKEN]`.
"""

from __future__ import annotations

import logging

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from foveate_server.net.gate import MAX_BODY_BYTES, Gate, ProofWanted, Refusal, Request, too_large
from foveate_server.net.http_connection import visit_of
from foveate_server.status.page_sessions import OWNER_TOKEN
from foveate_shared.errors import ErrorCode, ErrorInfo
from foveate_shared.wire.codec import encode_error

_HEADERS = (
    (
        b"content-security-policy",
        b"default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'",
    ),
    (b"cache-control", b"no-store"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
)
_CLOSE_POLICY = 1008  # RFC 6455, 7.4.1: policy violation

_log = logging.getLogger(__name__)


class SecurityMiddleware:
    """Wraps an application; see the module."""

    def __init__(self, app: ASGIApp, gate: Gate) -> None:
        self._app = app
        self._gate = gate
        self._connections = 0  # websockets open now

    def recognises(self, authorization: str) -> bool:
        """See :meth:`Gate.recognises`."""
        return self._gate.recognises(authorization)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or refuse it."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        try:
            request = Request.from_scope(scope)
            owner = self._gate.admit(request)
            if owner is not None and (visit := visit_of(scope)):
                visit.prove()
            if request.is_websocket:
                await self._websocket(scope, receive, send, owner or "")
            else:
                await self._http(scope, receive, send, owner)
        except ProofWanted as wanted:  # nothing to note: each client begins so
            if visit := visit_of(scope):
                visit.recognise()
            await _refuse(scope, send, wanted)
        except Refusal as refusal:
            _log.warning("refused %s from %s: %s", scope["type"], request.peer, refusal.info.code.value)
            await _refuse(scope, send, refusal)

    async def _http(self, scope: Scope, receive: Receive, send: Send, owner: str | None) -> None:
        started = False
        received = 0
        refusal: Refusal | None = None

        async def guarded_send(message: Message) -> None:
            nonlocal started
            if refusal is None:  # else it is the application's answer to our exception
                started = True
                await send(_with_headers(message))

        async def bounded_receive() -> Message:
            nonlocal received, refusal
            message = await receive()
            received += len(message.get("body", b""))
            if received > MAX_BODY_BYTES and not started:
                refusal = too_large(413, "The request's body is too large.")
                raise refusal
            return message

        await self._app({**scope, OWNER_TOKEN: owner}, bounded_receive, guarded_send)

    async def _websocket(self, scope: Scope, receive: Receive, send: Send, owner: str) -> None:
        if self._connections >= self._gate.config.rates.connections:
            raise Refusal(
                503, ErrorCode.RATE_LIMITED, "The server has too many open connections.", "Try again in a minute."
            )
        closed = False

        async def close_if_revoked() -> bool:
            nonlocal closed
            if not closed and not self._gate.authenticator.knows(owner):
                _log.warning("closed a connection: the token %s was revoked", owner)
                closed = True
                await send({"type": "websocket.close", "code": _CLOSE_POLICY, "reason": "the token was revoked"})
            return closed

        async def watched_receive() -> Message:
            message = await receive()
            if message["type"] == "websocket.receive" and await close_if_revoked():
                return {"type": "websocket.disconnect", "code": _CLOSE_POLICY}
            return message

        async def watched_send(message: Message) -> None:
            if not await close_if_revoked():
                await send(message)

        self._connections += 1
        try:
            await self._app({**scope, OWNER_TOKEN: owner}, watched_receive, watched_send)
        finally:
            self._connections -= 1


def error_body(info: ErrorInfo) -> bytes:
    """Return an error as PROTOCOL.md's error object in JSON."""
    return encode_error(info).encode()


async def _refuse(scope: Scope, send: Send, refusal: Refusal) -> None:
    prefix = ""
    if scope["type"] == "websocket":
        if "websocket.http.response" not in scope.get("extensions", {}):
            await send({"type": "websocket.close", "code": _CLOSE_POLICY})  # before accept: a bare 403
            return
        prefix = "websocket."
    body = error_body(refusal.info)
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode()), *_HEADERS]
    if refusal.asks_for is not None:
        headers.append((b"www-authenticate", refusal.asks_for.encode("ascii")))
    await send({"type": f"{prefix}http.response.start", "status": refusal.status, "headers": headers})
    await send({"type": f"{prefix}http.response.body", "body": body})


def _with_headers(message: Message) -> Message:
    if message["type"] != "http.response.start":
        return message
    ours = {name for name, _ in _HEADERS}
    kept = [(name, value) for name, value in message.get("headers", ()) if name.lower() not in ours]
    return {**message, "headers": [*kept, *_HEADERS]}
