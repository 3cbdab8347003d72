"""The recipe of a result as the command line keeps it: the server's own, and what the client did around it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from foveate_server.cli.job_pictures import PictureFile
from foveate_server.cli.region import Region
from foveate_server.picture_files.picture import Picture, little_endian
from foveate_shared.errors import ErrorCode, InputError
from foveate_shared.wire.protocol import JsonObject, as_object

FORMAT = 1  # of this JSON; counted up where an older `foveate replay` could not read it


@dataclass(frozen=True)
class NamedFile:
    """A file that the result was made from. A name, never a path: recipes travel with pictures.

    Who fetched a result that another client had begun knows neither name nor hash: these are empty then. What came
    through a pipe has no name.
    """

    name: str
    sha256: str  # of the input's whole file; of the mask's coverage, or another picture's samples

    @property
    def is_known(self) -> bool:
        """Tell whether it can be told whether a file is this one."""
        return bool(self.sha256)


_UNKNOWN = NamedFile("", "")


@dataclass(frozen=True)
class FileRecipe:
    """All that `foveate replay` needs."""

    input: NamedFile | None  # None where the operation takes no document
    rect: tuple[int, int, int, int] | None
    mask: NamedFile | None
    result_sha256: str  # of the samples that were handed to the encoder, row by row, little-endian
    recipe: JsonObject = field(default_factory=dict)  # the server's
    pictures: dict[str, NamedFile] = field(default_factory=dict)  # beside the input, by name
    is_alone: bool = False  # the result is what was made, without the picture that it belongs into
    is_mask_inverted: bool = False  # the coverage is what the mask does not select
    asked: JsonObject | None = None  # the parameters, before the server put in its defaults; None where nobody knows
    file_sha256: str = ""  # of the file that the recipe lies beside; one inside of a file cannot tell


def describe_result(
    picture: Picture | None,
    region: Region | None,
    mask: Path | None,
    result: Picture,
    recipe: JsonObject,
    *,
    pictures: Mapping[str, PictureFile] | None = None,
    asked: JsonObject | None = None,
) -> str:
    """Return the JSON text that goes with `result`; without a `picture` it was made without one.

    `asked` are the parameters as the server was asked for them.
    """
    bounds = region.selection.bounds if region and region.selection and mask is None else None
    described = FileRecipe(
        input=NamedFile(picture.source.name if picture.source else "", picture.sha256) if picture else None,
        rect=(bounds.x, bounds.y, bounds.width, bounds.height) if bounds else None,
        mask=NamedFile(mask.name, region.coverage_sha256 or "") if mask and region else None,
        result_sha256=sha256_of_samples(result),
        recipe=recipe,
        is_mask_inverted=bool(region and region.is_inverted),
        asked=asked,
        pictures={name: NamedFile(each.path.name, each.content.sha256) for name, each in (pictures or {}).items()},
    )
    return recipe_text(described)


def describe_alone(result: Picture, recipe: JsonObject) -> str:
    """Return the JSON text that goes with a result which was fetched alone: as much as the server's `recipe` tells."""
    selection = as_object(recipe.get("selection"))
    is_masked = bool(selection.get("has_coverage"))
    pictures: Any = recipe.get("pictures") or []
    return recipe_text(
        FileRecipe(
            input=None if recipe.get("document") is None else _UNKNOWN,
            rect=None if is_masked else _rect(selection.get("bounds")),
            mask=_UNKNOWN if is_masked else None,
            result_sha256=sha256_of_samples(result),
            recipe=recipe,
            pictures={str(each["name"]): NamedFile("", str(each["sha256"])) for each in pictures},
            is_alone=True,
        )
    )


def recipe_text(described: FileRecipe) -> str:
    """Return the JSON text of a recipe."""
    fields = asdict(described)
    for name in ("pictures", "is_alone", "is_mask_inverted", "file_sha256"):
        if not fields[name]:
            del fields[name]  # as it was when there was no such thing
    if described.asked is None:
        del fields["asked"]
    return json.dumps({"foveate_recipe": FORMAT, **fields}, separators=(",", ":"))


def hashes_of_additions(recipe: JsonObject) -> dict[str, str]:
    """Return SHA-256 by name of the LoRAs, embeddings and VAE that a server's recipe tells of."""
    additions: Any = recipe.get("additions") or {}
    told = [entry for value in additions.values() for entry in (value if isinstance(value, list) else [value])]
    return {str(entry["name"]): str(entry["sha256"]) for entry in told if isinstance(entry, dict)}


def sha256_of_samples(picture: Picture) -> str:
    """Return the hash of the picture's samples, as they would be on the wire."""
    return hashlib.sha256(little_endian(picture.samples).data).hexdigest()


def parse_recipe(text: str) -> FileRecipe:
    """Return what the JSON text says. Raises InputError where it is not a recipe of ours."""
    try:
        fields = json.loads(text)
        if fields["foveate_recipe"] != FORMAT:
            raise InputError(
                f"The recipe has the format {fields['foveate_recipe']}, and this version reads {FORMAT}.",
                code=ErrorCode.INVALID_FILE,
                remedy="Update foveate.",
            )
        return FileRecipe(
            input=_named_file(fields["input"]) if fields["input"] is not None else None,
            rect=_rect(fields["rect"]),
            mask=_named_file(fields["mask"]) if fields["mask"] is not None else None,
            result_sha256=str(fields["result_sha256"]),
            recipe=_server_recipe(fields["recipe"]),
            pictures={str(name): _named_file(entry) for name, entry in fields.get("pictures", {}).items()},
            is_alone=bool(fields.get("is_alone", False)),
            is_mask_inverted=bool(fields.get("is_mask_inverted", False)),
            asked=fields["asked"] if isinstance(fields.get("asked"), dict) else None,
            file_sha256=str(fields.get("file_sha256", "")),
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise InputError(
            "The recipe is damaged.", code=ErrorCode.INVALID_FILE, remedy="Take an untouched copy of the result."
        ) from None


def _named_file(fields: Any) -> NamedFile:
    name = str(fields["name"])
    if name != Path(name).name:
        raise ValueError("a recipe names files, not paths")
    return NamedFile(name, str(fields["sha256"]))


def _rect(value: Any) -> tuple[int, int, int, int] | None:
    if value is None:
        return None
    x, y, width, height = (int(number) for number in value)
    return x, y, width, height


def _server_recipe(value: Any) -> JsonObject:
    if not isinstance(value["operation"], str) or not isinstance(value["parameters"], dict):
        raise TypeError("a server's recipe names its operation and parameters")
    recipe: JsonObject = value
    return recipe
