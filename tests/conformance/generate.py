"""Write the corpus: python tests/conformance/generate.py. A test fails where the files differ from what this gives.

Frames are spelled out as plain JSON values, not made by our codec: the corpus must be able to find the codec wrong.
"""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

from frames import TO_CLIENT, TO_SERVER
from invalid import CHANGES, CHUNKS, TEXTS
from proofs import PROOFS
from sequences import SEQUENCES

FOLDER = Path(__file__).parent

Case = dict[str, Any]


def compact(value: object) -> str:
    """Return the canonical text of a frame: no spaces, UTF-8, fields in the order of PROTOCOL.md."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def valid_cases() -> list[Case]:
    """Return a case for each valid frame; `canonical` frames are written again to the same text."""
    return [
        {
            "name": name,
            "direction": direction,
            "text": compact(frame),
            "canonical": not name.endswith("*"),
            "valid": True,
        }
        for direction, frames in (("to_server", TO_SERVER), ("to_client", TO_CLIENT))
        for name, frame in frames.items()
    ]


def _valid(name: str, direction: str, frame: Case) -> Case:
    canonical = not name.endswith("*")
    return {"name": name, "direction": direction, "text": compact(frame), "canonical": canonical, "valid": True}


def changed(base: str, path: str, *value: object) -> tuple[str, Any]:
    """Return (direction, frame): the valid frame `base`, with the field at `path` set to `value`, or removed."""
    direction, frames = ("to_server", TO_SERVER) if base in TO_SERVER else ("to_client", TO_CLIENT)
    frame = copy.deepcopy(frames[base])
    *parents, last = [int(key) if key.isdigit() else key for key in path.split(".")]
    target: Any = frame
    for key in parents:
        target = target[key]
    if value:
        target[last] = value[0]
    else:
        del target[last]
    return direction, frame


def invalid_cases() -> list[Case]:
    """Return a case for each invalid frame. Control frames are not fatal: they just have no effect; chunks are."""
    cases = []
    for name, (base, path, *value) in CHANGES.items():
        direction, frame = changed(base, path, *value)
        cases.append(_invalid(name, direction, {"text": compact(frame)}))
    for name, (direction, text, *code) in TEXTS.items():
        content = {"text": text} if isinstance(text, str) else {"parts": text}
        cases.append(_invalid(name, direction, content, *code))
    for name, chunk in CHUNKS.items():
        cases.append(_invalid(name, "both", {"hex": chunk}, fatal=True))
    return cases


def _invalid(name: str, direction: str, content: Case, code: str = "protocol_error", *, fatal: bool = False) -> Case:
    return {"name": name, "direction": direction, **content, "valid": False, "code": code, "fatal": fatal}


def corpus() -> dict[str, str]:
    """Return the text of each file, by name."""
    contents = {
        "valid.json": valid_cases(),
        "invalid.json": invalid_cases(),
        "sequences.json": SEQUENCES,
        "proofs.json": PROOFS,
    }
    return {name: json.dumps(cases, indent=1, ensure_ascii=True) + "\n" for name, cases in contents.items()}


if __name__ == "__main__":
    for name, text in corpus().items():
        (FOLDER / name).write_text(text, encoding="utf-8")
