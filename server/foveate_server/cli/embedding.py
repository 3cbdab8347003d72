"""Recipes and Exif blocks in files: inside a PNG or OpenEXR, beside all others.

A recipe that cannot go into the file lies beside it, as `NAME.foveate.json`.
"""

from __future__ import annotations

import struct
from pathlib import Path
from typing import BinaryIO

import OpenImageIO as oiio

from foveate_server.cli import containers
from foveate_server.cli.containers import EXIF_PREFIX, PNG_SIGNATURE, png_chunk
from foveate_shared.errors import ErrorCode, InputError

RECIPE_KEY = "foveate:recipe"
CARRIERS = ("png", "openexr")
MAX_RECIPE_BYTES = 16 << 20


def sidecar_of(path: Path) -> Path:
    """Return where the recipe of `path` lies when it is not inside."""
    return path.with_name(path.name + ".foveate.json")


def finish(path: Path, kind: str, *, exif: bytes | None, recipe: str | None) -> None:
    """Put the raw Exif block into the PNG or JPEG at `path`, and the recipe into a PNG."""
    if kind == "png" and (exif or recipe):
        _finish_png(path, exif, recipe)
    elif kind == "jpeg" and exif and len(exif) <= containers.MAX_EXIF_BYTES:
        _finish_jpeg(path, exif)


def place_beside(path: Path, recipe: str | None) -> None:
    """Write the recipe beside a picture that cannot carry it; else remove one that an earlier result left there."""
    sidecar = sidecar_of(path)
    if recipe is None or containers.SUFFIXES.get(path.suffix.lower()) in CARRIERS:
        sidecar.unlink(missing_ok=True)
        return
    temporary = sidecar.with_name(f".{sidecar.name}.part")
    temporary.write_text(recipe + "\n", "ascii")
    temporary.replace(sidecar)


def read_recipe(path: Path) -> str:
    """Return the recipe inside or beside the picture at `path`. Raises InputError where there is none."""
    sidecar = sidecar_of(path)
    if not path.is_file():
        raise InputError(f"{path} does not exist.", code=ErrorCode.INVALID_FILE, remedy="Check the name.")
    text = _embedded_recipe(path)
    if text is None and sidecar.is_file() and sidecar.stat().st_size <= MAX_RECIPE_BYTES:
        text = sidecar.read_text("utf-8", errors="replace")
    if text is None:
        raise InputError(
            f"{path.name} carries no recipe, and {sidecar.name} is not beside it.",
            code=ErrorCode.INVALID_FILE,
            remedy="Replay a result that was written without --no-recipe.",
        )
    return text


def _embedded_recipe(path: Path) -> str | None:
    with path.open("rb") as stream:
        kind = containers.sniff(stream.read(16))
        if kind == "png":
            try:
                return _png_text(stream)
            except struct.error:
                raise containers.truncated("PNG") from None
    if kind == "openexr":
        source = oiio.ImageInput.open(str(path))
        if source is None:
            raise containers.truncated("OpenEXR")
        with_recipe = source.spec().get_string_attribute(RECIPE_KEY)
        source.close()
        return with_recipe or None
    return None


def _png_text(stream: BinaryIO) -> str | None:
    key = RECIPE_KEY.encode() + b"\0"
    for name, offset, length in containers.png_chunks(stream):
        if name == b"tEXt" and length <= MAX_RECIPE_BYTES:
            stream.seek(offset)
            content = stream.read(length)
            if content.startswith(key):
                return content[len(key) :].decode("latin-1")
    return None


def _finish_png(path: Path, exif: bytes | None, recipe: str | None) -> None:
    """Insert the chunks before the first image data; an older recipe, and another Exif block, go."""
    key = RECIPE_KEY.encode() + b"\0"
    data = path.read_bytes()
    parts = [PNG_SIGNATURE]
    new = (png_chunk(b"eXIf", exif) if exif else b"") + (
        png_chunk(b"tEXt", key + recipe.encode("ascii")) if recipe else b""
    )
    position = len(PNG_SIGNATURE)
    while position < len(data):
        length, name = struct.unpack_from(">I4s", data, position)
        end = position + 12 + length
        if name == b"IDAT" and new:
            parts.append(new)
            new = b""
        replaced = name == b"eXIf" and exif
        outdated = name in (b"tEXt", b"iTXt", b"zTXt") and data.startswith(key, position + 8)
        if not (replaced or outdated):
            parts.append(data[position:end])
        position = end
    path.write_bytes(b"".join(parts))


def _finish_jpeg(path: Path, exif: bytes) -> None:
    """Put the block behind the start-of-image marker, and drop the one that the encoder wrote."""
    data = path.read_bytes()
    content = EXIF_PREFIX + exif
    parts = [data[:2], struct.pack(">BBH", 0xFF, 0xE1, len(content) + 2), content]
    position = 2
    while data[position + 1] != containers.JPEG_START_OF_SCAN:
        (length,) = struct.unpack_from(">H", data, position + 2)
        end = position + 2 + length
        if not (data[position + 1] == 0xE1 and data.startswith(EXIF_PREFIX, position + 4)):
            parts.append(data[position:end])
        position = end
    path.write_bytes(b"".join([*parts, data[position:]]))
