"""Which of a host's pictures were chosen for an operation's slots, what is wrong with them, and the copies for a job.

chosen = ChosenPictures().put("reference", 0, offered)          # what a person chose, in the order of the slot
chosen.problem(slots, offered_by(host), document)               # why the operation cannot run with it; or None
chosen.freeze(slots, host)                                      # for a flow
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from ..errors import ErrorCode, InputError
from ..forms.picture_slots import PictureSlot, check_counted
from ..geometry import Extent
from ..i18n.sentence import Sentence
from .host import Host
from .named_pictures import FrozenPicture, OfferedPicture, PictureHost, offered_by


@dataclass(frozen=True)
class ChosenPictures:
    """Pictures by the name of a slot, in its order and without gaps, as they were offered when they were chosen."""

    by_slot: Mapping[str, tuple[OfferedPicture, ...]] = field(default_factory=dict)

    def of(self, slot: str) -> tuple[OfferedPicture, ...]:
        """Return what was chosen for a slot."""
        return self.by_slot.get(slot, ())

    def put(self, slot: str, position: int, picture: OfferedPicture | None) -> ChosenPictures:
        """Return the choice with another picture at a position of a slot; None takes away what was there."""
        before = self.of(slot)
        kept = before[:position] + ((picture,) if picture else ()) + before[position + 1 :]
        return ChosenPictures({**self.by_slot, slot: kept})

    def seen(self, offered: Sequence[OfferedPicture]) -> ChosenPictures:
        """Return the same choice as it is offered now: what is gone later is called as it was called last."""
        now = {each.key: each for each in offered}
        return ChosenPictures(
            {slot: tuple(now.get(each.key, each) for each in chosen) for slot, chosen in self.by_slot.items()}
        )

    def named(self, slots: Sequence[PictureSlot]) -> dict[str, OfferedPicture]:
        """Return the pictures by the names that they have in a job."""
        return {name: each for slot in slots for name, each in zip(slot.names, self.of(slot.name), strict=False)}

    def problem(
        self, slots: Sequence[PictureSlot], offered: Sequence[OfferedPicture], document: Extent | None
    ) -> InputError | None:
        """Return why an operation cannot take them; None where it can. `document` is its extent, if known."""
        there = {each.key: each for each in offered}
        for slot in slots:
            for picture in self.of(slot.name):
                if picture.key not in there:
                    return _gone(picture, slot)
                if reason := unfit(slot, there[picture.key], document):
                    return InputError(reason, remedy="Choose another picture.")
            if len(self.of(slot.name)) < slot.least:
                return _missing(slot)
        return None

    def freeze(
        self, slots: Sequence[PictureSlot], host: Host, document: Extent | None = None
    ) -> dict[str, FrozenPicture]:
        """Copy them out of their host, by their names in a job. Raises InputError where there is a :meth:`problem`."""
        if not slots:  # a host's list can be long, and asking it can load what it lists
            return {}
        if error := self.problem(slots, offered_by(host), document):
            raise error
        if not isinstance(host, PictureHost):
            return {}
        named = self.named(slots)
        frozen = {name: host.freeze_picture(each.key) for name, each in named.items()}
        now = [replace(each, extent=frozen[name].pixels.extent) for name, each in named.items()]
        if error := self.problem(slots, now, document):  # of those whose extent was not known
            raise error
        return frozen


NONE_CHOSEN = ChosenPictures()


def chosen_by_names(
    said: Mapping[str, str], slots: Sequence[PictureSlot], offered: Sequence[OfferedPicture]
) -> ChosenPictures:
    """Return the choice that a script says: titles (or keys) of pictures, by the names that they have in a job.

    Raises InputError for a name that the operation does not know, and for a picture that is not there.
    """
    known = [name for slot in slots for name in slot.names]
    if unknown := [name for name in said if name not in known]:
        raise InputError(
            "The operation takes no picture named {name!r}.",
            remedy="It takes {names}." if slots else "It takes none.",
            name=unknown[0],
            names=", ".join(slot.names[0] if slot.most == 1 else f"{slot.name}-1 …" for slot in slots),
        )
    check_counted(said, slots)
    return ChosenPictures(
        {slot.name: tuple(_called(said[name], offered) for name in slot.names if name in said) for slot in slots}
    )


def _called(title: str, offered: Sequence[OfferedPicture]) -> OfferedPicture:
    found = next((each for each in offered if title in {each.title, each.key}), None)
    if found is None:
        raise InputError(
            "There is no picture called {title!r}.",
            code=ErrorCode.INVALID_FILE,
            remedy="Name one that is there.",
            title=title,
        )
    return found


def unfit(slot: PictureSlot, picture: OfferedPicture, document: Extent | None) -> Sentence | None:
    """Return why a picture cannot go into a slot beside a document of that extent; None where it can."""
    if picture.extent is None or slot.fits(picture.extent, document):
        return None
    if picture.extent.is_empty or document is None:
        return Sentence("{picture} has no pixels.", picture=picture.title)
    return Sentence(
        "{picture} has {width} × {height} pixels. {slot} must have those of the image: {full_width} × {full_height}.",
        picture=picture.title,
        slot=Sentence(slot.title),
        width=picture.extent.width,
        height=picture.extent.height,
        full_width=document.width,
        full_height=document.height,
    )


def _gone(picture: OfferedPicture, slot: PictureSlot) -> InputError:
    return InputError(
        "{picture}, which was chosen as {slot}, is gone.",
        code=ErrorCode.INVALID_FILE,
        remedy="Choose another picture.",
        picture=picture.title,
        slot=Sentence(slot.title),
    )


def _missing(slot: PictureSlot) -> InputError:
    if slot.least == 1:
        return InputError("Choose a picture: {slot}.", slot=Sentence(slot.title))
    return InputError("Choose at least {count} pictures: {slot}.", count=slot.least, slot=Sentence(slot.title))
