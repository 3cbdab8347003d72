"""Tries to pass for somebody who has proved a token. Each is looked at by what checks proofs, and turned away."""

from __future__ import annotations

import contextlib
import time
from typing import Final

from campaign.attacker import SECRETS, Attacker, challenge_in
from campaign.bent_proofs import bent_evidence, bent_opening
from foveate_shared.connection.mutual_proof import Evidence, Opening, read_evidence
from foveate_shared.wire.protocol import PATH

ROOMS = (*SECRETS, "/status/code")
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "FOO")
STALE_SECONDS: Final = 5.2  # a little longer than the server takes an answer to its proof


def opening_that_is_none(attacker: Attacker) -> str:
    header = bent_opening(_opening(attacker), attacker.random)
    return _told(header, attacker.unproved(_anywhere(attacker, header)))


def opening_for_elsewhere(attacker: Attacker) -> str:
    """Who listens at another address could pass the proof on, and be taken for the server."""
    host, port = attacker.place
    at = attacker.random.choice(
        (
            f"{host}:{port + 1}",
            host,
            f"evil.example:{port}",
            f"x@{host}:{port}",
            f"{host}:{port}/",
            "[::1",
            f"{host}.:{port}",
        )
    )
    answer = _anywhere(attacker, attacker.key.open(at).header)
    if challenge_in(answer) or answer[9:12] != b"403":
        return f"for {at}, answered {answer[:120]!r}"
    return attacker.refused(answer)


def opening_alone(attacker: Attacker) -> str:
    """Who has read along knows the id of the token: it gets a proof, and nothing else."""
    evidence, answer = _answered(attacker, _opening(attacker))
    if evidence is None or answer[9:12] != b"401":
        return f"answered {answer[:120]!r}"
    return attacker.refused(answer)


def servers_own_proof(attacker: Attacker) -> str:
    """Sent back as if it were the client's, as it is or bent."""
    evidence, answer = _answered(attacker, _opening(attacker))
    if evidence is None:
        return f"answered {answer[:120]!r}"
    header = attacker.random.choice((evidence.header, bent_evidence(evidence, attacker.random)))
    return _told(header, attacker.unproved(_anywhere(attacker, header)))


def evidence_that_is_none(attacker: Attacker) -> str:
    made_up = Evidence(attacker.random.randbytes(32).hex(), attacker.random.randbytes(32).hex())
    header = attacker.random.choice((made_up.header, bent_evidence(made_up, attacker.random)))
    return _told(header, attacker.unproved(_anywhere(attacker, header)))


def evidence_again(attacker: Attacker) -> str:
    """It opens for its own request, and then never again: not on its own connection, nor on another."""
    path = attacker.random.choice(("/status.json", "/jobs", "/metrics"))
    with contextlib.closing(attacker.prove()) as proved:
        header = proved.authorization("GET", path)
        good = proved.request("GET", path)
        good.read()
        if good.status != 200:
            return f"the owner got {good.status} at {path}"
        if attacker.random.random() < 0.5:
            request = attacker.request(path, headers={"Authorization": header})
            return attacker.unproved(attacker.exchange(request, proved.take_socket()))
    return attacker.unproved(attacker.knock(header, path))


def evidence_for_another_request(attacker: Attacker) -> str:
    """Read along, and used for something worse than what was asked for."""
    with contextlib.closing(attacker.prove()) as proved:
        if attacker.random.random() < 0.5:
            header, method, path = proved.authorization("GET", "/status.json"), "GET", "/jobs"
        else:
            header, method, path = proved.authorization("GET", "/jobs/1"), "DELETE", "/jobs/1"
        if attacker.random.random() < 0.5:
            request = attacker.request(path, method, {"Authorization": header})
            return attacker.unproved(attacker.exchange(request, proved.take_socket()))
        return attacker.unproved(attacker.knock(header, path, method))


def late_evidence(attacker: Attacker) -> str:
    """Kept from the last time, if there was one: then there is nothing to wait for."""
    made, header = attacker.kept or _unredeemed(attacker)
    time.sleep(max(0.0, made + STALE_SECONDS - time.monotonic()))
    problem = attacker.unproved(attacker.knock(header, "/jobs"))
    attacker.kept = _unredeemed(attacker)
    return problem


def _unredeemed(attacker: Attacker) -> tuple[float, str]:
    with contextlib.closing(attacker.prove()) as proved:
        return time.monotonic(), proved.authorization("GET", "/jobs")


def _opening(attacker: Attacker) -> Opening:
    host, port = attacker.place
    return attacker.key.open(f"{host}:{port}")


def _answered(attacker: Attacker, opening: Opening) -> tuple[Evidence | None, bytes]:
    """Return the server's proof where that is right, and all of its answer."""
    answer = attacker.knock(opening.header, attacker.random.choice((PATH, *ROOMS)))
    evidence = read_evidence(challenge_in(answer))
    if evidence and evidence.proof != attacker.key.proof_of_server(opening, evidence.nonce):
        return None, answer
    return evidence, answer


def _anywhere(attacker: Attacker, authorization: str) -> bytes:
    return attacker.knock(authorization, attacker.random.choice(ROOMS), attacker.random.choice(METHODS))


def _told(header: str, problem: str) -> str:
    return f"{header[:200]!r}: {problem}" if problem else ""


ATTACKS_ON_PROOF = (
    opening_that_is_none, opening_for_elsewhere, opening_alone, servers_own_proof, evidence_that_is_none,
    evidence_again, evidence_for_another_request, late_evidence,
)  # fmt: skip
