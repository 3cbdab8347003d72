"""A file's SHA-256, read piece by piece: pictures may be larger than what is free of the memory."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import BinaryIO

_PIECE_BYTES = 1 << 20


def sha256_in(stream: BinaryIO) -> str:
    """Return the SHA-256, as hexadecimal digits, of what is left in `stream`."""
    digest = hashlib.sha256()
    while piece := stream.read(_PIECE_BYTES):
        digest.update(piece)
    return digest.hexdigest()


def sha256_of_file(path: Path) -> str:
    """Return the SHA-256 of a file, as hexadecimal digits. Raises OSError."""
    with path.open("rb") as stream:
        return sha256_in(stream)
