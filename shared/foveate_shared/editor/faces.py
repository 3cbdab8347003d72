"""Faces that were found, to choose from: what a survey tells of them, and how that is said."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from ..errors import InputError, ServerError
from ..forms.parameter_values import value_of
from ..geometry import Bounds, Extent
from ..i18n.sentence import Sentence
from ..i18n.translations import Texts
from ..jobs.host import Result
from ..jobs.job_list import JobEntry
from ..wire.protocol import JsonObject, as_object

SURVEY = "detect"  # the operation that finds them
_NUMBERS: JsonObject = {"type": "array", "items": {"type": "integer"}}
_AROUND = 0.15  # of a face's longer side, shown around it


@dataclass(frozen=True)
class FoundFace:
    """A face that was found."""

    number: int  # as the operation `faces` counts them
    bounds: Bounds  # document pixels
    score: float  # how certain the detector is, 0 to 1
    picture: Any  # as the editor has them

    def tip(self, say: Texts) -> str:
        """Return what a person may want to know of it."""
        return say(
            "Face {number}: {width} × {height} px, {score} % certain",
            number=self.number,
            width=self.bounds.width,
            height=self.bounds.height,
            score=round(100 * self.score),
        )


def found_faces(result: Result, extent: Extent, cut: Callable[[Bounds], Any]) -> tuple[FoundFace, ...]:
    """Return the faces that a result tells of, in a document of `extent`; `cut` makes the picture of an area of it.

    Raises ServerError where it tells of none.
    """
    told = next((outcome.data["faces"] for outcome in result.outcomes if "faces" in outcome.data), None)
    if not isinstance(told, list):
        raise ServerError("The server did not tell which faces it found.", remedy="Try again.")
    return tuple(_face(number, as_object(face), extent, cut) for number, face in enumerate(told, 1))


def numbers_text(chosen: Sequence[int], count: int) -> str:
    """Return what names the `chosen` of `count` faces in a field for numbers; empty where these are all."""
    return "" if len(chosen) == count else ", ".join(map(str, sorted(chosen)))


def named_in(text: str, count: int) -> set[int]:
    """Return which of `count` faces a field for numbers names; all where it is empty, none where it is no such list."""
    numbers = _numbers(text)
    every = set(range(1, count + 1))
    return set() if numbers is None else every.intersection(numbers or every)


def wrong_number(text: str, count: int) -> str:
    """Return what is wrong with the numbers in a field where `count` faces were found; empty where nothing is.

    What is no such list is not told: a form says that, by the field's name.
    """
    wrong = next((each for each in _numbers(text) or () if not 1 <= each <= count), None)
    if wrong is None:
        return ""
    return Sentence(
        "There is no face {number}: {count} were found.",
        one="There is no face {number}: one was found.",
        number=wrong,
        count=count,
    )


def _numbers(text: str) -> list[int] | None:
    """Return the numbers in a field; None where there is something else."""
    try:
        numbers = value_of(_NUMBERS, text, "")
    except InputError:
        return None
    return [each for each in numbers if isinstance(each, int)] if isinstance(numbers, list) else None


def sentence(faces: Sequence[FoundFace], survey: JobEntry | None, say: Texts) -> str:
    """Return what is to be said beside the faces that can be chosen; `survey` is the newest job that looks for some."""
    if faces:
        return say("Untick those that shall stay as they are.")
    if survey is None:
        return say("All faces are taken unless you choose.")
    if survey.is_running:
        return say.sentence(survey.flow.status.text)
    error = survey.flow.status.error
    if error is not None:
        return say.sentence(str(error))
    return say("No face was found.") if not survey.host.faces else say("The selection changed; find them again.")


def _face(number: int, face: Any, extent: Extent, cut: Callable[[Bounds], Any]) -> FoundFace:
    x, y, width, height = (float(value) for value in face["box"])
    bounds = Bounds.from_edges(x, y, x + width, y + height).clamp(extent)
    around = bounds.pad(round(_AROUND * max(width, height))).clamp(extent)
    return FoundFace(number, bounds, float(face["score"]), cut(around))
