"""`foveate token`: who, apart from this machine's own programs, may use this machine's server."""

from __future__ import annotations

import argparse
import time
from typing import TYPE_CHECKING

from foveate_server.cli import options as shared

if TYPE_CHECKING:
    from foveate_server.config.server_config import ServerConfig

    Commands = argparse._SubParsersAction[argparse.ArgumentParser]


def add_to(commands: Commands) -> None:
    """Add the command and its parts."""
    parser = commands.add_parser("token", help="give or take back access to this machine's server")
    parts = parser.add_subparsers(metavar="PART", required=True)
    add = parts.add_parser("add", help="make a token and print it, once", description="Make a token and print it.")
    add.add_argument("name", metavar="NAME", help="whose it is; jobs belong to it")
    add.set_defaults(run=run_add)
    listing = parts.add_parser("list", help="the names of all tokens", description="The names of all tokens.")
    listing.set_defaults(run=run_list)
    revoke = parts.add_parser("revoke", help="make a token worthless", description="Make a token worthless, at once.")
    revoke.add_argument("name", metavar="NAME")
    revoke.set_defaults(run=run_revoke)
    for part in (add, listing, revoke):
        shared.add_output(part)


def run_add(options: argparse.Namespace) -> int:
    """Make a token and print it."""
    from foveate_server.cli.progress_display import print_json, print_line

    config = _config()
    from foveate_server.net.named_tokens import add_token

    token = add_token(config, options.name)
    if options.json:
        print_json({"name": options.name, "token": token})
    else:
        print_line(token)
    return 0


def run_list(options: argparse.Namespace) -> int:
    """Print the tokens' names."""
    from foveate_server.cli.progress_display import print_json, print_line

    config = _config()
    from foveate_server.net.named_tokens import list_tokens

    tokens = list_tokens(config)
    if options.json:
        print_json({"tokens": [{"name": token.name, "created": token.created} for token in tokens]})
        return 0
    for token in tokens:
        print_line(f"{token.name:24} {time.strftime('%Y-%m-%d %H:%M', time.localtime(token.created))}")
    return 0


def run_revoke(options: argparse.Namespace) -> int:
    """Make a token worthless."""
    from foveate_server.cli.progress_display import print_line

    config = _config()
    from foveate_server.net.named_tokens import revoke_token

    revoke_token(config, options.name)
    if not options.quiet:
        print_line(f"{options.name}: revoked")
    return 0


def _config() -> ServerConfig:
    import os

    from foveate_server.cli.server_parts import server_parts

    with server_parts():
        import foveate_server.net.named_tokens  # noqa: F401 - tells here whether its requirements are installed
        from foveate_server.config.server_config import load_config
    return load_config(environment=os.environ)
