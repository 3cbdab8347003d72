"""Many pictures, one after the other: the others go on where one fails, and what is there is not made again."""

from __future__ import annotations

import argparse
import copy
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from foveate_server.cli.batch_display import BatchDisplay
from foveate_server.cli.edit_picture import EditJob, Resolve, agreement_of, edit_once, offered, open_picture
from foveate_server.cli.file_pairs import FilePair, Naming, pairs_of
from foveate_server.cli.file_recipe import FileRecipe, parse_recipe
from foveate_server.cli.job_pictures import PictureFile, paths_of, read_pictures
from foveate_server.cli.mask_coverage import read_coverage, sha256_of_coverage
from foveate_server.cli.parameter_options import count_of
from foveate_server.cli.progress_display import print_json
from foveate_server.cli.region import parse_rect
from foveate_server.cli.target import ending_of
from foveate_server.picture_files.embed_metadata import read_recipe
from foveate_server.picture_files.file_hash import sha256_of_file
from foveate_shared.errors import CancelledJobError, ConnectionLostError, FoveateError, InputError, RefusedError
from foveate_shared.wire.protocol import JsonObject

DONE, THERE, FAILED = "done", "there already", "failed"


def edit_many(options: argparse.Namespace, operation: str, resolve: Resolve) -> int:
    """Run `operation` on each of the files, say what became of each; return the exit status: 1 where one failed."""
    if count_of(options) > 1:
        raise InputError("--variations is for one picture.", remedy="Give IN and OUT alone.")
    naming = Naming(options.to, options.suffix or "", ending_of(options.kind) if options.kind else "")
    pairs = pairs_of(options.files, naming, force=options.force)
    pictures = read_pictures(paths_of(options.image))
    made = _SameResult.of(options, pictures)
    info = offered(options, operation, pictures)
    job = EditJob(operation, resolve(options, info), pictures, agreement=agreement_of(options, len(pairs)))
    if options.to:
        options.to.mkdir(parents=True, exist_ok=True)
    display = BatchDisplay(len(pairs), quiet=options.quiet)
    batch = _OneByOne(options, display, job, made)
    with display:
        try:
            for pair in pairs:
                batch.take(pair)
        finally:  # also where the server has gone, or a person said Ctrl+C
            batch.summarize(len(pairs))
    if options.json:
        print_json({"pictures": batch.reports})
    return int(bool(batch.failures))


class _OneByOne:
    """What became of each picture so far."""

    def __init__(self, options: argparse.Namespace, display: BatchDisplay, job: EditJob, made: _SameResult) -> None:
        self._options = options
        self._display = display
        self._job = job
        self._made = made
        self.reports: list[dict[str, Any]] = []
        self.failures: list[str] = []

    def take(self, pair: FilePair) -> None:
        """Do the next picture. Raises FoveateError for what ends all: no server, or the person's no."""
        self._display.begin(str(pair.source))
        try:
            state, told = (THERE, {}) if self._made.has(pair, self._job) else (DONE, self._edit(pair))
        except (ConnectionLostError, RefusedError):
            raise
        except FoveateError as error:
            if isinstance(error, CancelledJobError) and self._is_unwanted():
                raise
            state, told = FAILED, {"error": error.info.message, "remedy": error.info.remedy}
            self.failures.append(f"{pair.source}: {error.info.message} {error.info.remedy}".strip())
        self.reports.append({"input": str(pair.source), "output": str(pair.output), "state": state, **told})
        self._display.finish(_in_words(pair, state, told))

    def summarize(self, count: int) -> None:
        """Say how many pictures came to what, and name those that failed, also when quiet."""
        states = [report["state"] for report in self.reports]
        parts = [f"{states.count(state)} {state}" for state in (DONE, THERE, FAILED) if state in states]
        parts += [f"{count - len(states)} not done"] if len(states) < count else []
        self._display.finish(f"{count} picture{'s' * (count != 1)}: {', '.join(parts)}.")
        for failure in self.failures:
            self._display.warn(failure)

    def _edit(self, pair: FilePair) -> dict[str, Any]:
        options = copy.copy(self._options)
        options.input, options.output, options.kind = pair.source, pair.output, None
        opened = open_picture(options)
        return edit_once(options, self._display, opened, opened.targets[0], self._job)

    def _is_unwanted(self) -> bool:
        return self._job.agreement is not None and self._job.agreement.asks_from is not None


@dataclass(frozen=True)
class _SameResult:
    """What the recipe of a result must say for the result not to be made again."""

    rect: tuple[int, int, int, int] | None
    mask: str | None  # SHA-256 of the coverage
    pictures: Mapping[str, str]  # SHA-256 by name

    @classmethod
    def of(cls, options: argparse.Namespace, pictures: Mapping[str, PictureFile]) -> _SameResult:
        """Return what the options ask for. Raises FoveateError."""
        rect = parse_rect(options.rect) if options.rect is not None else None
        mask = None
        if options.mask is not None:
            mask = sha256_of_coverage(read_coverage(options.mask, inverted=options.invert_mask))
        return cls(
            (rect.x, rect.y, rect.width, rect.height) if rect else None,
            mask,
            {name: picture.content.sha256 for name, picture in pictures.items()},
        )

    def has(self, pair: FilePair, job: EditJob) -> bool:
        """Tell whether a result is there that the same was asked for, of the same original."""
        try:
            recipe = parse_recipe(read_recipe(pair.output))
            return self._matches(recipe, job.operation, job.parameters) and _is_file(pair.source, recipe)
        except (FoveateError, OSError):  # it is not there, or not ours
            return False

    def _matches(self, recipe: FileRecipe, operation: str, asked: JsonObject) -> bool:
        return (
            recipe.recipe["operation"] == operation
            and recipe.asked == asked
            and recipe.rect == self.rect
            and (recipe.mask.sha256 if recipe.mask else None) == self.mask
            and {name: file.sha256 for name, file in recipe.pictures.items()} == self.pictures
        )


def _is_file(path: Path, recipe: FileRecipe) -> bool:
    return recipe.input is not None and recipe.input.sha256 == sha256_of_file(path)


def _in_words(pair: FilePair, state: str, told: Mapping[str, Any]) -> str:
    if state == FAILED:
        return f"{pair.source}: failed. {told['error']}"
    if state == THERE:
        return f"{pair.source}: {pair.output} is there already"
    width, height = told["extent"]
    return f"{pair.source}: {pair.output}, {width} x {height} pixels, {told['seconds']:.1f} s"
