"""Proofs: who knows the token can make and check them, and none is good for anything else."""

from __future__ import annotations

from dataclasses import replace

import pytest

from foveate_shared.connection.mutual_proof import (
    Evidence,
    Opening,
    TokenKey,
    new_nonce,
    read_evidence,
    read_opening,
    same_proof,
)

TOKEN = "fvt_" + "t" * 43
KEY = TokenKey.of_token(TOKEN)
OPENING = Opening(KEY.id, "c" * 64, "127.0.0.1:7000")


def test_headers_are_read_as_written() -> None:
    evidence = Evidence(new_nonce(), KEY.proof_of_server(OPENING, "s" * 64))
    assert read_opening(OPENING.header) == OPENING
    assert read_evidence(evidence.header) == evidence
    assert read_opening(evidence.header) is read_evidence(OPENING.header) is None


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Foveate",
        "Bearer fvt_x",
        OPENING.header.replace("Foveate", "Bearer"),
        replace(OPENING, nonce="short").header,
        replace(OPENING, token='x"y').header,
        replace(OPENING, at="").header,
        replace(OPENING, at="a b").header,
        OPENING.header + ', more="1"',
        OPENING.header.partition(", at")[0],
        Evidence("ä" * 64, "p" * 64).header,
    ],
)
def test_what_is_no_header_of_a_proof(header: str) -> None:
    assert read_opening(header) is read_evidence(header) is None


def test_no_two_proofs_are_the_same() -> None:
    """Else one that was got for one purpose would do for another."""
    other_token, other_place = TokenKey.of_token(TOKEN + "x"), replace(OPENING, at="127.0.0.1:7001")
    proofs = [
        KEY.id,
        KEY.proof_of_server(OPENING, "s" * 64),
        KEY.proof_of_server(OPENING, "r" * 64),
        KEY.proof_of_server(replace(OPENING, nonce="d" * 64), "s" * 64),
        KEY.proof_of_server(replace(OPENING, nonce="s" * 64), "c" * 64),
        KEY.proof_of_server(other_place, "s" * 64),
        other_token.proof_of_server(OPENING, "s" * 64),
        KEY.proof_of_client(OPENING, "s" * 64, "GET", "/jobs"),
        KEY.proof_of_client(OPENING, "r" * 64, "GET", "/jobs"),
        KEY.proof_of_client(OPENING, "s" * 64, "DELETE", "/jobs"),
        KEY.proof_of_client(OPENING, "s" * 64, "GET", "/jobs/1"),
        KEY.proof_of_client(other_place, "s" * 64, "GET", "/jobs"),
        other_token.proof_of_client(OPENING, "s" * 64, "GET", "/jobs"),
    ]
    assert len(set(proofs)) == len(proofs)
    assert same_proof(proofs[1], KEY.proof_of_server(OPENING, "s" * 64))
    assert not same_proof(proofs[1], proofs[2])


def test_nothing_tells_the_token_or_its_key() -> None:
    assert KEY.open("127.0.0.1:7000").nonce != KEY.open("127.0.0.1:7000").nonce
    for text in (repr(KEY), KEY.id, OPENING.header, KEY.proof_of_client(OPENING, "s" * 64, "GET", "/")):
        assert TOKEN not in text
        assert KEY.value.hex() not in text
        assert repr(KEY.value) not in text
