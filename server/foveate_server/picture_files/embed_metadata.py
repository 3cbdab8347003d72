"""Recipes in files, and all that a file says about its picture.

A recipe lies inside a PNG or OpenEXR, and beside all others, as `NAME.foveate.json`, with the hash of the file.
"""

from __future__ import annotations

import json
import os
import struct
from collections.abc import Container
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

import OpenImageIO as oiio

from foveate_server.picture_files import containers, jpeg_segments, png_chunks, png_texts, tiff_fields
from foveate_server.picture_files.container_facts import Carried
from foveate_server.picture_files.file_hash import sha256_of_file
from foveate_server.picture_files.picture import Picture
from foveate_server.picture_files.place_file import Check, allow_all, followed, placing
from foveate_shared.errors import ErrorCode, InputError

RECIPE_KEY = "foveate:recipe"
WORDS_KEY = "parameters"  # as the tools around Stable Diffusion call it
CARRIERS = ("png", "openexr")
SIDECAR_SUFFIX = ".foveate.json"
MAX_RECIPE_BYTES = 16 << 20


def sidecar_of(path: Path) -> Path:
    """Return where the recipe of `path` lies when it is not inside: beside the file, not beside a link to it."""
    file = followed(path)
    return file.with_name(file.name + SIDECAR_SUFFIX)


def finish(path: Path, kind: str, picture: Picture, recipe: str | None, *, words: str | None = None) -> None:
    """Put all that is told about `picture` into the PNG, JPEG or TIFF at `path`, and the recipe into a PNG.

    `words` is the text that other tools read, see :mod:`a1111_text`; it goes into a PNG too, in place of an older one.
    """
    exif, xmp, icc, carried = picture.exif, picture.xmp, picture.icc, picture.carried
    if kind == "png":
        png_chunks.finish(path, exif, xmp, icc, _with_recipe(carried, recipe, words))
    elif kind == "jpeg":
        jpeg_segments.finish(path, exif, xmp, icc, carried)
    elif kind == "tiff":
        has_date = picture.kind == "openexr" and picture.metadata.getattribute("DateTime") is not None
        tiff_fields.finish(path, exif, xmp, carried, has_date=has_date)


def _with_recipe(carried: Carried, recipe: str | None, words: str | None) -> Carried:
    """Return what is carried with the recipe and words of the result, in place of those of the picture before."""
    replaced = {RECIPE_KEY.encode(), *([WORDS_KEY.encode()] if words is not None else [])}
    chunks = [each for each in carried.chunks if not _has_key(each, replaced)]
    if recipe:
        chunks.append(png_texts.made(RECIPE_KEY.encode(), recipe))
    if words:
        chunks.append(png_texts.made(WORDS_KEY.encode(), words))
    return replace(carried, chunks=tuple(chunks))


def _has_key(chunk: png_texts.Chunk, keys: Container[bytes]) -> bool:
    return chunk[0] in png_texts.KINDS and png_texts.key_of(chunk[1]) in keys


def place_beside(path: Path, recipe: str | None, check: Check = allow_all) -> None:
    """Write the recipe beside a picture that cannot carry it; else remove one that an earlier result left there.

    Raises OSError where it cannot be written, and what `check` raises; nothing is left of it then.
    """
    sidecar = sidecar_of(path)
    if recipe is None or containers.SUFFIXES.get(path.suffix.lower()) in CARRIERS:
        if _is_there(sidecar):
            check(sidecar)
            sidecar.unlink()
        return
    told = json.loads(recipe) | {"file_sha256": sha256_of_file(path)}
    with placing(sidecar, check) as temporary:
        temporary.write_text(json.dumps(told, separators=(",", ":")) + "\n", "ascii")


def _is_there(path: Path) -> bool:
    """Tell whether there is such a file; a name that is too long names none."""
    return os.path.isfile(path)  # noqa: PTH113 - Path.is_file raises for it


def read_recipe(path: Path) -> str:
    """Return the recipe inside or beside the picture at `path`. Raises InputError where there is none."""
    sidecar = sidecar_of(path)
    if not path.is_file():
        raise InputError(f"{path} does not exist.", code=ErrorCode.INVALID_FILE, remedy="Check the name.")
    text = _embedded_recipe(path)
    if text is None and _is_there(sidecar) and sidecar.stat().st_size <= MAX_RECIPE_BYTES:
        text = read_sidecar(sidecar)
    if text is None:
        raise InputError(
            f"{path.name} carries no recipe, and {sidecar.name} is not beside it.",
            code=ErrorCode.INVALID_FILE,
            remedy="Replay a result that has one: not written with --no-recipe, nor by `foveate jobs fetch`.",
        )
    return text


def read_sidecar(sidecar: Path) -> str:
    """Return what lies beside a picture. Raises OSError."""
    with sidecar.open("rb") as stream:
        return stream.read(MAX_RECIPE_BYTES).decode("utf-8", errors="replace")


def _embedded_recipe(path: Path) -> str | None:
    with path.open("rb") as stream:
        kind = containers.sniff(stream.read(16))
        if kind == "png":
            try:
                return _png_text(stream)
            except struct.error:
                raise containers.truncated(path.name) from None
    if kind == "openexr":
        source = oiio.ImageInput.open(str(path))
        if source is None:
            raise containers.truncated(path.name)
        with_recipe = source.spec().get_string_attribute(RECIPE_KEY)
        source.close()
        return with_recipe or None
    return None


def _png_text(stream: BinaryIO) -> str | None:
    key = RECIPE_KEY.encode() + b"\0"
    for name, offset, length in png_chunks.chunks_of(stream):
        if name == b"tEXt" and length <= MAX_RECIPE_BYTES:
            stream.seek(offset)
            content = stream.read(length)
            if content.startswith(key):
                return content[len(key) :].decode("latin-1")
    return None
