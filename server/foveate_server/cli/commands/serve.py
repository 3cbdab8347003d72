"""`foveate serve`: run the server."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[argparse.ArgumentParser]

FLAGS = (
    ("host", "ADDRESS", "where to listen; beyond this machine only with TLS (default 127.0.0.1)"),
    ("port", "NUMBER", "0 takes any free one; clients on this machine find it (default 0)"),
    ("data_dir", "FOLDER", "jobs, results, tokens"),
    ("cache_dir", "FOLDER", "models"),
    ("log_dir", "FOLDER", "logs"),
    ("runtime_file", "FILE", "where clients on this machine find the address"),
    ("device", "NAME", "auto, cpu, cuda, cuda:1, mps, ... (default auto)"),
    ("threads", "NUMBER", "of the processor (default: as many as it has cores)"),
    ("idle_exit_minutes", "MINUTES", "end after so long without clients and jobs (default: never)"),
)


def add_to(commands: Commands) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "serve",
        help="run the server until Ctrl+C",
        description="Run the server until Ctrl+C. All settings can also stand in a TOML file, or in FOVEATE_* in the "
        "environment; these flags win.",
    )
    parser.add_argument("--config", metavar="FILE", type=Path, help="the TOML file")
    for name, value, text in FLAGS:
        parser.add_argument(f"--{name.replace('_', '-')}", metavar=value, help=text)
    parser.add_argument("--offline", action="store_const", const=True, help="never fetch anything, not even models")
    parser.add_argument(
        "--pair",
        metavar="NAME",
        nargs="?",
        const="",
        help="serve other machines too, encrypted, and print the line that a client there needs; NAME is this "
        "machine's name or address as they see it (default: its address in the local network)",
    )
    parser.add_argument("--quiet", action="store_true", help="say nothing when it is ready")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Serve until a signal comes."""
    import os

    from foveate_server.cli.progress_display import Display, print_line
    from foveate_server.cli.server_parts import server_parts
    from foveate_server.lasting_imports import lasting_imports

    with server_parts(), lasting_imports():
        from foveate_server.app import build
        from foveate_server.config.server_config import load_config
        from foveate_server.net.pairing import pair
        from foveate_server.net.run_service import run_service

    flags = {name: getattr(options, name) for name, _, _ in FLAGS} | {"offline": options.offline}
    config = load_config(file=options.config, environment=os.environ, flags=flags)
    pairing = None
    if options.pair is not None:
        config, pairing = pair(config, options.pair or None)
    display = Display(quiet=options.quiet)

    def announce(text: str) -> None:
        display.say(text)
        if pairing:
            print_line(pairing.line)

    run_service(config, build, announce)
    return 0
