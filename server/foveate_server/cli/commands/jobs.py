"""`foveate jobs`: what the server still has for us or an editor, and getting, resuming or cancelling it."""

from __future__ import annotations

import argparse
import time
from dataclasses import asdict
from typing import TYPE_CHECKING

from foveate_server.cli import options as shared

if TYPE_CHECKING:
    from foveate_server.cli.everyones_jobs import EveryonesJobs
    from foveate_shared.wire.protocol import Jobs, JobSummary, JsonObject

    Commands = argparse._SubParsersAction[argparse.ArgumentParser]


def add_to(commands: Commands) -> None:
    """Add the command and its parts."""
    parser = commands.add_parser(
        "jobs", help="list, fetch, resume or cancel jobs", description="The jobs that are yours."
    )
    shared.add_owner(parser, everyone=True)
    shared.add_output(parser)
    shared.add_connection(parser)
    parser.set_defaults(run=run_list)
    parts = parser.add_subparsers(metavar="PART")

    resume = parts.add_parser(
        "resume",
        help="wait for a job and write its result",
        description="Wait for a job that was left behind and write its result; what failed of a new picture is tried "
        "again. IN, the region, and further pictures, as they were.",
    )
    resume.add_argument("job", metavar="JOB", help="its id, or how it begins")
    shared.add_files(resume)
    shared.add_region(resume)
    shared.add_images(resume)
    resume.set_defaults(run=run_resume)

    fetch = parts.add_parser(
        "fetch",
        help="write what a job has made",
        description="Write the result of a job that is done, without the picture that it was made from: a new picture, "
        "or the region alone, transparent around it. It keeps its recipe (`foveate replay OUT --input IN`). "
        "Where you have the picture, take `foveate jobs resume`: it writes all of it.",
    )
    fetch.add_argument("job", metavar="JOB", help="its id, or how it begins")
    shared.add_result(fetch)
    shared.add_incomplete(fetch)
    fetch.set_defaults(run=run_fetch)

    cancel = parts.add_parser("cancel", help="end jobs", description="End jobs, and drop their results.")
    cancel.add_argument("job", metavar="JOB", nargs="+", help="an id, or how it begins")
    cancel.set_defaults(run=run_cancel)
    for part in (fetch, resume, cancel):
        shared.add_owner(part, everyone=part is cancel)
        shared.add_output(part)
        shared.add_connection(part)


def run_list(options: argparse.Namespace) -> int:
    """Print the jobs."""
    from foveate_server.cli.progress_display import print_json, print_line

    listing = None if options.all else _listing(options)
    jobs = _everyones(options).list() if listing is None else [asdict(job) for job in listing.jobs]
    expired = listing.expired if listing else ()
    if options.json:
        print_json({"jobs": jobs, **({"expired": [asdict(job) for job in expired]} if expired else {})})
        return 0
    for gone in expired:
        print_line(f"{gone.job}  {_when(gone.created)}  {gone.operation:8} expired: its result is gone")
    for job in jobs:
        owner = f"{job['owner']:12} " if options.all else ""
        print_line(f"{job['job']}  {_when(job['created'])}  {owner}{job['operation']:8} {job['state']}{_where(job)}")
    if not jobs:
        print_line("No jobs.")
    return 0


def _where(job: JsonObject) -> str:
    """Return where a job stands in the queue, or how far it is and how long it takes still; nothing of others."""
    from foveate_shared.jobs.job_status import duration

    if job["position"]:
        return f" (number {job['position']})"
    fraction, left = job.get("fraction"), job.get("seconds_left")
    if job["state"] != "running" or not isinstance(fraction, (int, float)):
        return ""
    time_left = f", {duration(left)} left" if isinstance(left, (int, float)) else ""
    return f" ({fraction:.0%}{time_left})"


def run_resume(options: argparse.Namespace) -> int:
    """Follow a job to its end, as if it had never been left."""
    from foveate_server.cli.edit_picture import resume

    return resume(options, _named)


