"""Replaying a recipe: the same input, region and pinned values must give the same samples."""

from __future__ import annotations

import argparse
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from foveate_server.cli import pixel_difference
from foveate_server.cli.a1111_text import words_for
from foveate_server.cli.document import PictureDocument
from foveate_server.cli.file_recipe import FileRecipe, NamedFile, parse_recipe, recipe_text, sha256_of_samples
from foveate_server.cli.job_pictures import PictureFile, contents, paths_of, read_untouched
from foveate_server.cli.overwrite_rule import OverwriteRule
from foveate_server.cli.piped_input import PIPE
from foveate_server.cli.pixel_difference import Difference
from foveate_server.cli.progress_display import Display, print_json, print_line
from foveate_server.cli.region import Region, region_of
from foveate_server.cli.result_alone import ResultAlone, picture_of
from foveate_server.cli.run_job import run_job
from foveate_server.models.find_by_hash import pins_of
from foveate_server.picture_files import embed_metadata
from foveate_server.picture_files.picture import Picture
from foveate_server.picture_files.read import read_picture
from foveate_server.picture_files.write import prepare, require_writable, save
from foveate_shared.errors import ErrorCode, InputError
from foveate_shared.geometry import Bounds
from foveate_shared.jobs.host import Result
from foveate_shared.wire.protocol import JsonObject

LOSSY_SUFFIXES = (".jpg", ".jpeg", ".webp")  # where the file's own samples may differ from what was encoded


def replay(options: argparse.Namespace) -> int:
    """Make OUT again; return 0 where the samples are the same, or close enough for another device's, else 1."""
    if options.to == PIPE:
        raise InputError("What is the same goes to stdout, not the picture.", remedy="Name a file: --to FILE.")
    recipe = parse_recipe(embed_metadata.read_recipe(options.result))
    old = read_picture(options.result)
    pictures = _pictures(options, recipe)
    again = _Kept(options.result, is_alone=recipe.is_alone)
    document = _document(options, recipe, again)
    rule = OverwriteRule(options.force, _sources(options, recipe), recipe.input.sha256 if recipe.input else "")
    if options.to:
        prepare(old, options.to)
        rule.require_picture(options.to)
        require_writable(options.to)
    with Display(quiet=options.quiet) as display:
        flow = run_job(
            options,
            display,
            document,
            str(recipe.recipe["operation"]),
            _parameters(recipe.recipe),
            pictures=contents(pictures),
        )
    made = again.picture
    if made is None:
        raise AssertionError("the job is done, but there is no result")
    if options.to:
        text, words = recipe_text(replace(recipe, file_sha256="")), words_for(recipe.recipe, made.extent)
        for note in save(prepare(made, options.to), options.to, recipe=text, words=words, check=rule.require):
            display.say(note)
    verdict = _compare(made, old, recipe, lossy=options.result.suffix.lower() in LOSSY_SUFFIXES)
    devices = recipe.recipe.get("device"), flow.result.recipe.get("device") if flow.result else None
    return _report(options, verdict, devices)


@dataclass(frozen=True)
class ReplayVerdict:
    """How what was made again compares with what was made then."""

    recorded: bool  # the samples are those whose hash the recipe holds
    in_file: bool | None  # they are those in the file; None where a lossy encoder was in between
    apart: Difference | None  # from those in the file; None where the pictures cannot be compared
    bound: Difference  # for another device

    @property
    def same(self) -> bool:
        """Tell whether all is as it was, bit for bit."""
        return self.recorded and self.in_file is not False

    @property
    def agrees(self) -> bool:
        """Tell whether the samples are as close to those in the file as another device's must be."""
        return self.apart is not None and self.apart.within(self.bound)

    def sentence(self) -> str:
        """Return the verdict in words."""
        if self.same:
            return "the same samples again, bit for bit."
        if self.recorded:
            return "the recipe gives the recorded samples again, but the file was changed since."
        if self.apart is None:
            return "the samples differ from those that were written, and the file holds a picture of another kind."
        outcome = "within" if self.agrees else "beyond"
        lossy = " (the losses of the file's own encoding included)" if self.in_file is None else ""
        return (
            f"the samples differ from those in the file by {self.apart} in 8-bit levels{lossy}. That is {outcome} what "
            f"another device may make of a recipe: {self.bound}."
        )

    def fields(self) -> dict[str, Any]:
        """Return the verdict for scripts."""
        return {
            "same": self.recorded,
            "same_as_file": self.in_file,
            "agrees": self.same or self.agrees,
            "difference_in_levels": asdict(self.apart) if self.apart else None,
            "bound_in_levels": asdict(self.bound),
        }


class _Kept:
    """Keeps the result in memory, at the depth at which it was written."""

    def __init__(self, path: Path, *, is_alone: bool) -> None:
        self._path = path
        self._is_alone = is_alone
        self.picture: Picture | None = None

    def store(self, made: Picture, result: Result) -> None:
        """Take the result, within its document or alone, as it was then."""
        self.picture = prepare(picture_of(result) if self._is_alone and result.patches else made, self._path)


