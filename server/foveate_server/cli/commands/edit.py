"""`foveate upscale`, `refocus`, `faces`, `fill` and `compare`, and what else a server offers: a picture in, one out."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from foveate_server.cli import options as shared
from foveate_server.cli import parameter_options
from foveate_shared.errors import InputError
from foveate_shared.forms.picture_slots import result_kind, takes_document
from foveate_shared.wire.protocol import PIXELS, SELECTION, JsonObject, OperationInfo

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[argparse.ArgumentParser]  # what add_subparsers() returns; no public name
    Resolve = Callable[[argparse.Namespace, OperationInfo], JsonObject]
    Check = Callable[[argparse.Namespace], None]


def add_to(commands: Commands) -> None:
    """Add the commands."""
    upscale = _add(commands, "upscale", "enlarge a picture, or give a region the detail of a larger rendering")
    _add_parameters(upscale, ["scale"], covers=["target"])
    target = upscale.add_mutually_exclusive_group()
    parameter_options.add_constant(
        target, "--in-place", "target", "document", "keep the picture's size; the region gets the detail"
    )
    parameter_options.add_constant(
        target, "--as-new", "target", "new", "write just the region, enlarged; of a mask, its bounds"
    )
    _add_parameters(upscale, ["strength", "restorer"])
    parameter_options.add_checkpoint(upscale)
    upscale.set_defaults(run=_runner("upscale", _require_target))

    refocus = _add(commands, "refocus", "bring a soft region into focus, in place; with a prompt, re-render it")
    _add_parameters(refocus, ["strength"])
    parameter_options.add_checkpoint(refocus)
    shared.add_yes(refocus)
    refocus.set_defaults(run=_runner("refocus"))

    faces = _add(
        commands, "faces", "find every face and bring each into focus, in place; with a prompt, re-render them"
    )
    _add_parameters(faces, ["strength", "only", "min_score"])
    parameter_options.add_checkpoint(faces)
    shared.add_yes(faces)
    faces.set_defaults(run=_runner("faces"))

    fill = _add(commands, "fill", "make new content in a region, remove what is there, or extend the picture")
    _add_parameters(fill, ["strength", "start", "extend"])
    parameter_options.add_checkpoint(fill)
    fill.set_defaults(run=_runner("fill", _require_place))

    compare = _add(commands, "compare", "re-render a region in several ways and write them side by side, with labels")
    _add_parameters(compare, ["strength"], covers=["variants"])
    parameter_options.add_variants(compare)
    parameter_options.add_checkpoint(compare, variations=False)
    shared.add_yes(compare)
    compare.set_defaults(run=_runner("compare", resolve=_with_variants))


def add_offered_command(commands: Commands, info: OperationInfo) -> argparse.ArgumentParser:
    """Add the command of an operation that only the server knows; what its parameters are is not added."""
    parser = commands.add_parser(info.name, help=info.title, description=f"{info.title}, as the server offers it.")
    gives, has_document = result_kind(info.parameters), takes_document(info.parameters)
    if gives not in {PIXELS, SELECTION} or not has_document:
        _add_other(parser, has_document=has_document)
        parser.set_defaults(run=_other_runner(info), operation=info.name, covered=())
        return parser
    _add_usual(parser)
    shared.add_yes(parser)
    if "siblings" in info.properties:
        parameter_options.add_variations(parser)
    parser.set_defaults(run=_runner(info.name), operation=info.name, covered=())
    return parser


def _add(commands: Commands, name: str, summary: str) -> argparse.ArgumentParser:
    parser = commands.add_parser(
        name,
        help=summary,
        description=summary[:1].upper() + summary[1:] + ".",
        epilog="Limits, defaults and choices are the server's: `foveate operations` lists them.",
    )
    _add_usual(parser)
    parameter_options.add(parser, ["model"])
    parameter_options.add_constant(
        parser,
        "--exact",
        "exact",
        value=True,
        meaning="compute in 32 bits for an 8-bit picture too: half as fast on a processor; tiles then agree with the "
        "whole within one level of 255 (16-bit and float pictures are always computed so)",
    )
    parser.set_defaults(operation=name, covered=("model", "exact", *parameter_options.CHECKPOINT))
    return parser


def _add_other(parser: argparse.ArgumentParser, *, has_document: bool) -> None:
    """Add the options of an operation that takes no picture, or does not give one."""
    if has_document:
        shared.add_files(parser)
        shared.add_region(parser)
    else:
        shared.add_result(parser)
    shared.add_kind(parser)
    shared.add_images(parser)
    shared.add_output(parser)
    shared.add_connection(parser)


def _add_usual(parser: argparse.ArgumentParser) -> None:
    shared.add_many_files(parser)
    shared.add_region(parser)
    shared.add_images(parser)
    shared.add_output(parser)
    shared.add_connection(parser)


def _add_parameters(parser: argparse.ArgumentParser, names: Iterable[str], covers: Iterable[str] = ()) -> None:
    parameter_options.add(parser, names)
    parser.set_defaults(covered=(*parser.get_default("covered"), *names, *covers))


def _require_target(options: argparse.Namespace) -> None:
    if _is_region(options) and "target" not in parameter_options.said(options):
        raise InputError(
            "With a region, upscale can do two things.",
            remedy="Say --in-place to keep the picture's size, or --as-new to write just the region, enlarged.",
        )


def _require_place(options: argparse.Namespace) -> None:
    if _is_region(options) == ("extend" in parameter_options.said(options)):
        raise InputError(
            "A region and --extend were given." if _is_region(options) else "Fill needs to know where.",
            remedy="Give a region with --rect or --mask, or extend the picture with --extend.",
        )


def _with_variants(options: argparse.Namespace, info: OperationInfo) -> JsonObject:
    variants = list(parameter_options.variants_of(options, info))
    return {"variants": list(variants), **parameter_options.resolve(options, info)}


def _is_region(options: argparse.Namespace) -> bool:
    return options.rect is not None or options.mask is not None


def _runner(
    operation: str, check: Check = lambda _: None, *, resolve: Resolve = parameter_options.resolve
) -> Callable[[argparse.Namespace], int]:
    """Return what runs the command; `check` says, before anything is done, what makes no sense whatever the server."""

    def run(options: argparse.Namespace) -> int:
        check(options)
        if options.to is not None or options.suffix is not None:
            from foveate_server.cli.edit_many import edit_many

            return edit_many(options, operation, resolve)
        from foveate_server.cli.edit_picture import edit

        options.input, options.output = _in_and_out(options.files)
        return edit(options, operation, resolve)

    return run


def _in_and_out(files: Sequence[Path]) -> Sequence[Path]:
    if len(files) == 1:
        raise InputError("OUT is missing.", remedy="Name the file to write, or a folder for it: --to FOLDER.")
    if len(files) > 2:
        raise InputError(
            "Several pictures need a place for the results.", remedy="Name a folder: --to FOLDER; or say --suffix TEXT."
        )
    if files[1].is_dir() and files[1] != Path():
        raise InputError(f"{files[1]} is a folder.", remedy=f"To write into it, say --to {files[1]}.")
    return files


def _other_runner(info: OperationInfo) -> Callable[[argparse.Namespace], int]:
    def run(options: argparse.Namespace) -> int:
        from foveate_server.cli.edit_other import edit_other

        return edit_other(options, info, parameter_options.resolve)

    return run
