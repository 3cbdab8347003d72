"""A picture in, a job, a picture out: what `upscale`, `refocus`, `faces`, `fill`, `compare` and `jobs resume` share."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
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
from foveate_server.cli.progress_display import Display, print_json
from foveate_server.cli.region import Region, parse_rect, region_of
from foveate_server.cli.run_job import run_job
from foveate_server.picture_files.picture import Picture
from foveate_server.picture_files.read import read_picture
from foveate_server.picture_files.write import SaveOptions, prepare, require_writable, save
from foveate_shared.forms.operation_form import with_seeds
from foveate_shared.forms.picture_slots import check_counted, picture_slots
from foveate_shared.geometry import Extent
from foveate_shared.jobs.host import Result
from foveate_shared.wire.protocol import JobSummary, JsonObject, OperationInfo

Resolve = Callable[[argparse.Namespace, OperationInfo], JsonObject]


@dataclass(frozen=True)
class _Opened:
    """IN, what of it is worked on, and what may be written over."""

    picture: Picture
    region: Region
    rule: OverwriteRule


def edit(options: argparse.Namespace, operation: str, resolve: Resolve) -> int:
    """Run `operation` on IN, write OUT, or each of its variations, say what happened; return the exit status.

    `resolve` makes the job's parameters of the options and of what the server tells of the operation.
    """
    count = count_of(options)
    outputs = [options.output] if count == 1 else _numbered(options.output, count)
    opened = _opened(options, outputs)
    pictures = read_pictures(paths_of(options.image))
    with Display(quiet=options.quiet) as display:
        info = operation_at(options, display, operation)
    check_counted(pictures, picture_slots(info.parameters))
    require_count(count, info)
    parameters = resolve(options, info)
    runs = zip(outputs, [parameters] if count == 1 else with_seeds(parameters, count), strict=True)
    agreement = Agreement(count, is_given=opened.region.selection is not None or getattr(options, "yes", True))
    reports = []
    for output, own in runs:
        options.output = output
        reports.append(_edit_once(options, opened, operation, own, pictures=pictures, agreement=agreement))
    if options.json:
        print_json(reports[0] if len(reports) == 1 else {"variations": reports})
    return 0


def resume(options: argparse.Namespace, named: Callable[[argparse.Namespace], JobSummary]) -> int:
    """Follow a job that was begun before to its end, and write OUT; return the exit status.

    `named` asks the server which job is meant.
    """
    opened = _opened(options, [options.output])
    job = named(options)
    pictures = pictures_of_job(options.image, job)
    report = _edit_once(options, opened, job.operation, {}, pictures=pictures, job=job.job)
    if options.json:
        print_json(report)
    return 0


def _opened(options: argparse.Namespace, outputs: Sequence[Path]) -> _Opened:
    """Return IN and what goes with it. Raises FoveateError also for what could not be written in the end."""
    picture = read_picture(options.input)
    region = region_in(options, picture.extent)
    prepare(picture, options.output)
    rule = OverwriteRule(options.force, sources_of(options), picture.sha256)
    for output in outputs:
        rule.require_picture(output)
        require_writable(output)
    return _Opened(picture, region, rule)


def _numbered(path: Path, count: int) -> list[Path]:
    return [path.with_name(f"{path.stem}-{number}{path.suffix}") for number in range(1, count + 1)]


def _edit_once(
    options: argparse.Namespace,
    opened: _Opened,
    operation: str,
    parameters: JsonObject,
    *,
    pictures: Mapping[str, PictureFile],
    job: str | None = None,
    agreement: Agreement | None = None,
) -> dict[str, Any]:
    """Run one job and write its result; return what --json tells of it."""
    began = time.monotonic()
    picture, region = opened.picture, opened.region
    with Display(quiet=options.quiet) as display:
        for note in picture.notes:
            display.say(note)
        if options.mask and region.selection and parameters.get("target") == "new":
            bounds = region.selection.bounds
            display.say(f"A new picture is a rectangle: the mask's bounds, {bounds.width} x {bounds.height} pixels.")
        output = _Output(options, opened, pictures, display)
        document = PictureDocument(picture, region, output.store, is_resumed=job is not None)
        sources: dict[str, Any] = {"job": job, "pictures": contents(pictures)}
        flow = run_job(options, display, document, operation, parameters, agreement=agreement, **sources)
        seconds = time.monotonic() - began
        width, height = output.extent.width, output.extent.height
        display.say(f"{options.output}: {width} x {height} pixels, {seconds:.1f} s")
    return {
        "output": str(options.output),
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
        self,
        options: argparse.Namespace,
        opened: _Opened,
        pictures: Mapping[str, PictureFile],
        display: Display,
    ) -> None:
        self._options = options
        self._opened = opened
        self._pictures = pictures
        self._display = display
        self.extent = Extent(0, 0)  # of what was written

    def store(self, made: Picture, result: Result) -> None:
        """Write the resulting picture with its recipe."""
        options, opened = self._options, self._opened
        prepared = prepare(made, options.output)
        for note in prepared.notes:
            self._display.say(note)
        recipe = None
        if not options.no_recipe:
            recipe = describe_result(
                opened.picture, opened.region, options.mask, prepared, result.recipe, pictures=self._pictures
            )
        words = words_for(result.recipe, prepared.extent, has_recipe=not options.no_recipe)
        how = SaveOptions(options.quality, options.lossy)
        for note in save(prepared, options.output, recipe=recipe, words=words, options=how, check=opened.rule.require):
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
