"""`foveate upscale`, `refocus` and `faces`: a picture in, a picture out."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import TYPE_CHECKING

from foveate_server.cli import options as shared
from foveate_shared.errors import InputError
from foveate_shared.protocol import JsonObject

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[argparse.ArgumentParser]  # what add_subparsers() returns; no public name
    Parameters = Callable[[argparse.Namespace], JsonObject]
    Run = Callable[[argparse.Namespace], int]


def add_to(commands: Commands) -> None:
    """Add the three commands."""
    upscale = _add(commands, "upscale", "enlarge a picture, or give a region the detail of a larger rendering")
    upscale.add_argument("--scale", type=int, choices=(2, 3, 4), help="how many times larger (default 4)")
    target = upscale.add_mutually_exclusive_group()
    target.add_argument("--in-place", action="store_true", help="keep the picture's size; the region gets the detail")
    target.add_argument("--as-new", action="store_true", help="write just the region, enlarged; of a mask, its bounds")
    upscale.set_defaults(run=_runner("upscale", _upscale_parameters))

    refocus = _add(commands, "refocus", "bring a soft region into focus, in place")
    shared.add_strength(refocus)
    refocus.set_defaults(
        run=_runner("refocus", lambda o: shared.given(strength=o.strength, model=o.model, exact=o.exact))
    )

    faces = _add(commands, "faces", "find every face and bring each into focus, in place")
    shared.add_strength(faces)
    faces.add_argument("--only", type=shared.numbers, metavar="1,3", help="these faces alone, numbered left to right")
    faces.add_argument("--min-score", type=shared.fraction, metavar="0-1", help="how sure the detector must be")
    faces.set_defaults(run=_runner("faces", _faces_parameters))


def _add(commands: Commands, name: str, summary: str) -> argparse.ArgumentParser:
    parser = commands.add_parser(name, help=summary, description=summary[:1].upper() + summary[1:] + ".")
    shared.add_files(parser)
    shared.add_region(parser)
    shared.add_model(parser)
    shared.add_exact(parser)
    shared.add_output(parser)
    shared.add_connection(parser)
    return parser


def _upscale_parameters(options: argparse.Namespace) -> JsonObject:
    selected = options.rect is not None or options.mask is not None
    if selected and not (options.in_place or options.as_new):
        raise InputError(
            "With a region, upscale can do two things.",
            remedy="Say --in-place to keep the picture's size, or --as-new to write just the region, enlarged.",
        )
    target = "document" if options.in_place else "new"
    return shared.given(scale=options.scale, target=target, model=options.model, exact=options.exact)


def _faces_parameters(options: argparse.Namespace) -> JsonObject:
    only: JsonObject = {"only": list(options.only)} if options.only else {}
    return only | shared.given(
        strength=options.strength, min_score=options.min_score, model=options.model, exact=options.exact
    )


def _runner(operation: str, parameters: Parameters) -> Run:
    def run(options: argparse.Namespace) -> int:
        from foveate_server.cli.editing import edit

        return edit(options, operation, parameters(options))

    return run
