"""What an operation takes beside its parameters, and what it gives: read from the annotations of its schema.

for slot in picture_slots(operation.parameters):
for name in slot.names: ...          # offer the host's pictures for each; slot.least of them must be chosen
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from ..errors import InputError
from ..geometry import Extent
from ..wire.protocol import DOCUMENT, PIXELS, Json, JsonObject, as_object
from ..wire.schema_words import PICTURES, RESULT, TAKES_DOCUMENT


@dataclass(frozen=True)
class PictureSlot:
    """A place for pictures beside the document. Title and description are English: translate them."""

    name: str
    title: str
    description: str
    least: int  # so many it needs; 0 where it may stay empty
    most: int  # so many it takes
    is_like_document: bool  # each must have the document's extent

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names of the pictures that fit, in order: its own, or counted where it takes several."""
        return (self.name,) if self.most == 1 else tuple(f"{self.name}-{number}" for number in range(1, self.most + 1))

    def fits(self, extent: Extent, document: Extent | None) -> bool:
        """Tell whether a picture of `extent` can go here, beside a document of that extent."""
        return not extent.is_empty and (not self.is_like_document or document is None or extent == document)


def picture_slots(schema: JsonObject) -> tuple[PictureSlot, ...]:
    """Return the places for pictures that an operation's schema declares."""
    return tuple(_slot(name, as_object(entry)) for name, entry in as_object(schema.get(PICTURES)).items())


def check_counted(names: Collection[str], slots: Sequence[PictureSlot]) -> None:
    """Raise InputError where pictures, by the names that they have in a job, leave one out of those before."""
    for slot in slots:
        count = sum(name in names for name in slot.names)
        if left_out := [name for name in slot.names[:count] if name not in names]:
            raise InputError("Name {name!r}, too: pictures are counted without a gap.", name=left_out[0])


def takes_document(schema: JsonObject) -> bool:
    """Tell whether an operation works on a document."""
    return schema.get(TAKES_DOCUMENT) is not False


def result_kind(schema: JsonObject) -> str:
    """Return what an operation gives: see :data:`foveate_shared.wire.protocol.RESULT_KINDS`."""
    return str(schema.get(RESULT, PIXELS))


def _slot(name: str, entry: JsonObject) -> PictureSlot:
    return PictureSlot(
        name,
        str(entry.get("title", name)),
        str(entry.get("description", "")),
        _count(entry.get("min"), 0),
        max(1, _count(entry.get("max"), 1)),
        entry.get("extent") == DOCUMENT,
    )


def _count(value: Json, otherwise: int) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else otherwise
