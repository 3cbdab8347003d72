"""Our code against the corpus."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from foveate_shared.connection.mutual_proof import Evidence, Opening, TokenKey, read_evidence, read_opening
from foveate_shared.errors import ProtocolError
from foveate_shared.wire.blobs import BlobAssembler, Delivery
from foveate_shared.wire.codec import decode, decode_chunk, encode
from foveate_shared.wire.protocol import CLIENT_MESSAGES, SERVER_MESSAGES

FOLDER = Path(__file__).parent
ACCEPTED = {"to_server": CLIENT_MESSAGES, "to_client": SERVER_MESSAGES}
Case = dict[str, Any]


def load(name: str) -> list[Case]:
    cases = json.loads((FOLDER / name).read_text(encoding="utf-8"))
    assert isinstance(cases, list)
    return cases


def by_name(case: Case) -> str:
    return str(case["name"])


def text_of(case: Case) -> str:
    return case["text"] if "text" in case else "".join(text * count for text, count in case["parts"])


@pytest.mark.parametrize("case", load("valid.json"), ids=by_name)
def test_valid_frames(case: Case) -> None:
    message = decode(case["text"], ACCEPTED[case["direction"]])
    assert json.loads(case["text"])["type"] == message.TYPE
    again = encode(message)
    assert (again == case["text"]) == case["canonical"]
    assert decode(again, ACCEPTED[case["direction"]]) == message


@pytest.mark.parametrize("case", load("invalid.json"), ids=by_name)
def test_invalid_frames(case: Case) -> None:
    directions = ACCEPTED if case["direction"] == "both" else [case["direction"]]
    for direction in directions:
        with pytest.raises(ProtocolError) as caught:
            decode_chunk(bytes.fromhex(case["hex"])) if "hex" in case else decode(text_of(case), ACCEPTED[direction])
        assert caught.value.info.code.value == case["code"]


class Receiver:
    """Plays the receiver of a sequence."""

    def __init__(self, sequence: Case) -> None:
        self._assembler = BlobAssembler(
            receive_window=sequence["receive_window"], max_blob_bytes=sequence["max_blob_bytes"]
        )
        self._declared: list[tuple[int, Any]] = []

    def take(self, index: int, step: Case) -> list[int]:
        """Return the steps whose messages this one delivers."""
        if "grants" in step:
            self._assembler.take_credit(held=self._assembler.outstanding - step["grants"])
        if "ends" in step:
            self._assembler.discard(lambda message: getattr(message, "job", None) != step["ends"])
        delivery: Delivery | None = None
        if "text" in step:
            message = decode(step["text"], CLIENT_MESSAGES)
            self._declared.append((index, message))
            delivery = self._assembler.declare(message)
        if "hex" in step:
            delivery = self._assembler.receive(bytes.fromhex(step["hex"]))
        return [place for place, message in self._declared if delivery and message is delivery.message]


@pytest.mark.parametrize("sequence", load("sequences.json"), ids=by_name)
def test_sequences(sequence: Case) -> None:
    receiver = Receiver(sequence)
    *steps, last = enumerate(sequence["steps"])
    for index, step in steps:
        assert receiver.take(index, step) == step["delivers"]
    if sequence["valid"]:
        assert receiver.take(*last) == last[1]["delivers"]
        return
    with pytest.raises(ProtocolError) as caught:
        receiver.take(*last)
    assert caught.value.info.code.value == sequence["code"]


@pytest.mark.parametrize("case", load("proofs.json"), ids=by_name)
def test_proofs(case: Case) -> None:
    key, opening, challenge = TokenKey.of_token(case["token"]), *_read_proof(case)
    assert (opening.token, opening.at, opening.header) == (key.id, case["at"], case["opening"])
    assert challenge == Evidence(challenge.nonce, key.proof_of_server(opening, challenge.nonce))
    proof = key.proof_of_client(opening, challenge.nonce, case["method"], case["path"])
    assert Evidence(challenge.nonce, proof).header == case["answer"]


def _read_proof(case: Case) -> tuple[Opening, Evidence]:
    opening, challenge = read_opening(case["opening"]), read_evidence(case["challenge"])
    assert opening
    assert challenge
    return opening, challenge


@pytest.mark.parametrize("case", load("version_1/valid.json"), ids=by_name)
def test_frames_of_version_1_are_read_and_written_as_ever(case: Case) -> None:
    """What version 2 added is left out where it says nothing: a peer of version 1 sees no difference, to the byte."""
    test_valid_frames(case)


@pytest.mark.parametrize("case", load("version_1/invalid.json"), ids=by_name)
def test_invalid_frames_of_version_1_still_are(case: Case) -> None:
    test_invalid_frames(case)


@pytest.mark.parametrize("sequence", load("version_1/sequences.json"), ids=by_name)
def test_sequences_of_version_1(sequence: Case) -> None:
    test_sequences(sequence)


def test_every_message_is_in_the_corpus() -> None:
    for direction, classes in ACCEPTED.items():
        types = {json.loads(case["text"])["type"] for case in load("valid.json") if case["direction"] == direction}
        assert types == {message.TYPE for message in classes}


def test_the_corpus_is_as_generated(monkeypatch: pytest.MonkeyPatch) -> None:
    """Change generate.py and its neighbours, then run it; never the JSON files."""
    monkeypatch.syspath_prepend(str(FOLDER))
    spec = importlib.util.spec_from_file_location("generate", FOLDER / "generate.py")
    assert spec
    assert spec.loader
    generate = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(generate)
        for name, text in generate.corpus().items():
            assert (FOLDER / name).read_text(encoding="utf-8") == text
    finally:
        for module in ("frames", "invalid", "proofs", "sequences"):
            sys.modules.pop(module, None)
