"""Many pictures at once: which files are read, and where the result of each goes."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from foveate_server.cli.piped_input import PIPE
from foveate_server.picture_files.containers import SUFFIXES
from foveate_server.picture_files.embed_metadata import read_recipe
from foveate_shared.errors import FoveateError, InputError


@dataclass(frozen=True)
class FilePair:
    """A picture, and where its result goes."""

    source: Path
    output: Path


@dataclass(frozen=True)
class Naming:
    """How results are called after their originals."""

    folder: Path | None = None  # None: beside the original
    suffix: str = ""  # behind the original's name
    ending: str = ""  # of another kind than the original's, such as ".png"

    def output_of(self, source: Path) -> Path:
        """Return where the result of a picture goes."""
        name = f"{source.stem}{self.suffix}{self.ending or source.suffix}"
        return source.parent / name if self.folder is None else self.folder / name


def pairs_of(files: Sequence[Path], naming: Naming, *, force: bool) -> list[FilePair]:
    """Return what is to be done with files, and with all pictures of folders, one result never being the next original.

    Raises InputError where two results would have one name, or one would replace an original, unless `force` is said.
    """
    if naming.folder and naming.folder.exists() and not naming.folder.is_dir():
        raise InputError(f"{naming.folder} is a file.", remedy="Give --to the name of a folder.")
    if {os.sep, "/"} & set(naming.suffix):
        raise InputError(f"--suffix {naming.suffix} names a folder.", remedy="Say that with --to.")
    sources = list(dict.fromkeys(source for file in files for source in _pictures_in(file)))
    pairs = [FilePair(source, naming.output_of(source)) for source in sources]
    made = {_place(pair.output) for pair in pairs if _place(pair.output) != _place(pair.source)}
    pairs = [pair for pair in pairs if not (_place(pair.source) in made and _is_result(pair.source))]
    _refuse_same_names(pairs)
    if not force:
        _refuse_originals(pairs)
    return pairs


def _pictures_in(file: Path) -> Iterable[Path]:
    if file == PIPE:
        raise InputError("A pipe is no picture of several.", remedy="Give IN and OUT alone: `foveate ... - OUT`.")
    if not file.exists() and glob.has_magic(str(file)):  # where the shell leaves a pattern to us, as on Windows
        return [Path(name) for name in sorted(glob.glob(str(file)))] or [file]  # noqa: PTH207 - no pattern of one folder
    if not file.is_dir():
        return [file]
    found = sorted(each for each in file.iterdir() if _looks_like_a_picture(each))
    if not found:
        raise InputError(f"The folder {file} holds no picture.", remedy="Folders within it are not looked into.")
    return found


def _looks_like_a_picture(path: Path) -> bool:
    return path.suffix.lower() in SUFFIXES and not path.name.startswith(".") and path.is_file()


def _is_result(path: Path) -> bool:
    try:
        return bool(read_recipe(path))
    except (FoveateError, OSError):
        return False


def _refuse_same_names(pairs: Iterable[FilePair]) -> None:
    by_output: dict[str, Path] = {}
    for pair in pairs:
        other = by_output.setdefault(_place(pair.output), pair.source)
        if other != pair.source:
            raise InputError(
                f"The results of {other} and {pair.source} would both be {pair.output}.",
                remedy="Take their folders one after the other, or rename one of them.",
            )


def _refuse_originals(pairs: Sequence[FilePair]) -> None:
    read = {_place(pair.source) for pair in pairs}
    for pair in pairs:
        if _place(pair.output) in read:
            raise InputError(
                f"The result of {pair.source} would replace the picture {pair.output}.",
                remedy="Give another folder with --to, or a --suffix, or say --force to replace originals.",
            )


def _place(path: Path) -> str:
    return os.path.realpath(path)