def run_fetch(options: argparse.Namespace) -> int:
    """Write the result of a job that is done."""
    from foveate_server.cli.fetch_result import fetch

    return fetch(options, _named)


def run_cancel(options: argparse.Namespace) -> int:
    """Cancel jobs and let the server forget their results."""
    if options.all:
        return _cancel_anyone_s(options)
    from foveate_server.cli.open_client import connect
    from foveate_server.cli.progress_display import Display, print_line
    from foveate_shared.connection.inquiry import Inquiry
    from foveate_shared.wire.protocol import Ack, Cancel

    with Display(quiet=options.quiet) as display, connect(options, display) as client:
        inquiry = Inquiry(client)
        jobs = inquiry.jobs()
        chosen = [_find(jobs, text) for text in options.job]
        for job in chosen:
            client.post(Cancel(job.job))
            client.post(Ack(job.job))
        inquiry.jobs()  # answered after all that was posted before
    if not options.quiet:
        for job in chosen:
            print_line(f"{job.job}: cancelled")
    return 0


def _when(created: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(created))


def _cancel_anyone_s(options: argparse.Namespace) -> int:
    """Cancel jobs, whosever they are; what they have made so far stays for their owners."""
    from foveate_server.cli.progress_display import print_line

    everyones = _everyones(options)
    numbers = {job["job"]: job["number"] for job in everyones.list()}
    for job in [_chosen(list(numbers), text) for text in options.job]:
        was_running = everyones.cancel(numbers[job])
        if not options.quiet:
            print_line(f"{job}: {'cancelled' if was_running else 'had ended already'}")
    return 0


def _everyones(options: argparse.Namespace) -> EveryonesJobs:
    from foveate_server.cli.everyones_jobs import EveryonesJobs
    from foveate_server.cli.open_client import finder
    from foveate_server.cli.progress_display import Display

    with Display(quiet=options.quiet) as display:
        return EveryonesJobs(finder(options, display)())


def _jobs(options: argparse.Namespace) -> tuple[JobSummary, ...]:
    return _listing(options).jobs


def _listing(options: argparse.Namespace) -> Jobs:
    from foveate_server.cli.open_client import asking
    from foveate_server.cli.progress_display import Display

    with Display(quiet=options.quiet) as display, asking(options, display) as inquiry:
        return inquiry.listing()


def _named(options: argparse.Namespace) -> JobSummary:
    """Return the job that was named; where its owner has none such, that of another client with the same token.

    From then on the options speak for that client: its settings may be gone.
    """
    jobs = _jobs(options)
    if not any(_is_meant(job.job, options.job) for job in jobs) and (client := _client_with(options)):
        options.client_id = client
        jobs = _jobs(options)
    return _find(jobs, options.job)


def _client_with(options: argparse.Namespace) -> str | None:
    """Return the id of the client that has the job; None where none with our token has, or we may not know."""
    from foveate_shared.errors import RefusedError

    try:
        clients = {job["job"]: job["client"] for job in _everyones(options).list() if job["client"]}
    except RefusedError:  # another machine's token does not own the server
        return None
    found = [job for job in clients if _is_meant(job, options.job)]
    return clients[_chosen(found, options.job)] if found else None


def _find(jobs: tuple[JobSummary, ...], text: str) -> JobSummary:
    chosen = _chosen([job.job for job in jobs], text)
    return next(job for job in jobs if job.job == chosen)


def _is_meant(job: str, text: str) -> bool:
    return job.startswith(text.lower())


def _chosen(ids: list[str], text: str) -> str:
    from foveate_shared.errors import ErrorCode, InputError

    found = [job for job in ids if _is_meant(job, text)]
    if len(found) == 1:
        return found[0]
    problem = "There are several jobs" if found else "There is no job"
    raise InputError(
        f"{problem} whose id begins with {text}.", code=ErrorCode.UNKNOWN_JOB, remedy="`foveate jobs` lists them."
    )
