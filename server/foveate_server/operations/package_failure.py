"""Whose fault an error is that nobody foresaw in an operation."""

from __future__ import annotations

from collections.abc import Mapping

from foveate_shared.errors import ErrorCode, ErrorInfo, Fault
from foveate_shared.i18n.sentence import Sentence


def failure_of(operation: str, packages: Mapping[str, str]) -> ErrorInfo | None:
    """Return what to tell of such an error: the fault of the package that brought the operation; None for ours.

    `packages` are those that brought operations, by the operations' names.
    """
    package = packages.get(operation)
    if package is None:
        return None
    message = "The operation {name}, of the package {package}, failed because of an error in it."
    return ErrorInfo(
        ErrorCode.INTERNAL,
        Sentence(message, name=operation, package=package),
        "Report it to that package's author, with the last lines of the server's log.",
        Fault.SERVER,
    )
