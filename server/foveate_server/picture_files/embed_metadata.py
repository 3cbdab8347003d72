"""Recipes, Exif blocks and XMP packets in files.

A recipe lies inside a PNG or OpenEXR, and beside all others, as `NAME.foveate.json`.
"""

from __future__ import annotations

import io
import os
import struct
import uuid
from pathlib import Path
from typing import BinaryIO

import OpenImageIO as oiio

from foveate_server.picture_files import containers, tiff
from foveate_server.picture_files.containers import EXIF_PREFIX, XMP_KEY, XMP_PREFIX
from foveate_shared import png
from foveate_shared.errors import ErrorCode, InputError

RECIPE_KEY = "foveate:recipe"
WORDS_KEY = "parameters"  # as the tools around Stable Diffusion call it
CARRIERS = ("png", "openexr")
MAX_RECIPE_BYTES = 16 << 20


def sidecar_of(path: Path) -> Path:
    """Return where the recipe of `path` lies when it is not inside."""
    return path.with_name(path.name + ".foveate.json")


def finish(
    path: Path, kind: str, exif: bytes | None, xmp: bytes | None, recipe: str | None, *, words: str | None = None
) -> None:
    """Put the raw Exif block and XMP packet into the PNG, JPEG or TIFF at `path`, and the recipe into a PNG.

    `words` is the text that other tools read, see :mod:`a1111_text`; it goes into a PNG too.
    """
    if kind == "png":
        _finish_png(path, exif, xmp, recipe, words)
    elif kind == "jpeg":
        _finish_jpeg(path, exif, xmp)
    elif kind == "tiff":
        _finish_tiff(path, exif, xmp)


def place_beside(path: Path, recipe: str | None) -> None:
    """Write the recipe beside a picture that cannot carry it; else remove one that an earlier result left there.

    Raises OSError where it cannot be written; nothing is left of it then.
    """
    sidecar = sidecar_of(path)
    if recipe is None or containers.SUFFIXES.get(path.suffix.lower()) in CARRIERS:
        if _is_there(sidecar):
            sidecar.unlink()
        return
    temporary = sidecar.with_name(f".foveate-{uuid.uuid4().hex}.part")
    try:
        temporary.write_text(recipe + "\n", "ascii")
        temporary.replace(sidecar)
    finally:
        temporary.unlink(missing_ok=True)


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
        text = sidecar.read_text("utf-8", errors="replace")
    if text is None:
        raise InputError(
            f"{path.name} carries no recipe, and {sidecar.name} is not beside it.",
            code=ErrorCode.INVALID_FILE,
            remedy="Replay a result that has one: not written with --no-recipe, nor by `foveate jobs fetch`.",
        )
    return text


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
    for name, offset, length in containers.png_chunks(stream):
        if name == b"tEXt" and length <= MAX_RECIPE_BYTES:
            stream.seek(offset)
            content = stream.read(length)
            if content.startswith(key):
                return content[len(key) :].decode("latin-1")
    return None


def _finish_png(path: Path, exif: bytes | None, xmp: bytes | None, recipe: str | None, words: str | None) -> None:
    """Insert the chunks before the first image data; an older recipe, and another block and packet, go."""
    key, words_key = RECIPE_KEY.encode() + b"\0", WORDS_KEY.encode() + b"\0"
    new = png.chunk(b"eXIf", exif) if exif else b""
    new += png.chunk(b"iTXt", XMP_KEY + b"\0\0\0\0" + xmp) if xmp else b""  # not compressed; no language, no keyword
    new += png.chunk(b"tEXt", key + recipe.encode("ascii")) if recipe else b""
    new += _png_words(words_key, words) if words else b""
    data = path.read_bytes()
    parts = [png.SIGNATURE]
    position = len(png.SIGNATURE)
    while position < len(data):
        length, name = struct.unpack_from(">I4s", data, position)
        end = position + 12 + length
        if name == b"IDAT" and new:
            parts.append(new)
            new = b""
        replaced = name == b"eXIf" and exif
        text = name in (b"tEXt", b"iTXt", b"zTXt")
        outdated = text and data.startswith((key, words_key, XMP_KEY), position + 8)
        if not (replaced or outdated):
            parts.append(data[position:end])
        position = end
    path.write_bytes(b"".join(parts))


def _png_words(key: bytes, words: str) -> bytes:
    """Return the chunk of a text: Latin-1 where that holds it, which every tool reads, else UTF-8."""
    try:
        return png.chunk(b"tEXt", key + words.encode("latin-1"))
    except UnicodeEncodeError:
        return png.chunk(b"iTXt", key + b"\0\0\0\0" + words.encode("utf-8"))


def _finish_jpeg(path: Path, exif: bytes | None, xmp: bytes | None) -> None:
    """Put the segments behind the start-of-image marker; what the encoder wrote in their place goes."""
    data = path.read_bytes()
    new = [content for content in (exif and EXIF_PREFIX + exif, xmp and XMP_PREFIX + xmp) if content]
    outdated = (EXIF_PREFIX, XMP_PREFIX) if exif else (XMP_PREFIX,)
    parts = [data[:2], *(struct.pack(">BBH", 0xFF, 0xE1, len(content) + 2) + content for content in new)]
    position = 2
    while data[position + 1] != containers.JPEG_START_OF_SCAN:
        (length,) = struct.unpack_from(">H", data, position + 2)
        end = position + 2 + length
        if not (data[position + 1] == 0xE1 and data.startswith(outdated, position + 4)):
            parts.append(data[position:end])
        position = end
    path.write_bytes(b"".join([*parts, data[position:]]))


def _finish_tiff(path: Path, exif: bytes | None, xmp: bytes | None) -> None:
    """Put the block's fields and the packet into the directory; a packet and a date that the encoder made up go."""
    fields: tiff.Directory = {}
    made_up = (tiff.XMP, tiff.DATE_TIME) if exif else (tiff.XMP,)
    if exif:
        found = tiff.read_descriptive(io.BytesIO(exif))
        fields = found[1] if found else {}
    if xmp:
        fields[tiff.XMP] = tiff.TiffField(tiff.BYTE, xmp)
    with path.open("r+b") as stream:
        tiff.add_fields(stream, fields, without=made_up)
