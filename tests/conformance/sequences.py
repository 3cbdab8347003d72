"""What a receiver of blobs must make of whole sequences of frames: see README.md for the form."""

from __future__ import annotations

import hashlib
import json
import struct
from typing import Any

from frames import GRAY, JOB, Frame, document

OTHER = JOB[:-1] + "1"


def window(number: int, data: bytes, job: str = JOB) -> Frame:
    """Declare a row of grey pixels as window `number`."""
    declared = {"id": number, "size": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    row = {"extent": [len(data), 1], "format": GRAY, "blob": declared}
    return _text({"type": "window", "job": job, "window": f"w{number}", "pixels": row, "coverage": None})


def covered(data: bytes, coverage: bytes) -> Frame:
    """Declare a window with coverage: blobs 1 and 2."""
    planes = [
        {
            "extent": [len(plane), 1],
            "format": GRAY,
            "blob": {"id": number, "size": len(plane), "sha256": hashlib.sha256(plane).hexdigest()},
        }
        for number, plane in enumerate((data, coverage), 1)
    ]
    return _text({"type": "window", "job": JOB, "window": "w", "pixels": planes[0], "coverage": planes[1]})


def profiled(data: bytes) -> Frame:
    """Declare a submit with an ICC profile as blob 1."""
    icc = {"id": 1, "size": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    fields = {
        "type": "submit",
        "job": JOB,
        "operation": "refocus",
        "document": document({"space": None, "icc": icc}),
    }
    return _text({**fields, "selection": None, "parameters": {}, "priority": 0})


def chunk(blob: int, offset: int, data: bytes) -> Frame:
    return {"hex": (b"FVC1" + struct.pack("<IQ", blob, offset) + data).hex()}


def delivering(step: Frame, *declarations: int) -> Frame:
    """State that the messages of these steps (counted from 0) are delivered by this step."""
    return {**step, "delivers": list(declarations)}


def granting(count: int) -> Frame:
    return {"grants": count}


def ending(job: str) -> Frame:
    return {"ends": job}


def _text(fields: Frame) -> Frame:
    return {"text": json.dumps(fields, separators=(",", ":"))}


def _sequence(name: str, *steps: Frame, code: str | None = None, window_bytes: int = 8, max_blob: int = 1024) -> Frame:
    """`code` is what the last step ends in, always fatally; None where all is well."""
    return {
        "name": name,
        "receive_window": window_bytes,
        "max_blob_bytes": max_blob,
        "steps": [{"delivers": [], **step} for step in steps],
        "valid": code is None,
        **({"code": code, "fatal": True} if code else {}),
    }


LIE = "protocol_error"
CANCEL = _text({"type": "cancel", "job": OTHER})
ABC = window(1, b"abc")
TEN = window(1, b"0123456789")

SEQUENCES: list[dict[str, Any]] = [
    _sequence("one chunk", ABC, delivering(chunk(1, 0, b"abc"), 0)),
    _sequence("three chunks", ABC, chunk(1, 0, b"a"), chunk(1, 1, b"b"), delivering(chunk(1, 2, b"c"), 0)),
    _sequence("two blobs of a message", covered(b"ab", b"cd"), chunk(1, 0, b"ab"), delivering(chunk(2, 0, b"cd"), 0)),
    _sequence("its second blob first", covered(b"ab", b"cd"), chunk(2, 0, b"cd"), delivering(chunk(1, 0, b"ab"), 0)),
    _sequence(
        "chunks of two messages mixed",
        ABC,
        window(2, b"de"),
        chunk(1, 0, b"a"),
        delivering(chunk(2, 0, b"de"), 1),
        delivering(chunk(1, 1, b"bc"), 0),
    ),
    _sequence(
        "control between chunks",
        window(1, b"ab"),
        chunk(1, 0, b"a"),
        delivering(CANCEL, 2),
        delivering(chunk(1, 1, b"b"), 0),
    ),
    _sequence("a submit with a profile", profiled(b"icc"), delivering(chunk(1, 0, b"icc"), 0)),
    _sequence(
        "ids with gaps",
        window(3, b"a"),
        window(70, b"b"),
        delivering(chunk(70, 0, b"b"), 1),
        delivering(chunk(3, 0, b"a"), 0),
    ),
    _sequence("all of the window", window(1, b"12345678"), delivering(chunk(1, 0, b"12345678"), 0)),
    _sequence(
        "more than the window, with credit",
        TEN,
        chunk(1, 0, b"01234567"),
        granting(2),
        delivering(chunk(1, 8, b"89"), 0),
    ),
    _sequence("the largest blob", window(1, b"abcd"), delivering(chunk(1, 0, b"abcd"), 0), max_blob=4),
    _sequence(
        "chunks of a job that has ended are thrown away",
        window(1, b"abcd"),
        chunk(1, 0, b"ab"),
        ending(JOB),
        chunk(1, 2, b"??"),
        window(2, b"x", OTHER),
        delivering(chunk(2, 0, b"x"), 4),
    ),
    _sequence("a chunk before its declaration", chunk(1, 0, b"abc"), code=LIE),
    _sequence("a chunk of another blob", ABC, chunk(2, 0, b"abc"), code=LIE),
    _sequence("a chunk too many", ABC, delivering(chunk(1, 0, b"abc"), 0), chunk(1, 3, b"d"), code=LIE),
    _sequence("a chunk again", ABC, chunk(1, 0, b"a"), chunk(1, 0, b"a"), code=LIE),
    _sequence("a gap", ABC, chunk(1, 0, b"a"), chunk(1, 2, b"c"), code=LIE),
    _sequence("not from the beginning", ABC, chunk(1, 1, b"bc"), code=LIE),
    _sequence("past the end", ABC, chunk(1, 0, b"abcd"), code=LIE),
    _sequence("an offset beyond all", ABC, chunk(1, 2**64 - 1, b"a"), code=LIE),
    _sequence("another hash", ABC, chunk(1, 0, b"abX"), code=LIE),
    _sequence("an id again", window(1, b"a"), delivering(chunk(1, 0, b"a"), 0), window(1, b"b"), code=LIE),
    _sequence("an id below", window(5, b"a"), window(4, b"b"), code=LIE),
    _sequence("more than the window", TEN, chunk(1, 0, b"012345678"), code=LIE),
    _sequence(
        "more than the window in small chunks",
        TEN,
        chunk(1, 0, b"01234567"),
        chunk(1, 8, b"8"),
        code=LIE,
    ),
    _sequence(
        "more than was granted",
        TEN,
        chunk(1, 0, b"01234567"),
        granting(1),
        chunk(1, 8, b"89"),
        code=LIE,
    ),
    _sequence("thrown away chunks need credit too", TEN, ending(JOB), chunk(1, 0, b"012345678"), code=LIE),
    _sequence("thrown away chunks keep their order", TEN, ending(JOB), chunk(1, 1, b"1"), code=LIE),
    _sequence("a blob that is too large", window(1, b"abcde"), code="too_large", max_blob=4),
]
