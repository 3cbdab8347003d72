"""Operations that take no picture, or do not give one: what only the server knows of can be such.

`foveate measure IN OUT.json` writes a report, and its drawing beside it as OUT.png; `foveate export IN FOLDER` writes
files into a folder; `foveate make OUT` makes a picture out of nothing.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from foveate_server.cli.a1111_text import words_for
from foveate_server.cli.document import PictureDocument
from foveate_server.cli.edit_picture import Resolve, region_in, sources_of
from foveate_server.cli.file_recipe import describe_result
from foveate_server.cli.job_pictures import contents, paths_of, read_pictures
from foveate_server.cli.overwrite_rule import OverwriteRule
from foveate_server.cli.piped_input import read_input
from foveate_server.cli.progress_display import Display, print_json
from foveate_server.cli.result_alone import ResultAlone
from foveate_server.cli.result_files import require_target, write_parts
from foveate_server.cli.run_job import run_job
from foveate_server.cli.target import Target, target_of
from foveate_server.picture_files.picture import Picture
from foveate_server.picture_files.write import SaveOptions, prepare
from foveate_shared.forms.picture_slots import check_counted, picture_slots, result_kind, takes_document
from foveate_shared.jobs.host import Result
from foveate_shared.wire.protocol import PIXELS, OperationInfo


def edit_other(options: argparse.Namespace, info: OperationInfo, resolve: Resolve) -> int:
    """Run an operation, write what it gives, and say so; return the exit status."""
    kind = result_kind(info.parameters)
    if kind != PIXELS:
        require_target(options.output, kind)
    pictures = read_pictures(paths_of(options.image))
    check_counted(pictures, picture_slots(info.parameters))
    picture = read_input(options.input) if takes_document(info.parameters) else None
    rule = OverwriteRule(options.force, sources_of(options), picture.sha256 if picture else "")
    target = target_of(options, rule)
    if kind == PIXELS:
        target.require()
    else:
        rule.require(options.output)
    written: list[Path | Target] = []
    notes: list[str] = []  # about what was written

    def store(made: Picture, result: Result) -> None:
        prepared = prepare(made, target.path)
        recipe = (
            None if options.no_recipe else describe_result(None, None, None, prepared, result.recipe, pictures=pictures)
        )
        words = words_for(result.recipe, prepared.extent, has_recipe=not options.no_recipe)
        how = SaveOptions(options.quality, options.lossy)
        notes.extend((*prepared.notes, *target.write(prepared, how, recipe=recipe, words=words)))
        written.append(target)

    def take(result: Result) -> None:
        written.extend(write_parts(result, options.output, rule.require))

    if picture:
        host: Any = PictureDocument(picture, region_in(options, picture.extent), store, take=take)
    else:
        host = ResultAlone(store, take)
    return _run(options, info, resolve, host, written=written, notes=notes, pictures=contents(pictures))


def _run(
    options: argparse.Namespace,
    info: OperationInfo,
    resolve: Resolve,
    host: Any,
    *,
    written: list[Path | Target],
    notes: list[str],
    **sources: Any,
) -> int:
    began = time.monotonic()
    with Display(quiet=options.quiet) as display:
        flow = run_job(
            options,
            display,
            host,
            info.name,
            resolve(options, info),
            **sources,
        )
        seconds = time.monotonic() - began
        for note in notes:
            display.say(note)
        for path in written:
            display.say(f"{path}: written, {seconds:.1f} s")
    if options.json:
        report = {
            "outputs": [str(path) for path in written],
            "seconds": round(seconds, 3),
            "job": flow.job,
            "outcomes": [asdict(outcome) for outcome in flow.outcomes],
            "notes": list(flow.status.notes),
            "recipe": flow.result.recipe if flow.result else {},
        }
        print_json(report)
    return 0
