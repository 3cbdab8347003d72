"""Values of `Authorization` that are nearly those of a client with the token. None of them opens anything."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random

from foveate_shared.connection.mutual_proof import SCHEME, Evidence, Opening

_ODD_VALUES = ("", " ", "x y", "\xe9 " * 40, "f " * 20, "a" * 5000, "\\" * 22 + " ")  # not even an address

Fields = Mapping[str, str]
Bend = Callable[[Fields, Random], str]


def bent_opening(opening: Opening, random: Random) -> str:
    """Return an opening that is none, or one of nobody that the server knows."""
    fields = {"token": opening.token, "nonce": opening.nonce, "at": opening.at}
    return random.choice((*_BENDS, _other_token))(fields, random)


def bent_evidence(evidence: Evidence, random: Random) -> str:
    """Return evidence that is none, or proves nothing."""
    fields = {"nonce": evidence.nonce, "proof": evidence.proof}
    return random.choice((*_BENDS, _other_nonce, _other_proof, _swapped))(fields, random)


def near(value: str) -> str:
    """Return a value of the same form that differs at its end."""
    return value[:-1] + ("0" if value[-1] != "0" else "1")


def _written(fields: Fields) -> str:
    return f"{SCHEME} " + ", ".join(f'{name}="{value}"' for name, value in fields.items())


def _odd_value(fields: Fields, random: Random) -> str:
    return _written({**fields, random.choice(list(fields)): random.choice(_ODD_VALUES)})


def _field_missing(fields: Fields, random: Random) -> str:
    left_out = random.choice(list(fields))
    return _written({name: value for name, value in fields.items() if name != left_out})


def _field_more(fields: Fields, random: Random) -> str:
    return _written({**fields, random.choice(("owner", "method", "path")): "local"})


def _field_twice(fields: Fields, random: Random) -> str:
    name = random.choice(list(fields))
    return f'{_written(fields)}, {name}=""'


def _other_case(fields: Fields, random: Random) -> str:
    return _written({name.upper(): value for name, value in fields.items()})


def _other_quotes(fields: Fields, random: Random) -> str:
    return _written(fields).replace('"', random.choice(("'", "", "`", '\\"')))


def _nothing(fields: Fields, random: Random) -> str:
    return random.choice(
        (SCHEME, SCHEME.lower(), f"{SCHEME.upper()} ", f"{SCHEME} =", f'{SCHEME} """', f"{SCHEME} " * 300)
    )


def _other_token(fields: Fields, random: Random) -> str:
    return _written({**fields, "token": random.choice((near(fields["token"]), "0" * 32, fields["nonce"]))})


def _other_nonce(fields: Fields, random: Random) -> str:
    return _written({**fields, "nonce": random.choice((near(fields["nonce"]), "0" * 64))})


def _other_proof(fields: Fields, random: Random) -> str:
    wrong = (near(fields["proof"]), fields["proof"][:-1], fields["proof"] + "0", "0" * 64, fields["nonce"])
    return _written({**fields, "proof": random.choice(wrong)})


def _swapped(fields: Fields, random: Random) -> str:
    return _written({"nonce": fields["proof"], "proof": fields["nonce"]})


_BENDS: tuple[Bend, ...] = (
    _odd_value, _field_missing, _field_more, _field_twice, _other_case, _other_quotes, _nothing,
)  # fmt: skip
