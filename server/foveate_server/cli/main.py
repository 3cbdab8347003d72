"""The command `foveate`: chooses the command, and turns every failure into one sentence and an exit status.

0: done. 1: the job failed or was cancelled. 2: bad usage or input. 3: no server, or it refused. 130: Ctrl+C.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from foveate_server.cli import offered_options
from foveate_server.cli.commands import COMMANDS, edit
from foveate_server.cli.version import version
from foveate_shared.errors import (
    ConnectionLostError,
    ErrorInfo,
    FoveateError,
    InputError,
    RefusedError,
    to_exception,
)

JOB_FAILED, BAD_INPUT, NO_SERVER, INTERRUPTED = 1, 2, 3, 130
DEBUG_VARIABLE = "FOVEATE_DEBUG"

Run = Callable[[argparse.Namespace], int]


class _Parser(argparse.ArgumentParser):
    """Errors are one sentence with a remedy, without the usage in front."""

    _sorts = False  # files from options, in a call of its own

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Take any number of files before, between and behind options, as argparse itself does a fixed number."""
        if self._sorts or not any(action.nargs == "+" for action in self._get_positional_actions()):
            return super().parse_known_args(args, namespace)
        self._sorts = True
        try:
            return self.parse_known_intermixed_args(_without_dashes(args), namespace)
        finally:
            self._sorts = False

    def error(self, message: str) -> NoReturn:
        """Print the sentence and exit with status 2."""
        _complain(f"{message[:1].upper()}{message[1:]}.", f"See `{self.prog} --help`.")
        sys.exit(BAD_INPUT)


def _without_dashes(arguments: Sequence[str]) -> list[str]:
    """Return the arguments without `--`: what comes after it is written so that it is no option."""
    words = list(arguments)
    if "--" not in words:
        return words
    at = words.index("--")
    behind = (f"./{word}" if word.startswith("-") and word != "-" else word for word in words[at + 1 :])
    return [*words[:at], *behind]


class _Version(argparse.Action):
    """Prints the version; looks it up only then."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> NoReturn:
        print(f"foveate {version()}")  # noqa: T201 - a command's result
        parser.exit()


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the whole command line, as far as it is known without a server."""
    return _build()[0]


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Return what the arguments say.

    What only the server may know, an operation or a parameter, is asked of it. Raises FoveateError where it is not
    reached, or does not know it; exits where the arguments make no sense.
    """
    parser, commands = _build()
    flags: frozenset[str] = frozenset()
    name = next((argument for argument in arguments if not argument.startswith("-")), "")
    if name in commands.choices:
        options, unknown = parser.parse_known_args(arguments)
        if not unknown or not hasattr(options, "operation"):
            return parser.parse_args(arguments)
        info = offered_options.ask(arguments, name)
        flags = offered_options.add_offered(commands.choices[name], info, options.covered)
    elif _may_be_operation(name, arguments):
        info = offered_options.ask(arguments, name)
        flags = offered_options.add_offered(edit.add_offered_command(commands, info), info, ())
    answered = offered_options.answered(arguments, flags)
    if flags:
        options, unknown = parser.parse_known_args(answered)
        offered_options.check_answers(arguments, flags, [*unknown, *_beyond_in_and_out(options)])
    return parser.parse_args(answered)


def _beyond_in_and_out(options: argparse.Namespace) -> list[str]:
    """Return the words that were taken for files, where only two can be meant."""
    is_many = getattr(options, "to", None) is not None or getattr(options, "suffix", None) is not None
    return [] if is_many else [str(file) for file in getattr(options, "files", [])[2:]]


def _may_be_operation(name: str, arguments: Sequence[str]) -> bool:
    """Tell whether the server is worth being asked: an operation needs OUT."""
    return bool(name) and (len(arguments) > 1 or not {"-h", "--help"}.isdisjoint(arguments))


def _build() -> tuple[argparse.ArgumentParser, argparse._SubParsersAction[Any]]:
    parser = _Parser(
        prog="foveate",
        description="Re-render just a region of a picture: bring faces into focus, enlarge with real detail.",
        epilog="Exit status: 0 done, 1 the job failed, 2 bad usage or input, 3 no server or refused, 130 Ctrl+C.",
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="print the version and exit")
    commands = parser.add_subparsers(metavar="COMMAND", required=True, parser_class=_Parser)
    for command in COMMANDS:
        command.add_to(commands)
    return parser, commands


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status."""
    try:
        options = parse(sys.argv[1:] if arguments is None else arguments)
        run: Run = options.run
        return run(options)
    except KeyboardInterrupt:
        _complain("Cancelled.", "")
        return INTERRUPTED
    except FoveateError as error:
        return _fail(error.info)
    except BrokenPipeError:  # the reader of our output has gone, such as `head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return JOB_FAILED
    except Exception as error:
        if isinstance(error, OSError) and error.filename:  # a home that cannot be written, a full disk
            _complain(
                f"{error.filename} cannot be used: {error.strerror}.", "Check its folder, permissions and free space."
            )
            return JOB_FAILED
        if os.environ.get(DEBUG_VARIABLE):
            raise
        _complain(
            f"foveate failed unexpectedly: {type(error).__name__}: {error}.",
            f"This is a bug: please report it with what {DEBUG_VARIABLE}=1 prints.",
        )
        return JOB_FAILED


def exit_status(info: ErrorInfo) -> int:
    """Return the exit status that stands for an error."""
    error = to_exception(info)
    if isinstance(error, InputError):
        return BAD_INPUT
    return NO_SERVER if isinstance(error, (RefusedError, ConnectionLostError)) else JOB_FAILED


def _fail(info: ErrorInfo) -> int:
    _complain(info.message, info.remedy)
    return exit_status(info)


def _complain(sentence: str, remedy: str) -> None:
    print(f"{sentence} {remedy}".strip().replace("\n", " "), file=sys.stderr)  # noqa: T201 - how a command fails
