"""Options that several commands share."""

from __future__ import annotations

import argparse
from pathlib import Path

EDITORS = ("krita", "gimp", "blender")


def add_connection(parser: argparse.ArgumentParser) -> None:
    """Add the options that say which server to use; without them, this machine's, started where none runs."""
    group = parser.add_argument_group("server", "Without these: the server of this machine, started where none runs.")
    group.add_argument("--server", metavar="URL", help="a server, such as https://studio:7317")
    group.add_argument("--token-file", metavar="FILE", type=Path, help="a file with the token for --server")
    group.add_argument("--fingerprint", metavar="HEX", help="SHA-256 of the server's certificate, to trust it alone")
    group.add_argument(
        "--pairing",
        metavar="LINE",
        help="the line that `foveate serve --pair` printed, or @FILE with it (a line on the command line is visible "
        "to other users of this machine)",
    )


def add_owner(parser: argparse.ArgumentParser, *, everyone: bool = False) -> None:
    """Add the options that say whose jobs are meant; without them, the command line's own. `everyone` adds --all."""
    group = parser.add_argument_group("owner", "Without these: the jobs of the command line itself.")
    named = group.add_mutually_exclusive_group()
    named.add_argument(
        "--as", dest="owner", metavar="EDITOR", choices=EDITORS, help=f"the jobs of a plugin: {', '.join(EDITORS)}"
    )
    named.add_argument("--settings", metavar="FILE", type=Path, help="likewise, by the file with the plugin's settings")
    if everyone:
        named.add_argument("--all", action="store_true", help="everyone's jobs; for who owns the server alone")


def owner_arguments(options: argparse.Namespace) -> str:
    """Return what was said of whose jobs are meant, for a command to copy: with a blank before it, or nothing."""
    editor, settings = getattr(options, "owner", None), getattr(options, "settings", None)
    return f" --as {editor}" if editor else f" --settings {settings}" if settings else ""


def add_output(parser: argparse.ArgumentParser) -> None:
    """Add the options about what a command prints."""
    parser.add_argument("--json", action="store_true", help="print the result as JSON on stdout")
    parser.add_argument("--quiet", action="store_true", help="no progress and no remarks; errors are still told")


def add_files(parser: argparse.ArgumentParser) -> None:
    """Add IN, OUT, and how OUT is written."""
    parser.add_argument("input", metavar="IN", type=Path, help="PNG, JPEG, WebP, TIFF or OpenEXR; - is stdin")
    add_result(parser)


def add_many_files(parser: argparse.ArgumentParser) -> None:
    """Add IN and OUT, or any number of pictures, and how results are written."""
    parser.add_argument(
        "files",
        metavar="FILE",
        type=Path,
        nargs="+",
        help="IN and OUT: PNG, JPEG, WebP, TIFF or OpenEXR; OUT's ending says as what it is written, - is stdin or "
        "stdout. With --to or --suffix: pictures, and folders of pictures",
    )
    many = parser.add_argument_group(
        "many pictures", "What failed is named in the end; a second run makes only what is missing."
    )
    many.add_argument("--to", metavar="FOLDER", type=Path, help="write the results there, under the pictures' names")
    many.add_argument("--suffix", metavar="TEXT", help="put this behind the names: _sharp makes a_sharp.jpg of a.jpg")
    add_kind(many)
    _add_writing(parser)


def add_result(parser: argparse.ArgumentParser) -> None:
    """Add OUT, and how it is written."""
    parser.add_argument(
        "output", metavar="OUT", type=Path, help="where the result goes; its ending says as what. - is stdout"
    )
    _add_writing(parser)


def _add_writing(parser: argparse.ArgumentParser) -> None:
    add_force(parser)
    parser.add_argument(
        "--quality",
        type=_quality,
        default=95,
        metavar="1-100",
        help="of JPEG, and of WebP with --lossy (default 95). A lossy file is encoded anew as a whole: the samples "
        "handed to the encoder are the original ones outside the region, what it makes of them is close to them. For a "
        "result that is the original outside the region, write PNG, TIFF, OpenEXR or lossless WebP.",
    )
    parser.add_argument("--lossy", action="store_true", help="write WebP lossy; it is lossless by default")
    parser.add_argument("--no-recipe", action="store_true", help="do not keep how the result was made, with it")


def add_kind(parser: argparse._ActionsContainer) -> None:
    """Add the kind of a picture whose name does not say it."""
    parser.add_argument(
        "--as", dest="kind", metavar="KIND", help="write png, jpg, webp, tif or exr, also where OUT is -; else as IN"
    )


def add_force(parser: argparse.ArgumentParser) -> None:
    """Add the permission to replace files."""
    parser.add_argument(
        "--force",
        action="store_true",
        help="replace a file that exists, also one that is read; without it only an untouched result of the same "
        "original makes room for a newer one. What is read-only stays",
    )


def add_incomplete(parser: argparse.ArgumentParser) -> None:
    """Add the permission to write a new picture of which rows are missing."""
    parser.add_argument(
        "--incomplete",
        action="store_true",
        help="write a new picture of which rows are missing too; they are named, the exit status is 1, and the server "
        "keeps the result",
    )


def add_images(parser: argparse.ArgumentParser) -> None:
    """Add the choice of further pictures."""
    parser.add_argument(
        "--image",
        action="append",
        default=[],
        metavar="NAME=FILE",
        help="a further picture, for operations that take some (`foveate operations NAME` lists them); may be given "
        "several times",
    )


def add_region(parser: argparse.ArgumentParser) -> None:
    """Add the options that select a region."""
    group = parser.add_mutually_exclusive_group()
    group.add_argument("--rect", metavar="X,Y,W,H", help="the region, in pixels of the upright picture")
    group.add_argument(
        "--mask",
        metavar="MASK",
        type=Path,
        help="the region as a grey picture of IN's size: white is selected, and nothing that is transparent; of one "
        "colour on transparency, all that is opaque",
    )
    parser.add_argument("--invert-mask", action="store_true", help="select what MASK does not select")


def add_yes(parser: argparse.ArgumentParser) -> None:
    """Add the yes to all of a picture, for an operation that is mostly meant for a region."""
    parser.add_argument(
        "--yes",
        action="store_true",
        help="without a region, work on all of the picture however long that takes; otherwise what takes a minute or "
        "longer is asked for, where a person can answer",
    )


def _quality(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 100:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1 to 100")
    return int(text)
