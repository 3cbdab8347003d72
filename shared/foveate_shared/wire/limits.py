"""The sizes that the wire allows: what is larger is no message."""

from __future__ import annotations

MAX_CHUNK_BYTES = 1 << 20  # payload of one binary frame: what a control message may have to wait behind
MAX_MESSAGE_BYTES = 1 << 20  # one control frame; pixels and profiles travel as blobs
MAX_BLOB_BYTES = 1 << 30
RECEIVE_WINDOW = 8 << 20  # bytes of chunks that may be under way before the receiver has granted more
MAX_NESTING = 16  # of JSON values
MAX_LIST = 65_536  # entries of any list or object in a control frame
MAX_TEXT = 65_536  # characters of any string in a control frame
MAX_PICTURES = 256  # beside the document of one job
