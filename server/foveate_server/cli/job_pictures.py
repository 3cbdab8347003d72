"""Pictures beside the document, as the command line is given them: --image NAME=FILE."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from foveate_server.picture_files.picture import Picture, little_endian
from foveate_server.picture_files.read import read_picture
from foveate_shared.errors import ErrorCode, InputError
from foveate_shared.jobs.host import Image
from foveate_shared.jobs.named_pictures import FrozenPicture
from foveate_shared.wire.protocol import JobSummary


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
            raise InputError(
                f"Two pictures are named {name}.",
                remedy="Give one file for each name. Where an operation takes several, count them: reference-1, "
                "reference-2.",
            )
        paths[name] = Path(path)
    return paths


def read_pictures(paths: Mapping[str, Path]) -> dict[str, PictureFile]:
    """Return the pictures in files, by name. Raises FoveateError where one cannot be read."""
    return {name: PictureFile(path, frozen(read_picture(path))) for name, path in paths.items()}


def read_untouched(paths: Mapping[str, Path], hashes: Mapping[str, str], origin: str) -> dict[str, PictureFile]:
    """Return the pictures in files, by name, which are those with the `hashes`; `origin` says what went with these.

    Raises FoveateError where one cannot be read, or is another picture.
    """
    pictures = read_pictures(paths)
    for name, picture in pictures.items():
        if picture.content.sha256 != hashes[name]:
            raise InputError(
                f"{picture.path.name} is not the picture {name} that {origin} with.",
                code=ErrorCode.INVALID_FILE,
                remedy=f"Give an untouched copy of it: --image {name}=FILE.",
            )
    return pictures


def pictures_of_job(said: Sequence[str], job: JobSummary) -> dict[str, PictureFile]:
    """Return the pictures that a job is resumed with, by name.

    Raises InputError for one that it was not started with, and where some are not given: the job may ask for them
    again, and nobody could replay a result whose recipe does not know them.
    """
    known, paths = {each.name: each.sha256 for each in job.pictures}, paths_of(said)
    for name in paths:
        if name not in known:
            raise InputError(
                f"The job was started without a picture named {name}.", remedy=f"It has {', '.join(known) or 'none'}."
            )
    missing = [name for name in known if name not in paths]
    if missing:
        raise InputError(
            f"Pictures that the job was started with are not given: {', '.join(missing)}.",
            code=ErrorCode.INVALID_FILE,
            remedy=f"Say where they are: --image {missing[0]}=FILE. `foveate jobs fetch` writes the result alone.",
        )
    return read_untouched(paths, known, "the job was started")


def contents(pictures: Mapping[str, PictureFile]) -> dict[str, FrozenPicture]:
    """Return what goes with a job."""
    return {name: picture.content for name, picture in pictures.items()}


def frozen(picture: Picture) -> FrozenPicture:
    """Return a picture at its own depth, with its own profile."""
    data = memoryview(little_endian(picture.samples).data).cast("B")
    return FrozenPicture(
        Image(picture.extent, data, picture.format), None if picture.icc else picture.space, picture.icc
    )
