"""Ask before all of a picture is worked on, where that takes long: a region is more easily forgotten than left out."""

from __future__ import annotations

from foveate_server.cli.progress_display import Display
from foveate_shared.errors import CancelledJobError
from foveate_shared.jobs.job_flow import JobProgress, Rerender
from foveate_shared.jobs.job_status import LONG_SECONDS, about


class Agreement:
    """The person's yes to all of a picture, given once for all variations of a command."""

    def __init__(self, count: int, *, is_given: bool) -> None:
        """`count` is the number of variations; where the yes is given, nothing is asked."""
        self._count = count
        self._is_given = is_given

    @property
    def asks_from(self) -> float | None:
        """Return from how many expected seconds on a flow is to wait for :meth:`settle`; None for never."""
        return None if self._is_given else LONG_SECONDS

    def settle(self, flow: Rerender, display: Display) -> None:
        """Ask, and begin a flow that waits for it; where nobody can be asked, begin it and say so.

        Raises CancelledJobError where the person does not want it.
        """
        told = _in_words(flow.status, self._count)
        if not display.can_ask:
            display.say(f"{told} For a part of it, give a region with --rect or --mask.")
        elif not display.ask(f"{told} Go on?"):
            raise CancelledJobError(
                "Nothing was begun.", remedy="Give a region with --rect or --mask, or say --yes for all of the picture."
            )
        self._is_given = True
        flow.begin()


def _in_words(status: JobProgress, count: int) -> str:
    time = about(count * (status.expected or 0.0))
    if status.is_measured:
        return f"No region is given: on all of the picture this takes about {time}."
    return f"No region is given: on all of the picture this takes up to {time} on a processor, less on a graphics card."
