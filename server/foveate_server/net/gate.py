"""Whether a request may come in: its Host, Origin, size, and token or proof of it. Pure decisions.

A `Host` must name this server, else a web page could reach it through a name that it points to 127.0.0.1 (DNS
rebinding). An `Origin` is what browsers add for pages: only listed ones, and for plain HTTP the status page's own.
The shell around all this is security_middleware.py.
"""

from __future__ import annotations

import time
from collections import OrderedDict, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http.cookies import CookieError, SimpleCookie
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from foveate_server.config.server_config import ServerConfig
from foveate_server.net.challenges import Challenges
from foveate_server.net.named_tokens import Authenticator
from foveate_server.status.page_sessions import COOKIE, SECURE_COOKIE, Sessions
from foveate_shared.connection.mutual_proof import (
    SCHEME,
    Evidence,
    Opening,
    TokenKey,
    is_of_scheme,
    read_evidence,
    read_opening,
)
from foveate_shared.errors import ErrorCode, ErrorInfo, Fault

MAX_HEADER_BYTES = 16 << 10
MAX_BODY_BYTES = 64 << 10  # of a plain HTTP request; pixels travel over the websocket
PUBLIC_PATHS = frozenset({"/", "/status.css", "/status.svg"})  # the page that asks for a code: tells nothing about us
STATUS_PATHS = PUBLIC_PATHS | {"/status.js", "/status.json"}  # what the cookie opens
_LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True)
class Request:
    """The parts of an ASGI scope that admission depends on."""

    is_websocket: bool
    method: str
    path: str
    is_encrypted: bool
    headers: Mapping[str, tuple[str, ...]]  # by lower-case name
    header_bytes: int
    server: tuple[str, int] | None  # the local address of the connection
    peer: str  # the other side's address

    @classmethod
    def from_scope(cls, scope: Mapping[str, Any]) -> Request:
        """Return the request of an ASGI `http` or `websocket` scope."""
        headers: dict[str, tuple[str, ...]] = {}
        for name, value in scope["headers"]:
            key = name.decode("latin-1").lower()
            headers[key] = (*headers.get(key, ()), value.decode("latin-1").strip())
        size = sum(len(name) + len(value) for name, value in scope["headers"])
        return cls(
            is_websocket=scope["type"] == "websocket",
            method=scope.get("method", "GET"),
            path=scope["path"],
            is_encrypted=scope.get("scheme") in {"https", "wss"},
            headers=headers,
            header_bytes=size + len(scope.get("raw_path") or b"") + len(scope.get("query_string") or b""),
            server=_endpoint(scope.get("server")),
            peer=(_endpoint(scope.get("client")) or ("unknown", 0))[0],
        )

    def header(self, name: str) -> str | None:
        """Return a header that came exactly once; None where it is missing, or ambiguous."""
        found = self.headers.get(name, ())
        return found[0] if len(found) == 1 else None


