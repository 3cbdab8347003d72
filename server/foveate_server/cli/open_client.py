"""Which server a command talks to: the one that the options name, else this machine's, started where none runs."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import platformdirs

from foveate_server.cli.job_owners import named_owner
from foveate_server.cli.progress_display import Display
from foveate_server.cli.version import version
from foveate_server.plugins.editor_places import Machine
from foveate_shared.connection import settings
from foveate_shared.connection.client import Client, FindServer
from foveate_shared.connection.inquiry import Inquiry
from foveate_shared.connection.pairing_line import parse_pairing
from foveate_shared.connection.server_address import ServerAddress
from foveate_shared.connection.start_server import find_or_start, find_running
from foveate_shared.editor.typed_settings import typed_address
from foveate_shared.errors import ErrorCode, InputError
from foveate_shared.wire.protocol import OperationInfo, Peer

IDLE_EXIT_MINUTES = 10  # of a server that a command has started


@contextmanager
def connect(options: argparse.Namespace, display: Display) -> Iterator[Client]:
    """Give a client of the server that `options` name. Raises FoveateError where they make no sense."""
    find_server = finder(options, display)  # first: options that make no sense leave no id behind
    owner = named_owner(options, Machine())
    identity = getattr(options, "client_id", None) or (owner.client_id if owner else client_id())
    with Client(find_server, identity, Peer("foveate-cli", version())) as client:
        yield client


def finder(options: argparse.Namespace, display: Display) -> FindServer:
    """Return what finds the server that `options` name. Raises as :func:`connect` does."""
    if address := named_address(options):
        return lambda: address
    owner = named_owner(options, Machine())
    return owner.find_server if owner else local_finder(display)


def named_address(options: argparse.Namespace) -> ServerAddress | None:
    """Return the server that --server or --pairing names; None where they were not given. Raises InputError."""
    if options.pairing is not None:
        if options.server is not None:
            raise InputError("Both --server and --pairing were given.", remedy="Give one of them.")
        return _paired(options.pairing)
    if options.server is None:
        if options.token_file is not None or options.fingerprint is not None:
            raise InputError("--token-file and --fingerprint need --server.", remedy="Say which server: --server URL.")
        return None
    if options.token_file is None:
        raise InputError("--server needs a token.", remedy="Put it into a file and say --token-file FILE.")
    return ServerAddress(typed_address(options.server), _read(options.token_file, "token"), options.fingerprint)


def _paired(argument: str) -> ServerAddress:
    line = _read(Path(argument[1:]), "pairing line") if argument.startswith("@") else argument
    pairing = parse_pairing(line)
    return ServerAddress(pairing.url, pairing.token, pairing.fingerprint)


def _read(path: Path, what: str) -> str:
    try:
        return path.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text"
        raise InputError(
            f"The file {path} with the {what} cannot be read: {reason}.",
            code=ErrorCode.INVALID_FILE,
            remedy="Check its name and permissions.",
        ) from None


def local_finder(display: Display) -> Callable[[], ServerAddress]:
    """Return what finds this machine's server for a client, and starts one where none runs."""

    def find() -> ServerAddress:
        if address := find_running():
            return address
        display.say("Starting the server.")
        return find_or_start(server_command())

    return find


def server_command() -> list[str]:
    """Return the command that starts a server which ends by itself."""
    return [sys.executable, "-m", "foveate_server", "serve", "--idle-exit-minutes", str(IDLE_EXIT_MINUTES)]


def client_id() -> str:
    """Return the id of this installation's command line, made at its first use: jobs belong to it."""
    return settings.load(platformdirs.user_config_path("foveate") / "cli.json").client_id


@contextmanager
def asking(options: argparse.Namespace, display: Display) -> Iterator[Inquiry]:
    """Give an inquiry at the server that `options` name."""
    with connect(options, display) as client:
        yield Inquiry(client)


def operations_at(options: argparse.Namespace, display: Display, name: str | None) -> tuple[OperationInfo, ...]:
    """Return the operations of the server that `options` name, or the one called `name` alone.

    Raises InputError where it has none such.
    """
    with asking(options, display) as inquiry:
        offered = inquiry.welcome().operations
    chosen = tuple(info for info in offered if name in (None, info.name))
    if not chosen:
        raise InputError(
            f"This server has no operation {name}.",
            code=ErrorCode.UNKNOWN_OPERATION,
            remedy=f"It offers {', '.join(info.name for info in offered)}.",
        )
    return chosen


def operation_at(options: argparse.Namespace, display: Display, name: str) -> OperationInfo:
    """Return one operation, see :func:`operations_at`."""
    return operations_at(options, display, name)[0]
