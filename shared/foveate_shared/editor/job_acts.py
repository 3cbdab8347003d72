"""What a person can do with a job that runs or has ended, and when each of it makes sense."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ..jobs.job_list import JobEntry


@dataclass(frozen=True)
class JobAct:
    """One thing to do. Texts are English: translate them."""

    name: str
    text: str  # on a button
    tip: str
    fits: Callable[[JobEntry], bool]
    is_main: bool = False  # what is usually wanted


def _is_over(entry: JobEntry) -> bool:
    return not entry.is_running and not entry.waits_for_person


JOB_ACTS = (
    JobAct("cancel", "Cancel", "End this job; the image stays as it is", lambda entry: entry.is_running),
    JobAct(
        "apply",
        "Apply",
        "Add the result as a new layer; one step to undo",
        lambda entry: entry.waits_for_person,
        is_main=True,
    ),
    JobAct("begin", "Begin", "Make it, although it takes long", lambda entry: entry.flow.is_held, is_main=True),
    JobAct("discard", "Discard", "Give this result up", lambda entry: entry.waits_for_person),
    JobAct(
        "rest", "Make the rest", "Try again what failed; the finished parts stay", lambda entry: entry.can_make_rest
    ),
    JobAct("again", "Again", "Run the same on the active image", _is_over),
    JobAct(
        "recipe",
        "Recipe",
        "Show what makes this result again",
        lambda entry: entry.flow.result is not None and not entry.is_running,
    ),
    JobAct("remove", "Remove", "Remove this from the list; layers stay", _is_over),
)
