"""The pictures that an operation takes, as a panel draws them: a chooser for each, and one more than is chosen.

for chooser in choosers(slots, chosen, offered, document, say): ...     # a list of options, of which one is chosen
chosen = taken(chooser, key, chosen, offered)                           # when the person chooses another one
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..forms.picture_slots import PictureSlot
from ..geometry import Extent
from ..i18n.translations import Texts
from ..jobs.chosen_pictures import ChosenPictures, unfit
from ..jobs.pictures import OfferedPicture


@dataclass(frozen=True)
class PictureOption:
    """A picture to choose, or none."""

    key: str  # empty: none
    title: str
    reason: str = ""  # why it cannot be chosen; empty where it can


@dataclass(frozen=True)
class PictureChooser:
    """A place for one picture. Texts are in the person's language."""

    slot: str
    position: int  # within the slot, from 0
    title: str
    tip: str
    options: tuple[PictureOption, ...]  # none first, then as offered
    key: str  # of the option that is chosen

    @property
    def shown(self) -> str:
        """Return the title of what is chosen."""
        return next(option.title for option in self.options if option.key == self.key)


def choosers(
    slots: Sequence[PictureSlot],
    chosen: ChosenPictures,
    offered: Sequence[OfferedPicture],
    document: Extent | None,
    say: Texts,
) -> tuple[PictureChooser, ...]:
    """Return the choosers of an operation: for each slot those that are filled, and one more where it takes more."""
    return tuple(
        _chooser(slot, position, chosen, offered, document, say)
        for slot in slots
        for position in range(min(slot.most, len(chosen.of(slot.name)) + 1))
    )


def taken(
    chooser: PictureChooser, key: str, chosen: ChosenPictures, offered: Sequence[OfferedPicture]
) -> ChosenPictures:
    """Return the choice once a person has taken the option `key`; one that is not offered any more stays as it was."""
    picture = next((each for each in offered if each.key == key), None)
    return chosen if key and picture is None else chosen.put(chooser.slot, chooser.position, picture)


def _chooser(  # noqa: PLR0917 - all that a chooser depends on
    slot: PictureSlot,
    position: int,
    chosen: ChosenPictures,
    offered: Sequence[OfferedPicture],
    document: Extent | None,
    say: Texts,
) -> PictureChooser:
    title = say(slot.title)
    at = chosen.of(slot.name)[position : position + 1]
    none = PictureOption("", say("Choose a picture") if position < slot.least else say("None"))
    options = [none]
    for each in offered:
        reason = unfit(slot, each, document)
        options.append(PictureOption(each.key, each.title, say.sentence(reason) if reason else ""))
    keys = {option.key for option in options}
    options += [
        PictureOption(each.key, say("{picture} (gone)", picture=each.title), say("It is gone."))
        for each in at
        if each.key not in keys
    ]
    return PictureChooser(
        slot.name,
        position,
        f"{title} {position + 1}" if slot.most > 1 else title,
        say(slot.description) or title,
        tuple(options),
        at[0].key if at else "",
    )
