"""Pictures beside the document, as the command line is given them: --image NAME=FILE."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from foveate_server.picture_files.picture import Picture, little_endian
from foveate_server.picture_files.read import read_picture
from foveate_shared.errors import InputError
from foveate_shared.jobs.host import Image
from foveate_shared.jobs.pictures import FrozenPicture


@dataclass(frozen=True)
class PictureFile:
    """A file, and what is in it."""

    path: Path
    content: FrozenPicture


def paths_of(said: Sequence[str]) -> dict[str, Path]:
    """Return the files of "NAME=FILE" by name. Raises InputError for what is not written so, or a name given twice."""
    paths: dict[str, Path] = {}
    for text in said:
        name, mark, path = text.partition("=")
        if not (mark and name and path):
            raise InputError(f"--image {text} names no picture.", remedy="Write it as --image control=FILE.")
        if name in paths:
            raise InputError(f"Two pictures are named {name}.", remedy="Count them: reference-1, reference-2.")
        paths[name] = Path(path)
    return paths


def read_pictures(paths: Mapping[str, Path]) -> dict[str, PictureFile]:
    """Return the pictures in files, by name. Raises FoveateError where one cannot be read."""
    return {name: PictureFile(path, frozen(read_picture(path))) for name, path in paths.items()}


def contents(pictures: Mapping[str, PictureFile]) -> dict[str, FrozenPicture]:
    """Return what goes with a job."""
    return {name: picture.content for name, picture in pictures.items()}


def frozen(picture: Picture) -> FrozenPicture:
    """Return a picture at its own depth, with its own profile."""
    data = memoryview(little_endian(picture.samples).data).cast("B")
    return FrozenPicture(
        Image(picture.extent, data, picture.format), None if picture.icc else picture.space, picture.icc
    )
