"""Challenges: good once, for a few seconds, for the request that was proved."""

from __future__ import annotations

from dataclasses import replace

import pytest

from foveate_server.net.challenges import Challenges
from foveate_shared.connection.mutual_proof import Evidence, TokenKey

KEY = TokenKey.of_token("fvt_" + "t" * 43)


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def challenges(clock: Clock) -> Challenges:
    return Challenges(clock, seconds=5.0, most=3)


def answer(challenges: Challenges, method: str = "GET", path: str = "/jobs") -> Evidence:
    """Return the answer of a client with the token."""
    opening = KEY.open("127.0.0.1:7000")
    sent = challenges.make(opening, "tablet", KEY)
    assert sent.proof == KEY.proof_of_server(opening, sent.nonce)
    return Evidence(sent.nonce, KEY.proof_of_client(opening, sent.nonce, method, path))


def test_who_knows_the_token_is_known_by_its_name(challenges: Challenges):
    assert challenges.redeem(answer(challenges), "GET", "/jobs") == "tablet"


def test_an_answer_is_good_once_whatever_it_was(challenges: Challenges):
    good = answer(challenges)
    assert challenges.redeem(good, "GET", "/jobs") == "tablet"
    assert challenges.redeem(good, "GET", "/jobs") is None
    other = answer(challenges)
    assert challenges.redeem(replace(other, proof="p" * 64), "GET", "/jobs") is None
    assert challenges.redeem(other, "GET", "/jobs") is None


@pytest.mark.parametrize("request_", [("DELETE", "/jobs"), ("GET", "/jobs/1")])
def test_it_is_good_for_its_own_request(challenges: Challenges, request_: tuple[str, str]):
    assert challenges.redeem(answer(challenges), *request_) is None


def test_it_is_good_for_a_few_seconds(challenges: Challenges, clock: Clock):
    good, late = answer(challenges), answer(challenges)
    clock.now += 5.0
    assert challenges.redeem(good, "GET", "/jobs") == "tablet"
    clock.now += 0.1
    assert challenges.redeem(late, "GET", "/jobs") is None


def test_they_take_bounded_memory(challenges: Challenges):
    first, *rest = (answer(challenges) for _ in range(4))
    assert challenges.redeem(first, "GET", "/jobs") is None
    assert [challenges.redeem(good, "GET", "/jobs") for good in rest] == ["tablet"] * 3
