"""`foveate replay`: make a result again from its recipe, and see whether it is the same."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from foveate_server.cli import options as shared

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[argparse.ArgumentParser]


def add_to(commands: Commands) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "replay",
        help="make a result again from its recipe",
        description="Make a result again from the recipe in it (or beside it), and tell whether the samples are the "
        "same. On the same kind of device they are, bit for bit. On another kind they may differ by 8 levels of 8 bit "
        "at most and 0.5 on average, or by 1 and 0.1 where the network ran in 32 bits. Exit status 0: the same, or "
        "within that on another kind of device; 1: not.",
    )
    parser.add_argument("result", metavar="OUT", type=Path, help="a result of foveate")
    parser.add_argument("--input", metavar="IN", type=Path, help="the original, where it is not beside OUT")
    parser.add_argument("--mask", metavar="MASK", type=Path, help="the mask, where it is not beside OUT")
    shared.add_images(parser)
    parser.add_argument("--to", metavar="NEW", type=Path, help="write what comes out")
    shared.add_force(parser)
    shared.add_output(parser)
    shared.add_connection(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Replay and compare."""
    from foveate_server.cli.replay_recipe import replay

    return replay(options)
