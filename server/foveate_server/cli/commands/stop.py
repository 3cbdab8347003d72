"""`foveate stop`: end the server of this machine."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from foveate_server.cli import options as shared

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[argparse.ArgumentParser]


def add_to(commands: Commands) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "stop",
        help="end the server",
        description="End the server of this machine, such as after an update. What it has not finished goes on once a "
        "server is started again, which plugins and commands do by themselves. Where none runs, that is said and is no "
        "failure.",
    )
    shared.add_output(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """End it, and say so; where none runs, what was wanted is so."""
    from foveate_server.cli.progress_display import print_json, print_line
    from foveate_shared.connection.end_server import end_server

    server = end_server()
    if options.json:
        print_json({"ended": server and {"pid": server.pid, "version": server.version}})
    elif not options.quiet:
        print_line(
            f"The server has ended (pid {server.pid}, version {server.version})." if server else "No server is running."
        )
    return 0
