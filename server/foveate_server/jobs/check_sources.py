"""Whether a job's document and pictures are those that its operation declares, before anything is stored."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from foveate_server.imaging.rgb_spaces import GRAY_SPACES, RGB_SPACES
from foveate_server.operations.operation import Operation
from foveate_shared.errors import ErrorCode, InputError
from foveate_shared.forms.picture_slots import PictureSlot, picture_slots, takes_document
from foveate_shared.i18n.sentence import Sentence
from foveate_shared.wire.protocol import MAX_PICTURES, Document, Limits, NamedPicture, Selection, Submit


def check_sources(submit: Submit, operation: Operation[Any], limits: Limits) -> None:
    """Raise InputError, with the sentence that the job's owner should read, where something does not fit."""
    if submit.document is None:
        _check_missing_document(submit, operation)
    elif not takes_document(operation.parameters.schema):
        raise InputError("{title} takes no document.", remedy="Submit it without one.", title=Sentence(operation.title))
    else:
        _check_picture(submit.document, limits)
        if submit.selection:
            _check_selection(submit.selection, submit.document)
    slots = picture_slots(operation.parameters.schema)
    _check_names(submit.pictures, slots, operation)
    for picture in submit.pictures:
        _check_named_picture(picture, slots, submit.document, limits)


def _check_missing_document(submit: Submit, operation: Operation[Any]) -> None:
    if takes_document(operation.parameters.schema):
        raise InputError(
            "{title} works on a document, and there is none.", remedy="Open a picture.", title=Sentence(operation.title)
        )
    if submit.selection is not None:
        raise _region("A region was selected, and there is no document.", "Submit the job without a selection.")


def _check_names(pictures: Sequence[NamedPicture], slots: Sequence[PictureSlot], operation: Operation[Any]) -> None:
    if len(pictures) > MAX_PICTURES:
        raise InputError(
            "The job has {count} pictures; at most {most} are taken.",
            code=ErrorCode.TOO_LARGE,
            remedy="Leave some out.",
            count=len(pictures),
            most=MAX_PICTURES,
        )
    counts = Counter(picture.name for picture in pictures)
    known = {name for slot in slots for name in slot.names}
    for name, count in counts.items():
        if name not in known:
            raise InputError(
                "{title} takes no picture named {name!r}.",
                remedy="It takes {names}.",
                title=Sentence(operation.title),
                name=name,
                names=_listing(slots) or "none",
            )
        if count > 1:
            raise InputError("Two pictures are named {name!r}.", remedy="Give each a name of its own.", name=name)
    for slot in slots:
        given = sum(name in counts for name in slot.names)
        if given < slot.least:
            raise InputError(
                "{title} needs the picture {name!r}, and it is missing."
                if slot.most == 1
                else "{title} needs {least} of {names}, and has {given}.",
                remedy="Choose what stands for {slot}.",
                title=Sentence(operation.title),
                name=slot.name,
                least=slot.least,
                names=_listing([slot]),
                given=given,
                slot=Sentence(slot.title),
            )


def _check_named_picture(
    picture: NamedPicture, slots: Sequence[PictureSlot], document: Document | None, limits: Limits
) -> None:
    if picture.extent.is_empty:
        raise InputError(
            "The picture {name!r} is empty.", remedy="Choose one of at least one pixel.", name=picture.name
        )
    slot = next(slot for slot in slots if picture.name in slot.names)
    if slot.is_like_document and document is not None and picture.extent != document.extent:
        raise InputError(
            "The picture {name!r} has {width} by {height} pixels, and the document {full_width} by {full_height}.",
            remedy="Make it as large as the document.",
            name=picture.name,
            width=picture.extent.width,
            height=picture.extent.height,
            full_width=document.extent.width,
            full_height=document.extent.height,
        )
    _check_picture(picture, limits)


def _check_picture(picture: Document | NamedPicture, limits: Limits) -> None:
    if picture.extent.area > limits.max_document_pixels:
        raise InputError(
            "The picture {name!r} has {pixels:,} pixels; this server takes at most {most:,}."
            if isinstance(picture, NamedPicture)
            else "The document has {pixels:,} pixels; this server takes at most {most:,}.",
            code=ErrorCode.TOO_LARGE,
            remedy="Work on a part of it, or raise the server's limits.max_document_pixels.",
            name=getattr(picture, "name", ""),
            pixels=picture.extent.area,
            most=limits.max_document_pixels,
        )
    space = picture.profile.space
    known = GRAY_SPACES if picture.format.channels.is_gray else RGB_SPACES
    if space is not None and space not in known:
        raise InputError(
            "The colour space {name!r} is not one for {kind} pixels.",
            code=ErrorCode.UNSUPPORTED_FORMAT,
            remedy="Send an ICC profile, or name one of {names}.",
            name=space,
            kind=picture.format.channels.value,
            names=", ".join(sorted(known)),
        )


def _check_selection(selection: Selection, document: Document) -> None:
    if selection.bounds.is_empty:
        raise _region("The selected region is empty.", "Select at least one pixel.")
    if not document.extent.bounds.contains(selection.bounds):
        raise _region(
            "The selected region reaches beyond the document.",
            Sentence(
                "Stay within {width} by {height} pixels.", width=document.extent.width, height=document.extent.height
            ),
        )


def _region(message: str, remedy: str) -> InputError:
    return InputError(message, code=ErrorCode.INVALID_REGION, remedy=remedy)


def _listing(slots: Sequence[PictureSlot]) -> str:
    return ", ".join(
        repr(slot.name) if slot.most == 1 else f"{slot.names[0]!r} to {slot.names[-1]!r}" for slot in slots
    )
