"""Replaying a recipe: the same input, region and pinned values must give the same samples."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np

from foveate_server.cli import embedding
from foveate_server.cli.display import Display, print_json, print_line
from foveate_server.cli.document import PictureDocument
from foveate_server.cli.files import read_picture
from foveate_server.cli.picture import Picture
from foveate_server.cli.recipe import FileRecipe, parse_recipe, sha256_of_samples
from foveate_server.cli.region import Region, region_of
from foveate_server.cli.saving import prepare, save
from foveate_server.cli.work import run_job
from foveate_shared.errors import ErrorCode, InputError
from foveate_shared.geometry import Bounds
from foveate_shared.host import Result
from foveate_shared.protocol import JsonObject

LOSSY_SUFFIXES = (".jpg", ".jpeg", ".webp")  # where the file's own samples may differ from what was encoded


def replay(options: argparse.Namespace) -> int:
    """Make OUT again; return 0 where the samples are the same, 1 where they are not."""
    text = embedding.read_recipe(options.result)
    recipe = parse_recipe(text)
    old = read_picture(options.result)
    picture = _input(options, recipe)
    region = _region(options, recipe, picture)
    again = _Kept(options.result)
    with Display(quiet=options.quiet) as display:
        document = PictureDocument(picture, region, again.store)
        flow = run_job(options, display, document, str(recipe.recipe["operation"]), _parameters(recipe.recipe))
    made = again.picture
    if made is None:
        raise AssertionError("the job is done, but there is no result")
    if options.to:
        save(prepare(made, options.to), options.to, recipe=text)
    verdict = _compare(made, old, recipe, lossy=options.result.suffix.lower() in LOSSY_SUFFIXES)
    devices = recipe.recipe.get("device"), flow.result.recipe.get("device") if flow.result else None
    return _report(options, verdict, devices)


class _Kept:
    """Keeps the result in memory, at the depth at which it was written."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.picture: Picture | None = None

    def store(self, made: Picture, result: Result) -> None:
        """Take the result."""
        self.picture = prepare(made, self._path)


def _parameters(recipe: JsonObject) -> JsonObject:
    parameters: Any = recipe["parameters"]
    return dict(parameters)


def _input(options: argparse.Namespace, recipe: FileRecipe) -> Picture:
    path = options.input or options.result.with_name(recipe.input.name)
    if options.input is None and not path.is_file():
        raise InputError(
            f"The original, {recipe.input.name}, is not beside {options.result.name}.",
            code=ErrorCode.INVALID_FILE,
            remedy="Say where it is: --input IN.",
        )
    picture = read_picture(path)
    if picture.sha256 != recipe.input.sha256:
        raise InputError(
            f"{path.name} is not the file that {options.result.name} was made from: its SHA-256 differs.",
            code=ErrorCode.INVALID_FILE,
            remedy="Give an untouched copy of the original: --input IN.",
        )
    return picture


def _region(options: argparse.Namespace, recipe: FileRecipe, picture: Picture) -> Region:
    if recipe.mask is None:
        return region_of(picture.extent, Bounds(*recipe.rect) if recipe.rect else None, None)
    path = options.mask or options.result.with_name(recipe.mask.name)
    if not path.is_file():
        raise InputError(
            f"The mask, {recipe.mask.name}, is not at hand.",
            code=ErrorCode.INVALID_FILE,
            remedy="Say where it is: --mask MASK.",
        )
    region = region_of(picture.extent, None, path)
    if region.coverage_sha256 != recipe.mask.sha256:
        raise InputError(
            f"{path.name} is not the mask that the result was made with.",
            code=ErrorCode.INVALID_FILE,
            remedy="Give an untouched copy of it: --mask MASK.",
        )
    return region


def _compare(made: Picture, old: Picture, recipe: FileRecipe, *, lossy: bool) -> dict[str, Any]:
    """Return whether the samples are those that were written, and how far they are from those in the file."""
    verdict: dict[str, Any] = {"same": sha256_of_samples(made) == recipe.result_sha256}
    if not lossy:
        file_equal = old.samples.shape == made.samples.shape and np.array_equal(old.samples, made.samples)
        verdict["same_as_file"] = file_equal
        if not file_equal and old.samples.shape == made.samples.shape:
            difference = np.abs(old.samples.astype(np.float64) - made.samples.astype(np.float64))
            verdict["largest_difference"] = float(difference.max())
            verdict["samples_changed"] = int(np.count_nonzero(difference))
    return verdict


def _report(options: argparse.Namespace, verdict: dict[str, Any], devices: tuple[Any, Any]) -> int:
    name = options.result.name
    same = verdict["same"] and verdict.get("same_as_file", True)
    if options.json:
        print_json(verdict | {"device_then": devices[0], "device_now": devices[1]})
    elif same:
        if not options.quiet:
            print_line(f"{name}: the same samples again, bit for bit.")
    elif verdict["same"]:
        print_line(f"{name}: the recipe gives the recorded samples again, but the file was changed since.")
    else:
        where = "" if devices[0] == devices[1] else f" It was made on {devices[0]}, and this is {devices[1]}."
        print_line(f"{name}: the samples differ from those that were written.{where}")
    return 0 if same else 1
