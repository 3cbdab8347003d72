from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foveate_server.config.server_config import Rates, ServerConfig
from foveate_server.net.gate import FailureLimiter, Gate, ProofWanted, Refusal, Request, split_host
from foveate_server.net.named_tokens import Authenticator, add_token, revoke_token
from foveate_server.status.page_sessions import CODE_SECONDS, COOKIE, SECURE_COOKIE, SESSION_SECONDS, Sessions
from foveate_shared.connection.mutual_proof import Evidence, Opening, TokenKey, read_evidence

TOKEN = "fvt_" + "t" * 43
KEY = TokenKey.of_token(TOKEN)


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def gate(config: ServerConfig, clock: Clock) -> Gate:
    config = replace(config, rates=Rates(failed_logins_per_minute=2))
    return Gate(config, Authenticator(config.tokens_file, TOKEN), Sessions(clock))


def request(path: str = "/v1/socket", *, peer: str = "127.0.0.1", websocket: bool = False, **headers: str) -> Request:
    return Request.from_scope(
        {
            "type": "websocket" if websocket else "http",
            "method": "GET",
            "path": path,
            "headers": [
                (name.replace("_", "-").encode(), value.encode())
                for name, value in {"host": "127.0.0.1:7000", **headers}.items()
            ],
            "server": ("127.0.0.1", 7000),
            "client": (peer, 5),
        }
    )


def session(gate: Gate, owner: str = "local") -> str:
    found = gate.sessions.redeem(gate.sessions.issue_code(owner))
    assert found
    return found


def test_the_cookie_opens_the_status_page_and_nothing_else(gate: Gate):
    cookie = f"{COOKIE}={session(gate)}"
    for path in ("/", "/status.json", "/status.js"):
        assert gate.admit(request(path, cookie=cookie)) == "local"
    for path in ("/metrics", "/healthz", "/status/code", "/v1/socket"):
        with pytest.raises(Refusal):
            gate.admit(request(path, cookie=cookie))
    with pytest.raises(Refusal):
        gate.admit(request("/status.json", websocket=True, cookie=cookie))


@pytest.mark.parametrize("site", ["same-site", "cross-site", "same-origin, cross-site"])
def test_the_cookie_is_refused_where_another_page_sends_it(gate: Gate, site: str):
    cookie = f"{COOKIE}={session(gate)}"
    assert gate.admit(request("/status.json", cookie=cookie, sec_fetch_site="same-origin")) == "local"
    with pytest.raises(Refusal):
        gate.admit(request("/status.json", cookie=cookie, sec_fetch_site=site))


def test_over_tls_only_the_secure_cookie_counts(gate: Gate):
    secure = replace(request("/status.json", cookie=f"{COOKIE}={session(gate)}"), is_encrypted=True)
    with pytest.raises(Refusal):
        gate.admit(secure)
    headers = {**secure.headers, "cookie": (f"{SECURE_COOKIE}={session(gate)}",)}
    assert gate.admit(replace(secure, headers=headers)) == "local"


def test_sessions_end_with_time_and_with_their_token(gate: Gate, clock: Clock, config: ServerConfig):
    add_token(config, "tablet")
    cookie = f"{COOKIE}={session(gate, 'tablet')}"
    assert gate.admit(request("/status.json", cookie=cookie)) == "tablet"
    revoke_token(config, "tablet")
    with pytest.raises(Refusal):
        gate.admit(request("/status.json", cookie=cookie))
    cookie = f"{COOKIE}={session(gate)}"
    clock.now += SESSION_SECONDS
    with pytest.raises(Refusal):
        gate.admit(request("/status.json", cookie=cookie))


def test_a_code_works_once_and_for_a_minute(clock: Clock):
    sessions = Sessions(clock)
    used, old = sessions.issue_code("local"), sessions.issue_code("local")
    assert sessions.redeem(used)
    assert sessions.redeem(used) is None
    clock.now += CODE_SECONDS
    assert sessions.redeem(old) is None
    assert sessions.redeem("") is None


def test_codes_take_bounded_memory(clock: Clock):
    sessions = Sessions(clock)
    codes = [sessions.issue_code("local") for _ in range(1000)]
    assert sessions.redeem(codes[0]) is None
    assert sessions.redeem(codes[-1])


def test_other_machines_are_locked_out_for_a_minute_after_wrong_tokens(gate: Gate, clock: Clock):
    gate.failures = FailureLimiter(2, clock)
    good, bad = f"Bearer {TOKEN}", "Bearer wrong"

    def status(header: str, peer: str) -> int:
        try:
            gate.admit(request(peer=peer, authorization=header))
        except Refusal as refusal:
            return refusal.status
        return 200

    assert [status(bad, "10.0.0.9") for _ in range(3)] == [401, 401, 429]
    assert status(good, "10.0.0.9") == 429
    assert status(good, "10.0.0.8") == 200
    clock.now += 61
    assert status(good, "10.0.0.9") == 200


def proof_wanted(gate: Gate, opening: Opening, **changes: str) -> Evidence:
    with pytest.raises(ProofWanted) as caught:
        gate.admit(request("/jobs", authorization=opening.header, **changes))
    evidence = read_evidence(caught.value.asks_for or "")
    assert evidence
    assert evidence.proof == KEY.proof_of_server(opening, evidence.nonce)
    return evidence


