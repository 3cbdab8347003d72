"""A host that takes results of all kinds in steps, for an editor whose main thread must not pause."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any, TypeVar

from ..wire.protocol import PIXELS, SELECTION
from . import results_in_words
from .document_problems import changed, no_document
from .host import Image, Result
from .no_document import NoDocument

T = TypeVar("T")
Steps = Generator[None, None, T]  # work that hands the thread back after every few milliseconds


def to_end(steps: Steps[T]) -> T:
    """Do all of some work at once, and return what it gives."""
    results: list[T] = []

    def keep() -> Iterator[None]:
        results.append((yield from steps))

    for _ in keep():
        pass
    return results[0]


class InSteps(ABC):
    """What a StepwiseHost does with a result of any kind; what is asked of it at once is all of the steps.

    It also has pictures of what it works on, for lists.
    """

    result_kinds: tuple[str, ...] = (PIXELS, SELECTION, *results_in_words.KINDS)

    def __init__(self, title: str, folder: Path) -> None:
        """`title` is that of the job; files of a result go into `folder`."""
        self.before: Any = None  # a picture of the region as it was, as the editor has them
        self.after: Any = None  # and as it is since the result was applied
        self.told: tuple[str, ...] = ()  # what the result says in words
        self._title = title
        self._folder = folder

    def is_unchanged(self) -> bool:
        """See Host."""
        return to_end(self.compared())

    def apply(self, result: Result) -> None:
        """See Host."""
        to_end(self.steps(result, check=False))

    def steps(self, result: Result, *, check: bool) -> Steps[None]:
        """See StepwiseHost."""
        if check and not (yield from self.compared()):
            raise changed()
        if result.kind in results_in_words.KINDS:
            self.told = results_in_words.told(result, self._folder, self._title)
            self.after = self.drawing(result)
        elif result.kind == SELECTION:
            self.select(result)
        elif result.patches:
            yield from self.open_image(result) if result.frame == "new" else self.add_layer(result, check=check)

    @abstractmethod
    def compared(self) -> Steps[bool]:
        """Tell whether the document still is what was frozen, see Host.is_unchanged."""

    def drawing(self, result: Result) -> Any:
        """Return a picture of what a report draws, or None."""
        report = results_in_words.drawing_of(result)
        return self.draw(report.drawing) if report and report.drawing else None

    @abstractmethod
    def draw(self, image: Image) -> Any:
        """Return a picture, as the editor has them, of RGB in 8 bit."""

    @abstractmethod
    def select(self, result: Result) -> None:
        """Make a resulting selection the document's."""

    @abstractmethod
    def open_image(self, result: Result) -> Steps[None]:
        """Show a new image, with its window, made of the patches."""

    @abstractmethod
    def add_layer(self, result: Result, *, check: bool) -> Steps[None]:
        """Bring the patches into the document; with `check` it was just found unchanged."""


class NewImageInSteps(NoDocument, InSteps):
    """One for an operation that takes no document: what it makes becomes a new image."""

    result_kinds = (PIXELS, *results_in_words.KINDS)

    def preview(self, result: Result) -> Any:
        """Return a picture of the result: of a report its drawing, if any, else of the first patch."""
        return self.draw(result.patches[0].pixels) if result.patches else self.drawing(result)

    def compared(self) -> Steps[bool]:
        """Say yes: the result stands for itself."""
        yield from ()
        return True

    def select(self, result: Result) -> None:
        """Refuse: a selection is one of a document."""
        raise no_document()

    def add_layer(self, result: Result, *, check: bool) -> Steps[None]:
        """Refuse likewise."""
        raise no_document()

    def take_picture(self) -> bool:
        """See DocumentHost: the picture is there with the result."""
        return False
