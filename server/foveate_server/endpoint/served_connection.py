"""One websocket: the handshake, a reader that carries out requests, and a writer."""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from starlette.websockets import WebSocket, WebSocketDisconnect

from foveate_server.config.server_config import ServerConfig
from foveate_server.endpoint.client_version import needed_by_operation, needed_by_submit, too_old
from foveate_server.endpoint.described_operations import described
from foveate_server.endpoint.inbox import FatalError, Inbox
from foveate_server.endpoint.outbox import Outbox
from foveate_server.endpoint.rates import OwnerBuckets, TokenBucket
from foveate_server.endpoint.requests import Requests
from foveate_server.jobs.manager import JobManager
from foveate_server.models.catalog import LookUp
from foveate_server.operations.operation import Operation
from foveate_server.presets import Presets, load_presets
from foveate_server.spool.database_rows import Owner
from foveate_server.spool.store import Spool
from foveate_server.status.metrics import Metrics
from foveate_shared.connection.version_difference import UPDATE_SERVER, update_program
from foveate_shared.errors import ErrorCode, FoveateError, ProtocolError, RefusedError, ServerError
from foveate_shared.wire.blobs import Delivery
from foveate_shared.wire.codec import CHUNK_HEADER, decode
from foveate_shared.wire.protocol import (
    CLIENT_MESSAGES,
    PROTOCOL_VERSION,
    SUBPROTOCOL,
    SUPPORTED_VERSIONS,
    ClientMessage,
    Credit,
    Hello,
    Peer,
    Problem,
    Submit,
    Welcome,
)

CLOSE_POLICY = 1008  # RFC 6455, 7.4.1: after a fatal error
CLOSE_GOING_AWAY = 1001

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class ConnectionLimits:
    """How long a connection waits for its client, in seconds."""

    hello: float = 10.0
    upload: float = 120.0  # for the next chunk of a message whose bytes are under way
    goodbye: float = 2.0  # for the client to read why it is thrown out


@dataclass(frozen=True)
class ConnectionServices:
    """What connections work with."""

    config: ServerConfig
    manager: JobManager
    spool: Spool
    operations: Mapping[str, Operation[Any]]
    catalog: LookUp
    metrics: Metrics
    version: str  # of Foveate
    submits: OwnerBuckets
    patience: ConnectionLimits = field(default_factory=ConnectionLimits)