def client_proof(opening: Opening, evidence: Evidence, path: str = "/jobs") -> str:
    return Evidence(evidence.nonce, KEY.proof_of_client(opening, evidence.nonce, "GET", path)).header


def test_a_proof_opens_the_gate_once_and_for_its_request_alone(gate: Gate):
    opening = KEY.open("127.0.0.1:7000")
    good = client_proof(opening, proof_wanted(gate, opening))
    assert gate.admit(request("/jobs", authorization=good)) == "local"
    with pytest.raises(Refusal):
        gate.admit(request("/jobs", authorization=good))
    good = client_proof(opening, proof_wanted(gate, opening))
    with pytest.raises(Refusal):
        gate.admit(request("/healthz", authorization=good))


def test_the_servers_proof_opens_nothing(gate: Gate):
    opening = KEY.open("127.0.0.1:7000")
    with pytest.raises(Refusal):
        gate.admit(request("/jobs", authorization=proof_wanted(gate, opening).header))


@pytest.mark.parametrize("at", ["127.0.0.1:7001", "127.0.0.1", "studio.example:7000", "x@127.0.0.1:7000", "[::1:7000"])
def test_no_proof_is_given_for_another_address(gate: Gate, at: str):
    """Who listens there could pass it on, and be taken for us."""
    with pytest.raises(Refusal) as caught:
        gate.admit(request("/jobs", authorization=KEY.open(at).header))
    assert (caught.value.status, caught.value.asks_for) == (403, None)


@pytest.mark.parametrize("at", ["127.0.0.1:7000", "LOCALHOST:7000", "[::1]:7000", "studio.example:443"])
def test_a_proof_is_given_for_each_of_its_names(gate: Gate, at: str):
    gate.config = replace(gate.config, allowed_hosts=("studio.example",))
    assert proof_wanted(gate, KEY.open(at))


def test_who_names_no_token_of_ours_gets_no_proof_and_counts_as_wrong(gate: Gate):
    stranger = TokenKey.of_token("fvt_" + "u" * 43).open("127.0.0.1:7000").header
    for _ in range(2):
        with pytest.raises(Refusal) as caught:
            gate.admit(request(peer="10.0.0.9", authorization=stranger))
        assert (caught.value.status, caught.value.asks_for) == (401, "Foveate")
    with pytest.raises(Refusal) as caught:
        gate.admit(request(peer="10.0.0.9", authorization=KEY.open("127.0.0.1:7000").header))
    assert caught.value.status == 429


def test_a_token_that_is_revoked_after_the_proof_opens_nothing(gate: Gate, config: ServerConfig):
    key = TokenKey.of_token(add_token(config, "tablet"))
    opening = key.open("127.0.0.1:7000")
    with pytest.raises(ProofWanted) as caught:
        gate.admit(request("/jobs", authorization=opening.header))
    evidence = read_evidence(caught.value.asks_for or "")
    assert evidence
    revoke_token(config, "tablet")
    answer = Evidence(evidence.nonce, key.proof_of_client(opening, evidence.nonce, "GET", "/jobs"))
    with pytest.raises(Refusal):
        gate.admit(request("/jobs", authorization=answer.header))


def test_the_limiter_takes_bounded_memory(clock: Clock):
    limiter = FailureLimiter(2, clock, most=10)
    for number in range(1000):
        limiter.add(f"10.0.{number >> 8}.{number & 255}")
        limiter.add("10.9.9.9")
    assert limiter.is_blocked("10.9.9.9")
    assert not limiter.is_blocked("10.0.0.0")


def test_ipv4_behind_an_ipv6_socket_is_plain_ipv4():
    scope = {
        "type": "http",
        "path": "/",
        "headers": [],
        "server": ("::ffff:10.0.0.5", 7),
        "client": ("::FFFF:127.0.0.1", 9),
    }
    found = Request.from_scope(scope)
    assert (found.server, found.peer) == (("10.0.0.5", 7), "127.0.0.1")
    assert Request.from_scope({**scope, "server": None, "client": None}).peer == "unknown"


def test_ambiguous_headers_are_refused(gate: Gate):
    good = request(authorization=f"Bearer {TOKEN}")
    assert gate.admit(good) == "local"
    for name in ("host", "authorization"):
        with pytest.raises(Refusal):
            gate.admit(replace(good, headers={**good.headers, name: good.headers[name] * 2}))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("a.example:80", ("a.example", 80)),
        ("A", ("a", None)),
        ("[::1]:7", ("::1", 7)),
        ("a:b", ("", None)),
        ("a:99999", ("", None)),
        ("a/b", ("", None)),
        ("u@a", ("", None)),
        ("a?b", ("", None)),
        ("", ("", None)),
    ],
)
def test_split_host(value: str, expected: tuple[str, int | None]):
    assert split_host(value) == expected


@given(st.text(max_size=40), st.text(max_size=40), st.text(max_size=40))
def test_no_header_opens_the_gate_or_breaks_it(host: str, authorization: str, cookie: str):
    config = ServerConfig()
    gate = Gate(config, Authenticator(config.tokens_file, TOKEN), Sessions())
    headers = {"host": host, "authorization": authorization, "cookie": cookie}
    with pytest.raises(Refusal):
        gate.admit(request(**headers))
