"""The command line is a small install; the parts that run the models are an extra. Saying so, when they are missing."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from foveate_shared.errors import ErrorCode, ResourceError


@contextlib.contextmanager
def server_parts() -> Iterator[None]:
    """Turn a failed import of what only the server's install has into a sentence."""
    try:
        yield
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("foveate"):
            raise
        raise ResourceError(
            f"This needs the server's parts, and {error.name} is not installed.",
            code=ErrorCode.MODEL_UNAVAILABLE,
            remedy='Install them with pip install "foveate[server]", or use another machine\'s server with --server.',
        ) from error
