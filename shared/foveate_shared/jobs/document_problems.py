"""What is wrong with a document, or with the lack of one, where a result comes for it: said alike in every editor."""

from __future__ import annotations

from typing import TypeVar

from ..errors import ErrorCode, Fault, InputError, ServerError
from ..geometry import Extent

Frozen = TypeVar("Frozen")
_COPY = (
    "Undo that, then apply it; or apply it all the same, and a copy of the image as it was opens with the result in it."
)


def changed() -> InputError:
    """Return the error of a document that is not what was frozen any more."""
    return InputError(
        "The selected pixels, or the image's size or colors, have changed since the job was started, so its result was "
        "not applied.",
        code=ErrorCode.CONFLICT,
        remedy="Apply it all the same, or run the job again.",
    )


def other_size(extent: Extent, made_for: Extent) -> InputError:
    """Return the error of a document that has another extent than the one that was frozen."""
    return InputError(
        "The image is {width} × {height} px by now; the result was made for {old_width} × {old_height} px.",
        code=ErrorCode.CONFLICT,
        remedy=_COPY,
        width=extent.width,
        height=extent.height,
        old_width=made_for.width,
        old_height=made_for.height,
    )


def other_colors() -> InputError:
    """Return the error of a document that has other colors than the one that was frozen."""
    return InputError(
        "The image's color space is not the one any more that the result was made for.",
        code=ErrorCode.CONFLICT,
        remedy=_COPY,
    )


def nothing_to_bring_back_to() -> InputError:
    """Return the error where a result that was undone has no document any more that it fits."""
    return InputError(
        "The image that the result was made for is gone, or of another size or kind by now.",
        code=ErrorCode.CONFLICT,
        remedy="Undo or redo until it is back, or run the job again.",
    )


def selection_fits_nothing() -> InputError:
    """Return the error of a selection for a document that is closed, or has another extent by now."""
    return InputError(
        "The image for which the selection was made is closed, or has another size by now.",
        code=ErrorCode.CONFLICT,
        remedy="Run the job again on the image that you want it for.",
    )


def selection_outside() -> InputError:
    """Return the error of a selection of which nothing lies in the image."""
    return InputError(
        "The selection lies outside of the image.",
        code=ErrorCode.INVALID_REGION,
        remedy="Select a part of the image, or nothing for all of it.",
    )


def nothing_open() -> InputError:
    """Return the error where a job wants a document."""
    return InputError("No image is open.", remedy="Open one, or make a new one.")


def no_document() -> ServerError:
    """Return the error of a host without a document that is asked for a part of it."""
    return ServerError("The server asked for a document, and there is none.", fault=Fault.CLIENT)


def frozen(state: Frozen | None) -> Frozen:
    """Return what was frozen. Raises ServerError where nothing was, which is a mistake of ours."""
    if state is None:
        raise ServerError("A document was used before it was frozen.", fault=Fault.CLIENT)
    return state
