"""Where a job stands, and how that is said in one line, in the person's language."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from ..errors import ErrorInfo
from ..i18n.sentence import Sentence
from ..i18n.translations import Texts
from ..wire.protocol import Outcome

LONG_SECONDS = 60.0  # that a job on all of an image is expected to take, from which on it asks before it is made


class JobState(str, Enum):
    """Where a flow stands."""

    NEW = "new"
    SUBMITTED = "submitted"  # the server has not answered yet
    WAITING = "waiting"  # for pixels or its turn
    RUNNING = "running"
    DONE = "done"  # the result was applied
    UNAPPLIED = "unapplied"  # the result is complete and waits: for a yes, or because it could not be applied
    FAILED = "failed"
    CANCELLED = "cancelled"


ENDED = (JobState.DONE, JobState.UNAPPLIED, JobState.FAILED, JobState.CANCELLED)


@dataclass(frozen=True)
class JobProgress:
    """What an interface shows of a job."""

    state: JobState = JobState.NEW
    text: str = ""  # a short phrase: what happens now
    fraction: float = 0.0  # of the whole job, 0 to 1
    step: int = 0  # of `steps`, within the running item
    steps: int = 0
    seconds_left: float | None = None
    position: int | None = None  # in the queue; 1 is next
    summary: str = ""  # the plan in one sentence
    expected: float | None = None  # seconds that it will take, or takes at most, as the plan says
    is_measured: bool = False  # `expected` follows from what the server did before
    notes: tuple[str, ...] = ()  # sentences that the person should see
    error: ErrorInfo | None = None


def describe(status: JobProgress, say: Texts | None = None, *, separator: str = ", ", percent: bool = True) -> str:
    """Return one line: what happens, how far it is, and how long it will take; English unless `say` is given.

    Without `percent` for what draws a bar beside the line.
    """
    say = say or Texts()
    fraction = f"{status.fraction:.0%}" if percent and status.state is JobState.RUNNING else ""
    further = [part for part in (_steps(status, say), fraction, _time(status, say)) if part]
    text = say.sentence(status.text)
    return separator.join(filter(None, [text.removesuffix(".") if further else text, *further]))


def describe_shortly(status: JobProgress, say: Texts, longest: int) -> str:
    """Return such a line for a place that shows `longest` characters beside a bar: what is needed least is left out."""
    text, steps, time = say.sentence(status.text), _steps(status, say), _time(status, say)
    lines = [", ".join(filter(None, parts)) for parts in ((text, steps, time), (text, time), (text,))]
    found = next((line for line in lines if len(line) <= longest), "")
    return found or f"{text[: longest - 1].rpartition(' ')[0] or text[: longest - 1]}…"


def _steps(status: JobProgress, say: Texts) -> str:
    is_told = status.steps > 1 and status.state is JobState.RUNNING
    return say("{step} of {steps}", step=status.step, steps=status.steps) if is_told else ""


def _time(status: JobProgress, say: Texts) -> str:
    known = status.seconds_left  # what takes longer than was thought is said to take no time any more
    return "" if known is None or round(known) < 1 else say("{time} left", time=duration(known, say))


def place_in_queue(position: int) -> str:
    """Return what is said of a job that waits for its turn; 1 is next."""
    if position <= 1:
        return "Next in the queue"
    return Sentence("In the queue behind {count} others", one="In the queue behind 1 other", count=position - 1)


def as_line(stage: str) -> str:
    """Return what a job does, as a line begins; a sentence that begins so stays what it is."""
    return stage if stage[:1].isupper() else stage[:1].upper() + stage[1:]


def said_of_item(outcome: Outcome) -> str:
    """Return what an item says of how it ended, with the number of its face where it has one."""
    number, told = outcome.data.get("number"), Sentence(outcome.message)
    return Sentence("Face {number}: {sentence}", number=number, sentence=told) if number else told


def about(seconds: float, say: Texts | None = None) -> str:
    """Return an expected time span as exactly as anybody knows it: "40 s", "2 min 30 s", "15 min", "1 h 20 min"."""
    step = next((step for limit, step in ((60, 5), (300, 30), (3600, 60)) if seconds < limit), 600)
    rounded = max(1.0, step * round(seconds / step) if seconds >= 10 else round(seconds))
    say = say or Texts()
    if rounded >= 60 and rounded % 60 == 0 and rounded < 3600:
        return say("{minutes} min", minutes=int(rounded // 60))
    return duration(rounded, say)


def duration(seconds: float, say: Texts | None = None) -> str:
    """Return a time span for a person: "8 s", "2 min 5 s", "1 h 20 min"; English unless `say` is given."""
    say = say or Texts()
    whole = max(0, round(seconds))
    hours, minutes = divmod(whole // 60, 60)
    if hours:
        return say("{hours} h {minutes} min", hours=hours, minutes=minutes)
    if minutes:
        return say("{minutes} min {seconds} s", minutes=minutes, seconds=whole % 60)
    return say("{seconds} s", seconds=whole)
