"""A picture in, a job, a picture out: what `upscale`, `refocus`, `faces`, `fill`, `compare` and `jobs resume` share."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from foveate_server.cli.a1111_text import words_for
from foveate_server.cli.ask_beforehand import Agreement
from foveate_server.cli.document import PictureDocument
from foveate_server.cli.file_recipe import describe_result
from foveate_server.cli.job_pictures import PictureFile, contents, paths_of, pictures_of_job, read_pictures
from foveate_server.cli.open_client import operation_at
from foveate_server.cli.overwrite_rule import OverwriteRule
from foveate_server.cli.parameter_options import count_of, require_count
from foveate_server.cli.piped_input import read_input
from foveate_server.cli.progress_display import Display, print_json
from foveate_server.cli.region import Region, parse_rect, region_of
from foveate_server.cli.run_job import run_job
from foveate_server.cli.target import Target, target_of
from foveate_server.picture_files.picture import Picture
from foveate_server.picture_files.write import SaveOptions, prepare
from foveate_shared.errors import InputError
from foveate_shared.forms.operation_form import with_seeds
from foveate_shared.forms.picture_slots import check_counted, picture_slots
from foveate_shared.geometry import Extent
from foveate_shared.jobs.host import Result
from foveate_shared.wire.protocol import JobSummary, JsonObject, OperationInfo

Resolve = Callable[[argparse.Namespace, OperationInfo], JsonObject]


@dataclass(frozen=True)
class OpenedPicture:
    """IN, what of it is worked on, and where the results go."""

    picture: Picture
    region: Region
    targets: tuple[Target, ...]


@dataclass(frozen=True)
class EditJob:
    """What is to be done with a picture."""

    operation: str
    parameters: JsonObject = field(default_factory=dict)
    pictures: Mapping[str, PictureFile] = field(default_factory=dict)
    job: str | None = None  # the id of one that was begun before
    agreement: Agreement | None = None


def edit(options: argparse.Namespace, operation: str, resolve: Resolve) -> int:
    """Run `operation` on IN, write OUT, or each of its variations, say what happened; return the exit status.

    `resolve` makes the job's parameters of the options and of what the server tells of the operation.
    """
    count = count_of(options)
    opened = open_picture(options, count)
    pictures = read_pictures(paths_of(options.image))
    info = offered(options, operation, pictures)
    parameters = resolve(options, info)
    job = EditJob(operation, parameters, pictures, agreement=agreement_of(options, count))
    each = [parameters] if count == 1 else with_seeds(parameters, count)
    reports = []
    for target, own in zip(opened.targets, each, strict=True):
        reports.append(_edit(options, opened, target, replace(job, parameters=own)))
    if options.json:
        print_json(reports[0] if len(reports) == 1 else {"variations": reports})
    return 0


def resume(options: argparse.Namespace, named: Callable[[argparse.Namespace], JobSummary]) -> int:
    """Follow a job that was begun before to its end, and write OUT; return the exit status.

    `named` asks the server which job is meant.
    """
    opened = open_picture(options)
    summary = named(options)
    job = EditJob(summary.operation, pictures=pictures_of_job(options.image, summary), job=summary.job)
    report = _edit(options, opened, opened.targets[0], job)
    if options.json:
        print_json(report)
    return 0


def open_picture(options: argparse.Namespace, count: int = 1) -> OpenedPicture:
    """Return IN and what goes with it. Raises FoveateError also for what could not be written in the end."""
    picture = read_input(options.input)
    region = region_in(options, picture.extent)
    target = target_of(options, OverwriteRule(options.force, sources_of(options), picture.sha256), kind=picture.kind)
    targets = (target,) if count == 1 else _numbered(target, count)
    for each in targets:
        each.require(picture)
    return OpenedPicture(picture, region, targets)


def offered(options: argparse.Namespace, operation: str, pictures: Mapping[str, PictureFile]) -> OperationInfo:
    """Return what the server tells of an operation. Raises FoveateError where it cannot do what the options ask."""
    with Display(quiet=options.quiet) as display:
        info = operation_at(options, display, operation)
    check_counted(pictures, picture_slots(info.parameters))
    require_count(count_of(options), info)
    return info


def agreement_of(options: argparse.Namespace, count: int) -> Agreement:
    """Return the yes to `count` jobs on all of a picture: given where there is a region, or it was said."""
    is_region = options.rect is not None or options.mask is not None
    return Agreement(count, is_given=is_region or getattr(options, "yes", True))


def _numbered(target: Target, count: int) -> tuple[Target, ...]:
    if target.is_pipe:
        raise InputError("Several pictures do not go through a pipe.", remedy="Name a file as OUT.")
    path = target.path
    paths = [path.with_name(f"{path.stem}-{number}{path.suffix}") for number in range(1, count + 1)]
    return tuple(replace(target, path=each) for each in paths)


def _edit(options: argparse.Namespace, opened: OpenedPicture, target: Target, job: EditJob) -> dict[str, Any]:
    """Run one job and say what was written; return what --json tells of it."""
    with Display(quiet=options.quiet) as display:
        report = edit_once(options, display, opened, target, job)
        display.say("{output}: {extent[0]} x {extent[1]} pixels, {seconds:.1f} s".format_map(report))
    return report


def edit_once(
    options: argparse.Namespace, display: Display, opened: OpenedPicture, target: Target, job: EditJob
) -> dict[str, Any]:
    """Run one job and write its result; return what --json tells of it."""
    began = time.monotonic()
    picture, region = opened.picture, opened.region
    for note in picture.notes:
        display.say(note)
    if options.mask and region.selection and job.parameters.get("target") == "new":
        bounds = region.selection.bounds
        display.say(f"A new picture is a rectangle: the mask's bounds, {bounds.width} x {bounds.height} pixels.")
    output = _Output(options, display, opened, target, job)
    document = PictureDocument(picture, region, output.store, is_resumed=job.job is not None)
    sources: dict[str, Any] = {"job": job.job, "pictures": contents(job.pictures), "agreement": job.agreement}
    flow = run_job(options, display, document, job.operation, job.parameters, **sources)
    seconds = time.monotonic() - began
    width, height = output.extent.width, output.extent.height
    return {
        "output": str(target),
        "extent": [width, height],
        "seconds": round(seconds, 3),
        "job": flow.job,
        "outcomes": [asdict(outcome) for outcome in flow.outcomes],
        "notes": list(flow.status.notes),
        "recipe": flow.result.recipe if flow.result else {},
    }


class _Output:
    """OUT, written as soon as the result is there: before that, the server does not forget the job."""

    def __init__(
        self, options: argparse.Namespace, display: Display, opened: OpenedPicture, target: Target, job: EditJob
    ) -> None:
        self._options = options
        self._display = display
        self._opened = opened
        self._target = target
        self._job = job
        self.extent = Extent(0, 0)  # of what was written

    def store(self, made: Picture, result: Result) -> None:
        """Write the resulting picture with its recipe."""
        options, opened = self._options, self._opened
        prepared = prepare(made, self._target.path)
        for note in prepared.notes:
            self._display.say(note)
        recipe = None
        if not options.no_recipe:
            recipe = describe_result(
                opened.picture,
                opened.region,
                options.mask,
                prepared,
                result.recipe,
                pictures=self._job.pictures,
                asked=None if self._job.job else self._job.parameters,
            )
        words = words_for(result.recipe, prepared.extent, has_recipe=not options.no_recipe)
        how = SaveOptions(options.quality, options.lossy)
        for note in self._target.write(prepared, how, recipe=recipe, words=words):
            self._display.say(note)
        self.extent = prepared.extent


def region_in(options: argparse.Namespace, extent: Extent) -> Region:
    """Return the region that the options name in a picture of `extent`. Raises InputError for none that fits."""
    rect = parse_rect(options.rect) if options.rect is not None else None
    return region_of(extent, rect, options.mask, inverted=options.invert_mask)


def sources_of(options: argparse.Namespace) -> tuple[Path, ...]:
    """Return the files that a command reads: IN, the mask and further pictures, as far as it has them."""
    named = (getattr(options, "input", None), getattr(options, "mask", None))
    return (*filter(None, named), *paths_of(options.image).values())
