"""`foveate detect`: the faces in a picture."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from foveate_server.cli import options as shared
from foveate_server.cli import parameter_options

if TYPE_CHECKING:
    from foveate_shared.wire.protocol import Outcome

    Commands = argparse._SubParsersAction[argparse.ArgumentParser]


def add_to(commands: Commands) -> None:
    """Add the command."""
    summary = "find the faces in a picture"
    parser = commands.add_parser("detect", help=summary, description="Find the faces in a picture, from left to right.")
    parser.add_argument("input", metavar="IN", type=Path, help="PNG, JPEG, WebP, TIFF or OpenEXR")
    shared.add_region(parser)
    parameter_options.add(parser, ["min_score"])
    shared.add_output(parser)
    shared.add_connection(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Detect and print."""
    from foveate_server.cli.connect import operation_at
    from foveate_server.cli.document import PictureDocument
    from foveate_server.cli.progress_display import Display, print_json, print_line
    from foveate_server.cli.region import parse_rect, region_of
    from foveate_server.cli.run_job import run_job
    from foveate_server.picture_files.read import read_picture

    picture = read_picture(options.input)
    rect = parse_rect(options.rect) if options.rect is not None else None
    document = PictureDocument(picture, region_of(picture.extent, rect, options.mask))
    with Display(quiet=options.quiet) as display:
        parameters = parameter_options.resolve(options, operation_at(options, display, "detect"))
        flow = run_job(options, display, document, "detect", parameters)
    faces = faces_of(flow.outcomes)
    if options.json:
        print_json({"faces": faces})
        return 0
    for number, face in enumerate(faces, 1):
        x, y, width, height = (round(value) for value in face["box"])
        print_line(f"{number}: --rect {x},{y},{width},{height} (score {face['score']:.2f})")
    if not faces:
        print_line("No face was found.")
    return 0


def faces_of(outcomes: tuple[Outcome, ...]) -> list[dict[str, Any]]:
    """Return the faces that a job found: box [x, y, width, height], landmarks, score; in document pixels."""
    for outcome in outcomes:
        faces: Any = outcome.data.get("faces")
        if isinstance(faces, list):
            return faces
    return []
