"""A path as it comes out of a clipboard: in quotes, or as a file's address."""

from __future__ import annotations

from urllib.parse import urlsplit
from urllib.request import url2pathname

_QUOTES = ('"', "'")
_FILE = "file://"


def as_typed(text: str) -> str:
    """Return what a person would have typed: without blanks and quotes around it, and a path for a file's address.

    Windows copies a path in quotes, file managers one as `file:///home/ann/my%20model.safetensors`. What is neither
    stays as it is.
    """
    text = text.strip()
    if len(text) > 1 and text[0] == text[-1] and text[0] in _QUOTES:
        text = text[1:-1].strip()
    return _path_of(text) if text.lower().startswith(_FILE) else text


def _path_of(address: str) -> str:
    """Return the path in a file's address; the address where it is of another machine, or none."""
    try:
        host = urlsplit(address).hostname
    except ValueError:
        return address
    if host not in {None, "localhost"}:
        return address
    return url2pathname(address[len(_FILE) + len(host or "") :])