class Refusal(Exception):  # noqa: N818 - not an error: the answer to a request that may not come in
    """Why a request may not come in."""

    def __init__(
        self,
        status: int,
        code: ErrorCode,
        message: str,
        remedy: str,
        fault: Fault = Fault.CLIENT,
        *,
        asks_for: str | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status  # of HTTP
        self.info = ErrorInfo(code, message, remedy, fault)
        self.asks_for = asks_for  # the value of WWW-Authenticate


class ProofWanted(Refusal):
    """The server's proof, for a client that has begun with an opening: its next request is to hold its own."""

    def __init__(self, evidence: Evidence) -> None:
        super().__init__(
            401,
            ErrorCode.UNAUTHORIZED,
            "The request has yet to prove that it knows the token.",
            "Check the server's proof, and answer it.",
            asks_for=evidence.header,
        )


@dataclass
class Gate:
    """Decides for one server."""

    config: ServerConfig
    authenticator: Authenticator
    sessions: Sessions
    challenges: Challenges = field(default_factory=Challenges)
    failures: FailureLimiter = field(init=False)

    def __post_init__(self) -> None:
        self.failures = FailureLimiter(self.config.rates.failed_logins_per_minute)

    def admit(self, request: Request) -> str | None:
        """Return the name of the token that a request comes with, None for a public page. Raises Refusal."""
        check_size(request)
        self.check_host(request)
        self.check_origin(request)
        owner = self._owner(request)
        if owner is None and not is_public(request):
            raise _unauthorized()
        return owner

    def recognises(self, authorization: str) -> bool:
        """Tell whether a header is of somebody who has a token, or has had a proof of ours. Admits nobody."""
        if opening := read_opening(authorization):
            return self.authenticator.key(opening.token) is not None
        if answer := read_evidence(authorization):
            return answer.nonce in self.challenges
        return self.authenticator.authenticate(authorization) is not None

    def check_host(self, request: Request) -> None:
        """Raise Refusal unless `Host` names this server."""
        name, port = split_host(request.header("host") or "")
        if not self._is_ours(name, port or (443 if request.is_encrypted else 80), request):
            raise _wrong_name("The request's Host header does not name this server.")

    def check_origin(self, request: Request) -> None:
        """Raise Refusal where a web page that is not listed sent the request."""
        if "origin" not in request.headers:
            return
        origin = (request.header("origin") or "").lower()
        own = f"{'https' if request.is_encrypted else 'http'}://{(request.header('host') or '').lower()}"
        if origin in self.config.allowed_origins or (origin == own and not request.is_websocket):
            return
        raise Refusal(
            403,
            ErrorCode.FORBIDDEN,
            "This web page may not use the server.",
            "If you trust the page, add its origin to allowed_origins in the server's configuration.",
        )

    def _is_ours(self, name: str, port: int, request: Request) -> bool:
        """Tell whether this server is meant by a name and a port."""
        listed = frozenset(host.lower() for host in self.config.allowed_hosts)
        if f"{name}:{port}" in listed or name in listed:
            return True
        names = {*_LOOPBACK_NAMES, self.config.host.lower(), request.server[0] if request.server else ""}
        return bool(name) and name in names and port == (request.server[1] if request.server else self.config.port)

    def _owner(self, request: Request) -> str | None:
        if "authorization" in request.headers:
            return self._token_owner(request)
        return self._session_owner(request)

    def _token_owner(self, request: Request) -> str:
        # On this machine, a stranger's wrong guesses must not lock out everyone else: all share one address.
        if self.failures.is_blocked(request.peer) and not is_loopback(request.peer):
            raise _rate_limited()
        header = request.header("authorization") or ""
        if (opening := read_opening(header)) and (known := self.authenticator.key(opening.token)):
            raise self._proof_wanted(request, opening, *known)
        owner = self._proved_owner(request, header) or self.authenticator.authenticate(header)
        if owner is not None:
            return owner
        blocked = self.failures.is_blocked(request.peer)
        self.failures.add(request.peer)
        raise _rate_limited() if blocked else _unauthorized(SCHEME if is_of_scheme(header) else "Bearer")

    def _proof_wanted(self, request: Request, opening: Opening, owner: str, key: TokenKey) -> Refusal:
        """Return the server's proof. One for another address than ours would be passed on by whoever listens there."""
        name, port = split_host(opening.at)
        if port is None or not self._is_ours(name, port, request):
            return _wrong_name("The address that the proof is asked for does not name this server.")
        return ProofWanted(self.challenges.make(opening, owner, key))

    def _proved_owner(self, request: Request, header: str) -> str | None:
        answer = read_evidence(header)
        owner = self.challenges.redeem(answer, request.method, request.path) if answer else None
        return owner if owner is not None and self.authenticator.knows(owner) else None

    def _session_owner(self, request: Request) -> str | None:
        """Return the owner of the status page's cookie: it opens that page alone, and only for the page itself.

        SameSite=Strict is not enough: all ports of 127.0.0.1 are one site, and share their cookies.
        """
        if request.is_websocket or request.method not in {"GET", "HEAD"} or request.path not in STATUS_PATHS:
            return None
        if request.headers.get("sec-fetch-site", ("none",)) not in {("same-origin",), ("none",)}:
            return None
        session = _cookie(request)
        owner = self.sessions.owner(session) if session else None
        return owner if owner is not None and self.authenticator.knows(owner) else None


class FailureLimiter:
    """Counts wrong tokens per address within the last minute."""

    def __init__(self, limit: int, clock: Callable[[], float] = time.monotonic, most: int = 1024) -> None:
        self._limit = limit
        self._clock = clock
        self._most = most  # addresses to remember
        self._times: OrderedDict[str, deque[float]] = OrderedDict()  # address -> its failures, newest address last

    def is_blocked(self, address: str) -> bool:
        """Tell whether `address` has failed too often."""
        times = self._times.get(address)
        while times and times[0] <= self._clock() - 60.0:
            times.popleft()
        return times is not None and len(times) >= self._limit

    def add(self, address: str) -> None:
        """Count a failure."""
        times = self._times.setdefault(address, deque(maxlen=self._limit))
        times.append(self._clock())
        self._times.move_to_end(address)
        while len(self._times) > self._most:
            self._times.popitem(last=False)


def is_public(request: Request) -> bool:
    """Tell whether anyone may see this: the page that asks for a code, its style sheet and its icon."""
    return not request.is_websocket and request.method in {"GET", "HEAD"} and request.path in PUBLIC_PATHS


def check_size(request: Request) -> None:
    """Raise Refusal where headers or the announced body are too large."""
    if request.header_bytes > MAX_HEADER_BYTES:
        raise too_large(431, "The request's headers are too large.")
    announced = request.header("content-length") or "0"
    if not (announced.isascii() and announced.isdigit() and len(announced) < 20 and int(announced) <= MAX_BODY_BYTES):
        raise too_large(413, "The request's body is too large.")


def too_large(status: int, message: str) -> Refusal:
    """Return the refusal of a request that takes too much memory."""
    return Refusal(status, ErrorCode.TOO_LARGE, message, "Send pixels over the websocket.")


def split_host(value: str) -> tuple[str, int | None]:
    """Split a Host header into its name in lower case, without brackets, and its port; ("", None) where it is none."""
    try:
        parts = urlsplit(f"//{value}")
        name, port = parts.hostname, parts.port
    except ValueError:
        return "", None
    if not name or parts.username is not None or parts.path or parts.query or parts.fragment:
        return "", None
    return name.lower(), port


def is_loopback(address: str) -> bool:
    """Tell whether an address is this machine's own, also as IPv4 behind an IPv6 socket."""
    try:
        return ip_address(address.removeprefix("::ffff:")).is_loopback
    except ValueError:
        return False


def _cookie(request: Request) -> str | None:
    name = SECURE_COOKIE if request.is_encrypted else COOKIE
    try:
        morsel = SimpleCookie("; ".join(request.headers.get("cookie", ()))).get(name)
    except CookieError:
        return None
    return morsel.value if morsel else None


def _endpoint(value: Sequence[Any] | None) -> tuple[str, int] | None:
    """Return an ASGI address and port; IPv4 behind an IPv6 socket (::ffff:127.0.0.1) as plain IPv4."""
    if not value or value[1] is None:
        return None
    return str(value[0]).lower().removeprefix("::ffff:"), int(value[1])


def _wrong_name(message: str) -> Refusal:
    return Refusal(
        403,
        ErrorCode.FORBIDDEN,
        message,
        "Use the address that the server printed, or add the name to allowed_hosts in its configuration.",
    )


def _unauthorized(asks_for: str = "Bearer") -> Refusal:
    return Refusal(
        401,
        ErrorCode.UNAUTHORIZED,
        "The request has no valid token.",
        "Use the token from the server's runtime file, or a named one from `foveate token add NAME`.",
        Fault.USER,
        asks_for=asks_for,
    )


def _rate_limited() -> Refusal:
    return Refusal(
        429,
        ErrorCode.RATE_LIMITED,
        "Too many wrong tokens came from this address.",
        "Wait a minute, then try again with the right token.",
        Fault.USER,
    )