class ServedConnection:
    """One client, from its handshake to its end."""

    def __init__(self, websocket: WebSocket, service: ConnectionServices, token: str) -> None:
        """`token` is the name of the token that admitted it."""
        self._websocket = websocket
        self._service = service
        self._token = token
        self._name = f"connection {secrets.token_hex(3)}"  # for logs
        self._outbox = Outbox(self._send, service.spool, service.metrics, self._job_ended)
        self._inbox: Inbox | None = None  # from hello on
        self._version = PROTOCOL_VERSION  # agreed on with hello
        self._last_chunk = time.monotonic()
        rate = service.config.rates.messages_per_second
        self._messages = TokenBucket(rate, 2 * rate)
        self._refusals = TokenBucket(rate, 2 * rate)  # of messages that came too fast: after so many it is a flood

    async def serve(self) -> None:
        """Serve until either side ends the connection. Raises nothing that the client could cause."""
        await self._websocket.accept(SUBPROTOCOL if SUBPROTOCOL in self._websocket.scope["subprotocols"] else None)
        writer = asyncio.create_task(self._outbox.run(), name=f"{self._name} writer")
        reader = asyncio.create_task(self._read(), name=f"{self._name} reader")
        try:
            await asyncio.wait((reader, writer), return_when=asyncio.FIRST_COMPLETED)
            if reader.done() and not writer.done():
                self._outbox.close()
                await asyncio.wait((writer,), timeout=self._service.patience.goodbye)
        finally:
            for task in (reader, writer):
                task.cancel()
            for result in await asyncio.gather(reader, writer, return_exceptions=True):
                if isinstance(result, Exception) and not isinstance(result, WebSocketDisconnect):
                    _log.error("%s: ended by a bug", self._name, exc_info=result)
            if self._inbox:
                await self._inbox.close()
        await self._close(reader)

    async def _close(self, reader: asyncio.Task[bool]) -> None:
        failed = not reader.cancelled() and reader.exception() is None and not reader.result()
        try:
            await self._websocket.close(CLOSE_POLICY if failed else CLOSE_GOING_AWAY)
        except (RuntimeError, WebSocketDisconnect):  # it is closed already
            return

    async def _read(self) -> bool:
        """Carry out what the client asks; return whether it left by itself (False: it broke the rules)."""
        try:
            owner = await self._greet()
        except WebSocketDisconnect:
            return True
        except FoveateError as error:
            self._outbox.post(Problem(error.info, fatal=True))
            return False
        _log.info("%s: open, token %s", self._name, owner.token)
        self._service.manager.connect(owner, self._outbox)
        try:
            return await self._read_requests(owner)
        finally:
            self._service.manager.disconnect(owner, self._outbox)
            _log.info("%s: closed", self._name)

    async def _read_requests(self, owner: Owner) -> bool:
        inbox = self._inbox = Inbox(self._service.manager, self._service.spool, owner, self._service.config.limits)
        requests = Requests(self._service.manager, self._outbox, owner, self._service.catalog, self._version)
        try:
            while True:
                await self._outbox.room()
                await self._read_one(owner, inbox, requests)
        except WebSocketDisconnect:
            return True
        except FatalError as error:
            _log.warning("%s: %s", self._name, error)
            self._outbox.post(Problem(error.error.info, fatal=True))
            return False

    async def _read_one(self, owner: Owner, inbox: Inbox, requests: Requests) -> None:
        frame = await self._receive(inbox)
        message: ClientMessage | None = None
        try:
            if isinstance(frame, str):
                message = self._decode(frame)
                delivery = self._declare(owner, inbox, message)
            else:
                delivery = await self._take_chunk(inbox, frame)
            if delivery:
                message = cast("ClientMessage", delivery.message)
                await requests.carry_out(delivery)
        except FoveateError as error:
            requests.refuse(message, error)
        except FatalError:
            raise
        except Exception:
            _log.exception("%s: a request failed", self._name)
            requests.refuse(message, ServerError("The server failed.", remedy="Its log says more; please report it."))

    def _declare(self, owner: Owner, inbox: Inbox, message: ClientMessage) -> Delivery | None:
        if isinstance(message, Hello):
            raise FatalError(ProtocolError("A second hello came."))
        if isinstance(message, Credit):  # needs no token: refusing it would stop the stream
            self._outbox.grant(message.bytes)
            return None
        return inbox.declare(message, self._too_fast(owner, message) or self._too_old(message))

    async def _take_chunk(self, inbox: Inbox, frame: bytes) -> Delivery | None:
        self._last_chunk = time.monotonic()
        delivery = await inbox.receive(frame)
        self._service.metrics.received(max(0, len(frame) - CHUNK_HEADER.size))
        if credit := inbox.take_credit():
            self._outbox.post(Credit(credit))
        return delivery

    def _too_fast(self, owner: Owner, message: ClientMessage) -> FoveateError | None:
        if not self._messages.take():
            if not self._refusals.take():
                raise FatalError(_rate_limited("This connection floods the server with messages."))
            return _rate_limited("This connection sends messages too fast.")
        if isinstance(message, Submit) and not self._service.submits.take(owner):
            return _rate_limited("You submit jobs too fast.")
        return None

    def _too_old(self, message: ClientMessage) -> FoveateError | None:
        """Return the error of a submit that needs a newer version than the connection's."""
        if not isinstance(message, Submit):
            return None
        operation = self._service.operations.get(message.operation)
        needed = max(needed_by_submit(message), needed_by_operation(operation.parameters.schema) if operation else 0)
        return too_old(operation.title if operation else "This job") if needed > self._version else None

    def _job_ended(self) -> None:
        if self._inbox:
            self._inbox.job_ended()

    # --- the handshake ---

    async def _greet(self) -> Owner:
        """Exchange hello and welcome. Raises FoveateError where the client cannot be served."""
        try:
            frame = await asyncio.wait_for(self._receive(None), self._service.patience.hello)
        except asyncio.TimeoutError:
            raise ProtocolError("No hello came.", code=ErrorCode.TIMED_OUT) from None
        except FatalError as error:
            raise error.error from None
        if not isinstance(frame, str):
            raise ProtocolError("The first message must be hello, not a chunk.")
        if SUBPROTOCOL not in self._websocket.scope["subprotocols"]:
            raise ProtocolError("The websocket subprotocol must be {subprotocol}.", subprotocol=SUBPROTOCOL)
        message = decode(frame, CLIENT_MESSAGES)
        if not isinstance(message, Hello):
            raise ProtocolError("The first message must be hello.")
        self._version = self._negotiate(message)
        self._outbox.open(message.receive_window, self._version)
        self._outbox.post(self._welcome(await asyncio.to_thread(self._presets)))
        return Owner(self._token, message.client_id)

    def _negotiate(self, hello: Hello) -> int:
        shared = set(hello.versions) & set(SUPPORTED_VERSIONS)
        if shared:
            return max(shared)
        theirs, ours = max(hello.versions), max(SUPPORTED_VERSIONS)
        client = f"{hello.client.name} {hello.client.version}"
        raise RefusedError(
            "{program} and Foveate {version} speak no common version of the protocol.",
            code=ErrorCode.VERSION_MISMATCH,
            remedy=update_program(hello.client) if theirs < ours else UPDATE_SERVER,
            program=client,
            version=self._service.version,
        )

    def _presets(self) -> Presets:
        try:
            return load_presets(self._service.config.presets_file)
        except FoveateError as error:  # jobs that need them will tell their owners
            _log.warning("%s", error.info.message)
            return load_presets(None)

    def _welcome(self, presets: Presets) -> Welcome:
        operations = self._service.operations.values()
        return Welcome(
            version=self._version,
            server=Peer("foveate", self._service.version),
            features=(),
            limits=self._service.config.limits,
            operations=tuple(
                described(entry, presets)
                for entry in operations
                if needed_by_operation(entry.parameters.schema) <= self._version
            ),
        )

    # --- frames ---

    async def _receive(self, inbox: Inbox | None) -> str | bytes:
        """Return the next frame. Raises WebSocketDisconnect, or FatalError where an upload stands still."""
        timeout = None
        if inbox and inbox.is_waiting:
            timeout = max(0.0, self._last_chunk + self._service.patience.upload - time.monotonic())
        else:
            self._last_chunk = time.monotonic()
        try:
            event = await asyncio.wait_for(self._websocket.receive(), timeout)
        except asyncio.TimeoutError:
            raise FatalError(ProtocolError("The bytes of a message did not come.", code=ErrorCode.TIMED_OUT)) from None
        if event["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(event.get("code", 1005))
        text: str | None = event.get("text")
        if text is None:
            return cast("bytes", event.get("bytes") or b"")
        if len(text.encode("utf-8", "surrogatepass")) > self._service.config.limits.max_message_bytes:
            raise FatalError(ProtocolError("A control message is too long.", code=ErrorCode.TOO_LARGE))
        return text

    def _decode(self, frame: str) -> ClientMessage:
        try:
            return cast("ClientMessage", decode(frame, CLIENT_MESSAGES))
        except FoveateError:
            if not self._messages.take() and not self._refusals.take():
                raise FatalError(_rate_limited("This connection floods the server with bad messages.")) from None
            raise

    async def _send(self, frame: str | bytes) -> None:
        if isinstance(frame, str):
            await self._websocket.send_text(frame)
        else:
            await self._websocket.send_bytes(frame)


def _rate_limited(message: str) -> RefusedError:
    return RefusedError(message, code=ErrorCode.RATE_LIMITED, remedy="Wait a moment and try again.")
