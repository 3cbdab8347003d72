"""What a command may write over: the one rule for all files that commands write."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path

from foveate_server.cli.file_recipe import FileRecipe, parse_recipe, sha256_of_samples
from foveate_server.picture_files import embed_metadata
from foveate_server.picture_files.file_hash import sha256_of_file
from foveate_server.picture_files.read import read_picture
from foveate_shared.errors import ErrorCode, FoveateError, InputError


@dataclass(frozen=True)
class OverwriteRule:
    """A file that exists stays, unless --force was said; one that is read-only stays in any case.

    A result of the same original, as we wrote it, makes room for a newer one: its recipe makes it again.
    """

    force: bool
    sources: tuple[Path, ...] = ()  # what the command reads
    original: str = ""  # SHA-256 of the file of IN; empty where there is none, or nobody knows it

    def require(self, path: Path) -> None:
        """Raise InputError where what is at `path` must stay. A folder is none of its business."""
        if not os.path.lexists(path):
            return
        try:
            mode = path.stat().st_mode
        except FileNotFoundError:  # a link to what is not there yet
            return
        except OSError as error:
            raise _invalid(f"{path} cannot be replaced: {error.strerror or error}.", "Give OUT another name.") from None
        if stat.S_ISDIR(mode):
            return
        if not stat.S_ISREG(mode):
            raise _invalid(f"{path} is no ordinary file.", "Give OUT the name of a file.")
        if not mode & 0o222 or not os.access(path, os.W_OK):
            raise _invalid(f"{path} is read-only.", "Give OUT another name: --force does not replace it either.")
        if not self.force:
            self._require_ours(path)

    def require_picture(self, path: Path) -> None:
        """Raise InputError where what is at `path`, or where its recipe would lie, must stay."""
        self.require(path)
        self.require(embed_metadata.sidecar_of(path))

    def _require_ours(self, path: Path) -> None:
        if any(_is_same(source, path) for source in self.sources):
            raise _invalid(
                f"{path} is the picture that is read.",
                "Give OUT another name, or say --force to replace the original.",
            )
        if not (self.original and self._is_result(path)):
            raise _invalid(f"{path} exists already.", "Give OUT another name, or say --force to replace it.")

    def _is_result(self, path: Path) -> bool:
        """Tell whether there is a result of the same original, or its recipe, which nobody changed since."""
        try:
            if path.name.endswith(embed_metadata.SIDECAR_SUFFIX):
                return self._is_made_of_it(parse_recipe(embed_metadata.read_sidecar(path)))
            recipe = parse_recipe(embed_metadata.read_recipe(path))
            return self._is_made_of_it(recipe) and is_untouched(path, recipe)
        except (FoveateError, OSError):  # it has none of ours, or cannot be read
            return False

    def _is_made_of_it(self, recipe: FileRecipe) -> bool:
        return recipe.input is not None and recipe.input.sha256 == self.original


def is_untouched(path: Path, recipe: FileRecipe) -> bool:
    """Tell whether a result is still as we wrote it, with its `recipe`. Raises FoveateError or OSError."""
    if recipe.file_sha256:
        return sha256_of_file(path) == recipe.file_sha256
    return sha256_of_samples(read_picture(path)) == recipe.result_sha256


def _is_same(source: Path, target: Path) -> bool:
    try:
        return target.exists() and source.exists() and target.samefile(source)
    except OSError:
        return False


def _invalid(problem: str, remedy: str) -> InputError:
    return InputError(problem, code=ErrorCode.INVALID_FILE, remedy=remedy)