def _parameters(recipe: JsonObject) -> JsonObject:
    """Return the job's parameters, with the hashes of the model and of what was added to it."""
    parameters: Any = recipe["parameters"]
    models: JsonObject = {pin.name: pin.sha256 for pin in pins_of(recipe)}
    return {**parameters, "pinned": {**parameters.get("pinned", {}), "models": models}} if models else dict(parameters)


def _document(options: argparse.Namespace, recipe: FileRecipe, again: _Kept) -> PictureDocument | ResultAlone:
    if recipe.input is None:
        return ResultAlone(again.store, lambda _: None)
    picture = _input(options, recipe.input)
    return PictureDocument(picture, _region(options, recipe, picture), again.store)


def _pictures(options: argparse.Namespace, recipe: FileRecipe) -> dict[str, PictureFile]:
    """Return the pictures beside the document, as they were. Raises InputError that names all that is missing."""
    paths = {name: _beside(options, file) for name, file in recipe.pictures.items()}
    given = paths_of(options.image)
    for name in given:
        if name not in paths:
            raise InputError(
                f"{options.result.name} was made without a picture named {name}.",
                remedy=f"It has {', '.join(paths) or 'none'}.",
            )
    paths.update(given)
    missing = [name for name, path in paths.items() if path is None or not path.is_file()]
    if missing:
        files = ", ".join(f"{name} ({recipe.pictures[name].name})".removesuffix(" ()") for name in missing)
        raise InputError(
            f"Pictures that {options.result.name} was made with are not at hand: {files}.",
            code=ErrorCode.INVALID_FILE,
            remedy=f"Say where they are: --image {missing[0]}=FILE.",
        )
    hashes = {name: file.sha256 for name, file in recipe.pictures.items()}
    found = {name: path for name, path in paths.items() if path is not None}
    return read_untouched(found, hashes, f"{options.result.name} was made")


def _sources(options: argparse.Namespace, recipe: FileRecipe) -> tuple[Path, ...]:
    """Return all files that are read, OUT among them."""
    beside = [_beside(options, file) for file in (recipe.input, recipe.mask, *recipe.pictures.values()) if file]
    given = (options.result, options.input, options.mask, *beside, *paths_of(options.image).values())
    return tuple(path for path in given if path)


def _beside(options: argparse.Namespace, file: NamedFile) -> Path | None:
    """Return where a file lies that is beside the result; None where its name is not known."""
    result: Path = options.result
    return result.with_name(file.name) if file.name else None


def _input(options: argparse.Namespace, original: NamedFile) -> Picture:
    path = options.input or _beside(options, original)
    if path is None or (options.input is None and not path.is_file()):
        original_is = f"The original, {original.name}, is not beside {options.result.name}."
        unknown = (
            f"Which file {options.result.name} was made from is not known: it was fetched from the server, or came "
            "through a pipe."
        )
        raise InputError(
            original_is if original.name else unknown,
            code=ErrorCode.INVALID_FILE,
            remedy="Say where it is: --input IN.",
        )
    picture = read_picture(path)
    if original.is_known and picture.sha256 != original.sha256:
        raise InputError(
            f"{path.name} is not the file that {options.result.name} was made from: its SHA-256 differs.",
            code=ErrorCode.INVALID_FILE,
            remedy="Give an untouched copy of the original: --input IN.",
        )
    return picture


def _region(options: argparse.Namespace, recipe: FileRecipe, picture: Picture) -> Region:
    if recipe.mask is None:
        return region_of(picture.extent, Bounds(*recipe.rect) if recipe.rect else None, None)
    path = options.mask or _beside(options, recipe.mask)
    if path is None or not path.is_file():
        raise InputError(
            f"The mask, {recipe.mask.name}, is not at hand." if recipe.mask.name else "The mask is not at hand.",
            code=ErrorCode.INVALID_FILE,
            remedy="Say where it is: --mask MASK.",
        )
    region = region_of(picture.extent, None, path, inverted=recipe.is_mask_inverted)
    if recipe.mask.is_known and region.coverage_sha256 != recipe.mask.sha256:
        raise InputError(
            f"{path.name} is not the mask that the result was made with.",
            code=ErrorCode.INVALID_FILE,
            remedy="Give an untouched copy of it: --mask MASK.",
        )
    return region


def _compare(made: Picture, old: Picture, recipe: FileRecipe, *, lossy: bool) -> ReplayVerdict:
    return ReplayVerdict(
        recorded=sha256_of_samples(made) == recipe.result_sha256,
        in_file=None
        if lossy
        else old.samples.shape == made.samples.shape and np.array_equal(old.samples, made.samples),
        apart=pixel_difference.difference(made, old),
        bound=pixel_difference.bound_for(recipe.recipe),
    )


def _report(options: argparse.Namespace, verdict: ReplayVerdict, devices: tuple[Any, Any]) -> int:
    elsewhere = devices[0] != devices[1]
    status = 0 if verdict.same or (elsewhere and verdict.agrees) else 1
    if options.json:
        print_json(verdict.fields() | {"device_then": devices[0], "device_now": devices[1]})
    elif status or not options.quiet:
        where = f" It was made on {devices[0]}, and this is {devices[1]}." if elsewhere else ""
        print_line(f"{options.result.name}: {verdict.sentence()}{'' if verdict.recorded else where}")
    return status
