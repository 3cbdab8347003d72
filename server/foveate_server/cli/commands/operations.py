"""`foveate operations`: what the server offers, with the parameters of each, their limits and defaults."""

from __future__ import annotations

import argparse
import textwrap
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from foveate_server.cli import options as shared

if TYPE_CHECKING:
    from foveate_shared.wire.protocol import OperationInfo

    Commands = argparse._SubParsersAction[argparse.ArgumentParser]

_INDENT = "    "
_WIDTH = 120


def add_to(commands: Commands) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "operations",
        help="list what the server can do, with limits and defaults",
        description="The operations of the server, and what can be said of each. One without a command of its own is "
        "run by its name all the same: `foveate NAME IN OUT --parameter VALUE`.",
    )
    parser.add_argument("name", nargs="?", metavar="NAME", help="this operation alone")
    shared.add_connection(parser)
    shared.add_output(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print the operations."""
    from foveate_server.cli.open_client import operations_at
    from foveate_server.cli.progress_display import Display, print_json, print_line

    with Display(quiet=options.quiet) as display:
        chosen = operations_at(options, display, options.name)
    if options.json:
        rows = [{"name": info.name, "title": info.title, "parameters": info.parameters} for info in chosen]
        print_json({"operations": rows})
        return 0
    for line in (line for info in chosen for line in _lines(info)):
        print_line(line)
    return 0


def _lines(info: OperationInfo) -> Iterator[str]:
    from foveate_server.cli.offered_options import allowed, metavar
    from foveate_shared.forms.picture_slots import picture_slots
    from foveate_shared.wire.protocol import as_object
    from foveate_shared.wire.schema_words import KINDS, LEVEL, REPLAY

    yield f"{info.name}: {info.title}"
    for name, value in info.properties.items():
        schema = as_object(value)
        if schema.get(LEVEL) == REPLAY:
            continue
        kinds = schema.get(KINDS)
        remarks = [metavar(schema), allowed(schema)]
        remarks += [f"only with {', '.join(map(str, kinds))}"] if isinstance(kinds, list) else []
        yield from _entry(name, remarks, str(schema.get("description") or schema.get("title") or ""))
    for slot in picture_slots(info.parameters):
        named = f"{slot.name}-1 to {slot.names[-1]}" if slot.most > 1 else slot.name
        remarks = ["--image NAME=FILE", f"at least {slot.least}" if slot.least > 1 else "needed" if slot.least else ""]
        remarks += ["as large as the picture" if slot.is_like_document else ""]
        yield from _entry(named, remarks, ". ".join(filter(None, (slot.title, slot.description))))


def _entry(name: str, remarks: Iterable[str], description: str) -> Iterator[str]:
    yield f"{_INDENT}{name} ({'; '.join(filter(None, remarks))})"
    yield from textwrap.wrap(description, _WIDTH, initial_indent=2 * _INDENT, subsequent_indent=2 * _INDENT)
