"""What went wrong in an item, as the client may hear it; tracebacks stay in the log."""

from __future__ import annotations

import logging

from foveate_server.operations.package_failure import failure_of
from foveate_server.operations.registry import packages
from foveate_shared.errors import ErrorCode, ErrorInfo, Fault, FoveateError

_OUT_OF_MEMORY = ErrorInfo(
    ErrorCode.OUT_OF_MEMORY,
    "The machine ran out of memory.",
    "Close other programs or choose a smaller region, then try again.",
    Fault.MACHINE,
)
_INTERNAL = ErrorInfo(
    ErrorCode.INTERNAL,
    "The server failed because of an error in it.",
    "Please report it with the last lines of the server's log.",
    Fault.SERVER,
)
# torch's allocator for the CPU raises a plain RuntimeError with one of these.
_MEMORY_PHRASES = ("can't allocate memory", "not enough memory", "out of memory", "failed to allocate")

_logger = logging.getLogger(__name__)


def describe(error: BaseException, operation: str = "") -> ErrorInfo:
    """Return what to tell the client about the exception that ended an item, and log it where it is a bug.

    A bug is that of the `operation` in which it showed, where another package brought that; else ours.
    """
    if isinstance(error, FoveateError):
        return error.info
    if is_out_of_memory(error):
        _logger.warning("out of memory: %s", error)
        return _OUT_OF_MEMORY
    _logger.error("an item failed unexpectedly", exc_info=error)
    return failure_of(operation, packages()) or _INTERNAL


def is_out_of_memory(error: BaseException) -> bool:
    """Tell whether memory ran out, on the host or on a device; without importing what may not be installed."""
    if isinstance(error, MemoryError):
        return True
    if any(cls.__name__ == "OutOfMemoryError" and cls.__module__.startswith("torch") for cls in type(error).__mro__):
        return True
    return isinstance(error, RuntimeError) and any(phrase in str(error).lower() for phrase in _MEMORY_PHRASES)
