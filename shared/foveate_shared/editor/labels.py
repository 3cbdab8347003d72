"""Sentences that every editor says of a connection, of a region and of a job, in the person's language."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain

from ..connection.client import ConnectionState
from ..errors import ErrorCode
from ..forms.checkpoint_choices import is_checkpoint
from ..geometry import Bounds, Extent
from ..i18n.sentence import Sentence
from ..i18n.translations import Texts, languages
from ..jobs.host import told_by
from ..jobs.job_list import ConnectionView, JobEntry
from ..jobs.job_records import Record
from ..jobs.job_status import JobProgress, JobState, about, describe, place_in_queue
from ..wire.protocol import JobSummary, ModelInfo, OperationInfo

_CONNECTION = {
    ConnectionState.SEARCHING: "Searching for the server",
    ConnectionState.CONNECTING: "Connecting",
    ConnectionState.READY: "Ready",
    ConnectionState.SILENT: "No answer",
    ConnectionState.LOST: "No server",
    ConnectionState.ENDED: "Not running",
    ConnectionState.REFUSED: "Refused",
    ConnectionState.CLOSED: "Closed",
}
LANGUAGES = {"en": "English", "de": "Deutsch"}  # as those call them who speak them


def connection(view: ConnectionView, say: Texts) -> str:
    """Return the state of the connection in one or two words."""
    return say(_CONNECTION[view.state])


def region(extent: Extent, bounds: Bounds | None, say: Texts) -> str:
    """Return what a job would work on."""
    if bounds is None:
        return say(
            "Nothing is selected: all of the image, {width} × {height} px", width=extent.width, height=extent.height
        )
    return say("Selection: {width} × {height} px", width=bounds.width, height=bounds.height)


def notes(entry: JobEntry, say: Texts) -> list[str]:
    """Return the sentences about a job that its owner should see, and what it found out; an error is not among them."""
    status = entry.flow.status
    said = [*status.notes, *told_by(entry.host)]
    return [say.sentence(note) for note in said if not status.error or note != str(status.error)]


def error(entry: JobEntry, say: Texts) -> list[str]:
    """Return what went wrong with a job and what to do, in one sentence; none where nothing did."""
    problem = entry.flow.status.error
    return [say.sentence(str(problem))] if problem else []


def was_cancelled(entry: JobEntry) -> bool:
    """Tell whether a job ended because somebody wanted that."""
    error = entry.flow.status.error
    return error is not None and error.code is ErrorCode.CANCELLED


def summary(entry: JobEntry, say: Texts) -> str:
    """Return all that is to be read below a job: its notes, then what went wrong."""
    return "\n".join([*notes(entry, say), *error(entry, say)])


def model_rows(models: Sequence[ModelInfo], say: Texts) -> list[tuple[str, str, str]]:
    """Return what can be chosen of some models: titles, names and tips; the first leaves the choice to the server."""
    usual = say("Best for photos (default)")
    if models and all(map(is_checkpoint, models)):
        usual = say("{title} (default)", title=models[0].title)
    return [
        (usual, "", ""),
        *(
            (
                model.title if model.available else say("{title} (is fetched first)", title=model.title),
                model.name,
                say("{name}, licence: {license}", name=model.name, license=model.license or "?"),
            )
            for model in models
        ),
    ]


def language_rows(as_system: str, say: Texts) -> list[tuple[str, str]]:
    """Return the languages to choose from: titles and codes; the first, called `as_system`, is the editor's own."""
    codes = ("en", *(code for code in languages() if code != "en"))
    return [(say(as_system), ""), *((say(LANGUAGES.get(code, code)), code) for code in codes)]


def apply_text(entry: JobEntry, say: Texts) -> str:
    """Return what stands on the button that applies a result; where it was refused before, a second yes is wanted."""
    return say("Apply all the same" if entry.flow.status.error else "Apply")


def variation_mark(number: int, entry: JobEntry) -> str:
    """Return what stands below the small picture of a variation: its number, and how far it is."""
    mark = f" · {entry.flow.status.fraction:.0%}" if entry.is_running else " ✓" if entry.is_applied else ""
    return f"{number}{' ✕' if has_no_result(entry) else mark}"


def has_no_result(entry: JobEntry) -> bool:
    """Tell whether a job has failed, or was cancelled."""
    return entry.flow.status.state in {JobState.FAILED, JobState.CANCELLED}


def variation_tip(number: int, entry: JobEntry, say: Texts) -> str:
    """Return what a variation is known by, and where it stands."""
    seed, state = entry.parameters.get("seed"), describe(entry.flow.status, say)
    return say("Variation {number}, seed {seed}: {state}", number=number, seed=seed, state=state)


def before_beginning(statuses: Sequence[JobProgress], say: Texts) -> str:
    """Return what is said of a job, or of its variations, on all of an image before anything is made."""
    time = about(sum(status.expected or 0.0 for status in statuses), say)
    if all(status.is_measured for status in statuses):
        return say("Nothing is selected: on all of the image this takes about {time}.", time=time)
    return say(
        "Nothing is selected: on all of the image this takes up to {time} on a processor, less on a graphics card.",
        time=time,
    )


def before_quitting(count: int, say: Texts) -> str:
    """Return what is said of results that wait where the editor is about to end."""
    return say.sentence(
        Sentence(
            "{count} results wait for your choice. The server keeps them for some days, and lists them here again.",
            one="1 result waits for your choice. The server keeps it for some days, and lists it here again.",
            count=count,
        )
    )


def before_closing(count: int, say: Texts) -> str:
    """Return what is said of results that wait where their image is about to be closed."""
    return say.sentence(
        Sentence(
            "{count} results for this image wait for your choice. Once it is closed, they open in a copy of it, "
            "unless you open it again.",
            one="1 result for this image waits for your choice. Once it is closed, it opens in a copy of it, "
            "unless you open it again.",
            count=count,
        )
    )


def left_title(job: JobSummary, record: Record | None, operations: Sequence[OperationInfo], say: Texts) -> str:
    """Return the title of a job of a session that is over: as it was written down, else its operation's."""
    title = next((each.title for each in operations if each.name == job.operation), job.operation)
    if record is None:
        return say(title)
    others = (Texts(code)(title) for code in languages())  # that session may have had another language
    told = next((each for each in chain((title, say(title)), others) if record.title.startswith(each)), "")
    return say(title) + record.title[len(told) :] if told else record.title


def left_line(title: str, record: Record | None) -> str:
    """Return how a job of a session that is over is listed: with the image that it was made of."""
    return f"{title}: {record.image}" if record is not None and record.image else title


def running_line(job: JobSummary, say: Texts) -> str:
    """Return where a job stands that runs at the server, or waits there, as a list of jobs tells it."""
    if job.position is not None:
        return say.sentence(place_in_queue(job.position))
    if job.state != "running":
        return say("Waiting")
    status = JobProgress(JobState.RUNNING, "Running", job.fraction or 0.0, seconds_left=job.seconds_left)
    return describe(status, say)


def of_variations(entries: list[JobEntry], say: Texts) -> str:
    """Return the line above variations of one wish."""
    ready = sum(entry.waits_for_person or entry.is_applied for entry in entries)
    return say.sentence(
        Sentence(
            "{count} variations, {ready} ready: choose",
            one="1 variation, {ready} ready: choose",
            count=len(entries),
            ready=ready,
        )
    )
