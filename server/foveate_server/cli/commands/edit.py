"""`foveate upscale`, `refocus`, `faces`, `fill` and `compare`: a picture in, a picture out."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import TYPE_CHECKING

from foveate_server.cli import checkpoint_options
from foveate_server.cli import options as shared
from foveate_shared.errors import InputError
from foveate_shared.wire.protocol import JsonObject

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[argparse.ArgumentParser]  # what add_subparsers() returns; no public name
    Parameters = Callable[[argparse.Namespace], JsonObject]
    Run = Callable[[argparse.Namespace], int]


def add_to(commands: Commands) -> None:
    """Add the commands."""
    upscale = _add(commands, "upscale", "enlarge a picture, or give a region the detail of a larger rendering")
    upscale.add_argument("--scale", type=int, choices=(2, 3, 4), help="how many times larger (default 4)")
    target = upscale.add_mutually_exclusive_group()
    target.add_argument("--in-place", action="store_true", help="keep the picture's size; the region gets the detail")
    target.add_argument("--as-new", action="store_true", help="write just the region, enlarged; of a mask, its bounds")
    shared.add_strength(upscale, "of a checkpoint: how much detail it may invent (default 0.3)")
    upscale.add_argument(
        "--restorer",
        metavar="NAME",
        help="which restorer enlarges before a checkpoint adds detail (default: the default one)",
    )
    checkpoint_options.add_words(upscale)
    upscale.set_defaults(run=_runner("upscale", _upscale_parameters))

    refocus = _add(commands, "refocus", "bring a soft region into focus, in place; with a prompt, re-render it")
    shared.add_strength(refocus, _STRENGTH.format(0.5))
    checkpoint_options.add_words(refocus)
    refocus.set_defaults(run=_runner("refocus", _common))

    faces = _add(
        commands, "faces", "find every face and bring each into focus, in place; with a prompt, re-render them"
    )
    shared.add_strength(faces, _STRENGTH.format(0.4))
    faces.add_argument("--only", type=shared.numbers, metavar="1,3", help="these faces alone, numbered left to right")
    faces.add_argument("--min-score", type=shared.fraction, metavar="0-1", help="how sure the detector must be")
    checkpoint_options.add_words(faces)
    faces.set_defaults(run=_runner("faces", _faces_parameters))

    fill = _add(commands, "fill", "make new content in a region, remove what is there, or extend the picture")
    shared.add_strength(fill, "1 makes it anew, less keeps to what the region starts from (default 1)")
    fill.add_argument(
        "--start", choices=("fill", "original", "noise"), help="what the region holds at the start (default fill)"
    )
    fill.add_argument(
        "--extend",
        type=checkpoint_options.extension,
        metavar="L,T,R,B",
        help="pixels by which the picture grows on each side",
    )
    checkpoint_options.add_words(fill)
    fill.set_defaults(run=_runner("fill", _fill_parameters))

    compare = _add(commands, "compare", "re-render a region in several ways and write them side by side, with labels")
    shared.add_strength(compare, "of all variants that name none (default 0.5)")
    checkpoint_options.add_variants(compare)
    checkpoint_options.add_words(compare, variations=False)
    compare.set_defaults(run=_runner("compare", _compare_parameters))


_STRENGTH = "0 changes nothing, 1 is the full effect (default 1; of a checkpoint {:g})"


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
    return shared.given(scale=options.scale, target=target, restorer=options.restorer) | _common(options)


def _faces_parameters(options: argparse.Namespace) -> JsonObject:
    only: JsonObject = {"only": list(options.only)} if options.only else {}
    return only | shared.given(min_score=options.min_score) | _common(options)


def _fill_parameters(options: argparse.Namespace) -> JsonObject:
    selected = options.rect is not None or options.mask is not None
    if selected == (options.extend is not None):
        raise InputError(
            "Fill needs to know where." if not selected else "A region and --extend were given.",
            remedy="Give a region with --rect or --mask, or extend the picture with --extend.",
        )
    return shared.given(start=options.start, extend=options.extend) | _common(options)


def _compare_parameters(options: argparse.Namespace) -> JsonObject:
    variants: JsonObject = {"variants": list(checkpoint_options.variants_of(options))}
    return variants | _common(options)


def _common(options: argparse.Namespace) -> JsonObject:
    return shared.given(
        strength=options.strength, model=options.model, exact=options.exact
    ) | checkpoint_options.words_of(options)


def _runner(operation: str, parameters: Parameters) -> Run:
    def run(options: argparse.Namespace) -> int:
        from foveate_server.cli.edit_picture import edit

        return edit(options, operation, parameters(options))

    return run
