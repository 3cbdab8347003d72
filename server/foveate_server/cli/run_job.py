"""One job from the command line: start it, show how it goes, end it well, also on Ctrl+C."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import replace

from foveate_server.cli.ask_beforehand import Agreement
from foveate_server.cli.document import OtherPicture, PictureDocument, other_picture
from foveate_server.cli.open_client import connect
from foveate_server.cli.options import owner_arguments
from foveate_server.cli.progress_display import Display
from foveate_server.cli.result_alone import ResultAlone
from foveate_shared.errors import CancelledJobError, ErrorInfo, FoveateError, to_exception
from foveate_shared.jobs.job_flow import JobProgress, JobState, Rerender
from foveate_shared.jobs.missing_parts import rows_missing_in
from foveate_shared.jobs.named_pictures import FrozenPicture
from foveate_shared.jobs.run_blocking import failure_of, run_to_end
from foveate_shared.wire.protocol import JsonObject


def run_job(
    options: argparse.Namespace,
    display: Display,
    document: PictureDocument | ResultAlone,
    operation: str,
    parameters: JsonObject,
    *,
    job: str | None = None,
    pictures: Mapping[str, FrozenPicture] | None = None,
    agreement: Agreement | None = None,
) -> Rerender:
    """Run a job to its end and return its flow; the document has stored the result.

    `pictures` go beside the document; a job with the host of a result alone has no document. With an `agreement` one
    that takes long is begun only after that.
    Raises the FoveateError that ended it; on KeyboardInterrupt the job is cancelled first.
    """
    with connect(options, display) as client:
        takes_document = isinstance(document, PictureDocument)
        flow = Rerender(
            client,
            document,
            operation,
            parameters,
            job=job,
            retry=job is not None,
            pictures=pictures,
            takes_document=takes_document,
            asks_from=agreement.asks_from if agreement else None,
        )

        def show(status: JobProgress) -> None:
            display.show(status)
            if agreement and flow.is_held:
                agreement.settle(flow, display)

        if isinstance(document, PictureDocument):  # leaves the job as it is; errors cancel it
            document.on_other_picture = lambda: flow.abandon(other_picture())
        flow.start()
        try:
            status = run_to_end(client, flow, on_status=show)
        except OtherPicture:
            raise other_picture() from None
    if status.state is JobState.CANCELLED:
        raise CancelledJobError("The job was cancelled.", remedy="Nothing was written.")
    if status.error:
        raise _with_rescue(status.error, flow, owner_arguments(options))
    return flow


def _with_rescue(error: ErrorInfo, flow: Rerender, owner: str) -> FoveateError:
    """Return the error; where there is a result, or a part of one, with the command to get it all the same."""
    if flow.status.state is not JobState.UNAPPLIED:
        return failure_of(flow, error, owner)
    command = f"foveate jobs resume {flow.job} IN OUT{owner}"
    if flow.result and rows_missing_in(flow.result):
        command = f"foveate jobs fetch {flow.job} OUT --incomplete{owner}"
    remedy = f"{error.remedy} The server keeps the result: `{command}`."
    return to_exception(replace(error, remedy=remedy.strip()))
