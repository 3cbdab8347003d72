"""The pictures that an operation takes, as a panel draws them: a chooser for each, and one more than is chosen.

for chooser in controller.beside.choosers(operation, scene): ...       # a list of options, of which one is chosen
controller.beside.choose(operation, scene, chooser, key)               # when the person chooses another one
controller.beside.missing(operation, scene)                            # why it cannot be started yet
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ..forms.picture_slots import PictureSlot
from ..geometry import Extent
from ..i18n.translations import Texts
from ..jobs.chosen_pictures import NONE_CHOSEN, ChosenPictures, unfit
from ..jobs.named_pictures import OfferedPicture


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
    def place(self) -> tuple[str, int, str, str]:
        """Return what it is made of beside its options."""
        return self.slot, self.position, self.title, self.tip

    @property
    def shown(self) -> str:
        """Return the title of what is chosen."""
        return next(option.title for option in self.options if option.key == self.key)


@dataclass(frozen=True)
class PictureScene:
    """What can be chosen from now."""

    offered: tuple[OfferedPicture, ...] = ()
    extent: Extent | None = None  # of the document; None where there is none
    document: str = ""  # the same as long as it is there: each document has choices of its own


class PictureChoices:
    """What is chosen, for each operation and document, as long as the editor runs; all its panels show the same."""

    def __init__(self, slots: Callable[[str], Sequence[PictureSlot]], say: Callable[[], Texts]) -> None:
        """`slots` returns those of an operation, `say` the language."""
        self._slots = slots
        self._say = say
        self._chosen: dict[tuple[str, str], ChosenPictures] = {}  # by operation and document

    def chosen(self, operation: str, scene: PictureScene) -> ChosenPictures:
        """Return what is chosen."""
        place = operation, scene.document
        self._chosen[place] = self._chosen.get(place, NONE_CHOSEN).seen(scene.offered)
        return self._chosen[place]

    def choosers(self, operation: str, scene: PictureScene) -> tuple[PictureChooser, ...]:
        """Return the choosers of an operation."""
        slots, chosen = self._slots(operation), self.chosen(operation, scene)
        return choosers(slots, chosen, scene.offered, scene.extent, self._say())

    def choose(self, operation: str, scene: PictureScene, chooser: PictureChooser, key: str) -> None:
        """Take the option `key` of one of the choosers."""
        chosen = taken(chooser, key, self.chosen(operation, scene), scene.offered)
        self._chosen[operation, scene.document] = chosen

    def missing(self, operation: str, scene: PictureScene) -> str:
        """Return why the operation cannot be started with what is chosen, in the language; empty where it can."""
        chosen = self.chosen(operation, scene)
        error = chosen.problem(self._slots(operation), scene.offered, scene.extent)
        return self._say().sentence(str(error.info)) if error else ""


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


def kept_places(before: Sequence[PictureChooser], now: Sequence[PictureChooser]) -> int:
    """Return how many choosers, from the first, are the same as before but for their options."""
    same = [new.place == old.place for new, old in zip(now, before, strict=False)]
    return same.index(False) if False in same else len(same)


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
