"""`foveate detect`: the faces in a picture, or what else a detector finds."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from foveate_server.cli import options as shared
from foveate_server.cli import parameter_options

if TYPE_CHECKING:
    from foveate_shared.wire.protocol import Outcome

    Commands = argparse._SubParsersAction[argparse.ArgumentParser]

FACES = "faces"  # the detector of whoever names none, and what outcomes call its findings


def add_to(commands: Commands) -> None:
    """Add the command."""
    summary = "find the faces in a picture"
    parser = commands.add_parser("detect", help=summary, description="Find the faces in a picture, from left to right.")
    parser.add_argument("input", metavar="IN", type=Path, help="PNG, JPEG, WebP, TIFF or OpenEXR; - is stdin")
    shared.add_region(parser)
    parameter_options.add(parser, ["min_score", "detector"])
    shared.add_output(parser)
    shared.add_connection(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Detect and print."""
    from foveate_server.cli.document import PictureDocument
    from foveate_server.cli.open_client import operation_at
    from foveate_server.cli.piped_input import read_input
    from foveate_server.cli.progress_display import Display, print_json, print_line
    from foveate_server.cli.region import parse_rect, region_of
    from foveate_server.cli.run_job import run_job

    picture = read_input(options.input)
    rect = parse_rect(options.rect) if options.rect is not None else None
    document = PictureDocument(picture, region_of(picture.extent, rect, options.mask, inverted=options.invert_mask))
    with Display(quiet=options.quiet) as display:
        parameters = parameter_options.resolve(options, operation_at(options, display, "detect"))
        flow = run_job(options, display, document, "detect", parameters)
    name = str(parameters.get("detector", FACES))
    found = found_by(name, flow.outcomes)
    if options.json:
        print_json({name: found})
        return 0
    for number, finding in enumerate(found, 1):
        x, y, width, height = (round(value) for value in finding["box"])
        print_line(f"{number}: --rect {x},{y},{width},{height} (score {finding['score']:.2f})")
    if not found:
        print_line(flow.outcomes[-1].message)
    return 0


def found_by(detector: str, outcomes: tuple[Outcome, ...]) -> list[dict[str, Any]]:
    """Return what a job found: box [x, y, width, height], landmarks, score and more; in document pixels."""
    for outcome in outcomes:
        found: Any = outcome.data.get(detector)
        if isinstance(found, list):
            return found
    return []
