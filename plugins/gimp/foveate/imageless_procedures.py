"""The procedures that work on no image: the settings, and the results that wait."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass

from . import connection
from ._shared import translations


@dataclass(frozen=True)
class ImagelessProcedure:
    """One procedure."""

    procedure: str  # its name in GIMP
    menu_label: str
    blurb: str
    returns: str  # the name of what it returns, a text
    returned: str  # what that is
    tell: Callable[[translations.Texts], str]  # without interaction
    show: Callable[[translations.Texts], str]  # with a dialog; raises CancelledJobError where that was given up


def _show_waiting(say: translations.Texts) -> str:
    from . import waiting_dialog  # noqa: PLC0415 - only now: loading GTK takes longer than all else

    waiting_dialog.run(say)
    return _tell_waiting(say)


def _tell_waiting(say: translations.Texts) -> str:
    del say
    jobs = [job for job in connection.jobs_at_server() if job.state == "done"]
    return json.dumps([asdict(job) for job in jobs], sort_keys=True)


def _show_settings(say: translations.Texts) -> str:
    from . import server_dialog  # noqa: PLC0415 - as above

    return server_dialog.run(say)


TASKS = (
    ImagelessProcedure(
        "plug-in-foveate-waiting",
        "_Waiting Results...",
        "Open or discard results that nobody has taken, such as after a crash",
        "results",
        "What waits at the server, as JSON",
        _tell_waiting,
        _show_waiting,
    ),
    ImagelessProcedure(
        "plug-in-foveate-settings",
        "_Server Settings...",
        "Choose the server that renders, and see whether it is there",
        "state",
        "The server's, as a sentence",
        connection.server_state,
        _show_settings,
    ),
)
