"""Where a result goes: a file that may be written, or stdout where OUT is `-`."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from foveate_server.cli.overwrite_rule import OverwriteRule
from foveate_server.cli.piped_input import PIPE
from foveate_server.picture_files import embed_metadata
from foveate_server.picture_files.containers import SUFFIXES, TITLES
from foveate_server.picture_files.picture import Picture
from foveate_server.picture_files.write import SaveOptions, container_of, prepare, require_writable, save
from foveate_shared.errors import ErrorCode, InputError, ResourceError


@dataclass(frozen=True)
class Target:
    """A picture that is to be written."""

    path: Path  # its ending says as what; of a pipe that alone
    rule: OverwriteRule
    is_pipe: bool = False

    def __str__(self) -> str:
        """Return it as a person named it."""
        return str(PIPE) if self.is_pipe else str(self.path)

    def require(self, picture: Picture | None = None) -> None:
        """Raise FoveateError where a `picture` like the result could not be written in the end."""
        if picture:
            prepare(picture, self.path)
        else:
            container_of(self.path)
        if self.is_pipe:
            _require_reader()
            return
        self.rule.require_picture(self.path)
        require_writable(self.path)

    def write(
        self, prepared: Picture, how: SaveOptions | None = None, *, recipe: str | None = None, words: str | None = None
    ) -> tuple[str, ...]:
        """Write what :func:`prepare` made for the path; return what else there is to say. Raises FoveateError."""
        if not self.is_pipe:
            return save(prepared, self.path, recipe=recipe, words=words, options=how, check=self.rule.require)
        with tempfile.TemporaryDirectory(prefix="foveate-") as folder:
            file = Path(folder) / self.path.name
            save(prepared, file, recipe=recipe, words=words, options=how)
            _send(file)
        kind = container_of(self.path)
        if recipe is None or kind in embed_metadata.CARRIERS:
            return ()
        return (f"The recipe is not kept: {TITLES[kind]} has no place for it, and a pipe has nothing beside it.",)


def target_of(options: argparse.Namespace, rule: OverwriteRule, *, kind: str = "png") -> Target:
    """Return OUT; a pipe gets the kind of --as, else `kind`, as of the picture that is read. Raises InputError."""
    said = getattr(options, "kind", None)
    if options.output != PIPE:
        if said:
            raise InputError("OUT has an ending that says as what it is written.", remedy="Leave out --as.")
        return Target(options.output, rule)
    if options.json:
        raise InputError("--json and the picture cannot both go to stdout.", remedy="Name a file as OUT.")
    ending = ending_of(said) if said else next(suffix for suffix, each in SUFFIXES.items() if each == kind)
    return Target(Path(f"stdout{ending}"), rule, is_pipe=True)


def ending_of(kind: str) -> str:
    """Return the ending that --as asks for. Raises InputError."""
    ending = f".{kind.lower().lstrip('.')}"
    if ending not in SUFFIXES:
        known = ", ".join(suffix[1:] for suffix in SUFFIXES)
        raise InputError(f"--as {kind} is no kind of picture that is written.", remedy=f"Choose one of {known}.")
    return ending


def _require_reader() -> None:
    if sys.stdout is None or sys.stdout.isatty():
        raise InputError(
            "A picture is not written onto a terminal.",
            code=ErrorCode.INVALID_FILE,
            remedy="Name a file as OUT, or send it on: `... - | PROGRAM`.",
        )


def _send(file: Path) -> None:
    try:
        with file.open("rb") as stream:
            shutil.copyfileobj(stream, sys.stdout.buffer)
        sys.stdout.buffer.flush()
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # for what is still to be flushed
        raise ResourceError(
            f"stdout cannot be written: {error.strerror or error}.",
            code=ErrorCode.STORAGE_FULL,
            remedy="See what reads there.",
        ) from None
