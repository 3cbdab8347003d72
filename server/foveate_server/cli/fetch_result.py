"""`foveate jobs fetch`: the result of a job that is done, as a picture of its own, without the one it came from."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path

from foveate_server.cli.a1111_text import parameters_text
from foveate_server.cli.document import Store
from foveate_server.cli.file_recipe import describe_alone
from foveate_server.cli.open_client import connect
from foveate_server.cli.options import owner_arguments
from foveate_server.cli.overwrite_rule import OverwriteRule
from foveate_server.cli.progress_display import Display, print_json
from foveate_server.cli.result_alone import ResultAlone
from foveate_server.cli.result_files import require_target, write_parts
from foveate_server.cli.target import Target, target_of
from foveate_server.picture_files.picture import Picture
from foveate_server.picture_files.write import SaveOptions, prepare
from foveate_shared.connection.client import ConnectionState
from foveate_shared.errors import ErrorCode, ErrorInfo, FoveateError, InputError, to_exception
from foveate_shared.jobs.host import Result
from foveate_shared.jobs.job_flow import ENDED, JobState, Rerender
from foveate_shared.jobs.missing_parts import rows_in_words, rows_missing_in
from foveate_shared.jobs.unclaimed_results import WaitingResults
from foveate_shared.wire.protocol import JobSummary

_TICK_SECONDS = 0.1


def fetch(options: argparse.Namespace, named: Callable[[argparse.Namespace], JobSummary]) -> int:
    """Write the result of a job to OUT; the server forgets it then. Return the exit status.

    `named` asks the server which job is meant. What is not whole is kept there. Raises FoveateError; all is kept then.
    """
    rule = OverwriteRule(options.force)
    target = target_of(options, rule)
    if not target.is_pipe:
        rule.require_picture(target.path)  # it may be the very picture that the region belongs into
    job = named(options)
    if job.state != "done" and not (options.incomplete and job.state == "failed"):
        raise _not_done(job, owner_arguments(options))
    with Display(quiet=options.quiet) as display:
        written: list[Path] = []

        def take(result: Result) -> None:
            require_target(options.output, result.kind)
            written.extend(write_parts(result, options.output, rule.require))

        alone = ResultAlone(_writer(options, target, display), take)
        with connect(options, display) as client:
            waiting = WaitingResults(client, lambda _: alone)
            flow = waiting.fetch(job, takes_incomplete=options.incomplete)
            while flow.status.state not in ENDED:
                client.wait(_TICK_SECONDS)
                waiting.poll()
                if waiting.connection.state is ConnectionState.LOST and waiting.connection.error:
                    raise to_exception(waiting.connection.error)
            _require(flow, JobState.UNAPPLIED)
            flow.apply()
            _require(flow, JobState.DONE)
        extent = alone.extent
        for path in written:
            display.say(f"{path}: written")
        if not written:
            place = f", which belong at {alone.place.x}, {alone.place.y} of the picture" if alone.place else ""
            display.say(f"{options.output}: {extent.width} x {extent.height} pixels{place}")
        missing = rows_missing_in(flow.result) if flow.result else []
        if missing:
            display.warn(f"{options.output}: {rows_in_words(missing, extent.height)}. The server keeps the result.")
    if options.json:
        report = {
            "output": str(options.output),
            "extent": [extent.width, extent.height],
            **({"outputs": [str(path) for path in written]} if written else {}),
            **({"place": [alone.place.x, alone.place.y]} if alone.place else {}),
            **({"missing_rows": [list(rows) for rows in missing]} if missing else {}),
            "job": job.job,
            "outcomes": [asdict(outcome) for outcome in flow.outcomes],
            "recipe": flow.result.recipe if flow.result else {},
        }
        print_json(report)
    return int(bool(missing))


def _not_done(job: JobSummary, owner: str) -> InputError:
    remedy = "Wait for it, or give the picture that it works on to `foveate jobs resume`."
    if job.state == "failed":
        resume = f"foveate jobs resume {job.job} IN OUT{owner}"
        remedy = f"`{resume}` tries again what failed; --incomplete writes what is there."
    return InputError(f"The job is not done: it is {job.state}.", code=ErrorCode.CONFLICT, remedy=remedy)


def _require(flow: Rerender, state: JobState) -> None:
    status = flow.status
    if status.error is not None:
        raise _with_incomplete(status.error, flow)
    if status.state is not state:
        raise InputError("The job was cancelled.", remedy="There is nothing to fetch.")


def _with_incomplete(error: ErrorInfo, flow: Rerender) -> FoveateError:
    """Return the error; where the result is not whole, with how to write what is there."""
    if flow.result and rows_missing_in(flow.result):
        error = replace(error, remedy=f"{error.remedy} --incomplete writes what is there.")
    return to_exception(error)


def _writer(options: argparse.Namespace, target: Target, display: Display) -> Store:
    def store(made: Picture, result: Result) -> None:
        prepared = prepare(made, target.path)
        for note in prepared.notes:
            display.say(note)
        recipe = words = None
        if not options.no_recipe and result.recipe:
            recipe = describe_alone(prepared, result.recipe)
            words = parameters_text(result.recipe, prepared.extent)
        how = SaveOptions(options.quality, options.lossy)
        for note in target.write(prepared, how, recipe=recipe, words=words):
            display.say(note)

    return store
