"""PNG's chunks (ISO/IEC 15948): what they say about the picture, and how that goes back before an encoder's pixels."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

from foveate_server.picture_files import photoshop_resources, png_texts
from foveate_server.picture_files.container_facts import MAX_METADATA_BYTES, Carried, ContainerFacts, Resolution
from foveate_server.picture_files.jpeg_segments import EXIF_PREFIX, XMP_PREFIX
from foveate_server.picture_files.png_texts import Chunk
from foveate_shared import png

PIXELS = (b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND")  # what an encoder writes for the samples
COLORS = (b"cICP", b"iCCP", b"sRGB", b"gAMA", b"cHRM", b"mDCV", b"mDCv", b"cLLI", b"cLLi")
KEPT = (*COLORS, b"pHYs", b"sBIT", b"bKGD", b"tIME", b"sTER", b"sCAL", b"pCAL")
PLACES = (b"oFFs", b"vpAg", b"caNv")  # of the picture before on a page
ENCODING = (b"hIST", b"sPLT")
PALETTE = 3
SAMPLE_COUNTS = {0: 1, 2: 3, PALETTE: 3, 4: 2, 6: 4}  # by colour type, as sBIT counts them


def chunks_of(stream: BinaryIO) -> Iterator[tuple[bytes, int, int]]:
    """Yield name, offset of the content and its length for each chunk up to IEND; stops early at a broken one."""
    position = len(png.SIGNATURE)
    while True:
        stream.seek(position)
        length, name = struct.unpack(">I4s", stream.read(8))
        yield name, position + 8, length
        if name == b"IEND":
            return
        position += 12 + length


def inspect(stream: BinaryIO) -> ContainerFacts:
    """Return the facts of a PNG. Raises struct.error where it is cut off."""
    blocks: dict[bytes, bytes] = {}  # of which a file has one
    kept: list[Chunk] = []
    outdated: list[str] = []
    names = set()
    for name, content, problem in _read(stream):
        names.add(name)
        if problem:
            outdated.append(problem)
        elif name in (b"IHDR", b"eXIf"):
            blocks[name] = content
        elif name == png_texts.INTERNATIONAL and png_texts.key_of(content) == png_texts.XMP_KEY:
            blocks[png_texts.XMP_KEY] = png_texts.text_of((name, content)) or b""
        elif _is_kept(name):
            kept.append((name, content))
        elif name in PLACES:
            outdated += ["its place on a page"] * any(content[:8])
        elif name not in ENCODING:
            outdated.append(f"the chunk {_printable(name)}")
    outdated += ["the data behind the picture"] * bool(stream.seek(4, 1) < stream.seek(0, 2))
    depth, color_type = struct.unpack_from("8xBB", blocks.get(b"IHDR", b""))
    chunks = tuple(each for each in kept if _fits_samples(each, color_type, depth))
    carried = Carried(chunks, resolution=_resolution(chunks))
    facts = ContainerFacts("png", blocks.get(b"eXIf"), blocks.get(png_texts.XMP_KEY) or None, carried)
    facts = _with_raw_profiles(facts)
    gone = tuple(dict.fromkeys((*facts.carried.outdated, *outdated)))
    is_palette = color_type == PALETTE
    return replace(
        facts,
        carried=replace(facts.carried, outdated=gone),
        animated=b"acTL" in names,
        palette=is_palette,
        one_bit=depth == 1 and not is_palette,
    )


def _read(stream: BinaryIO) -> Iterator[tuple[bytes, bytes, str]]:
    """Yield name and content of each chunk that holds no samples, and what is wrong with it, if anything is."""
    for name, offset, length in chunks_of(stream):
        if name in PIXELS[1:]:
            continue
        if length > MAX_METADATA_BYTES:
            yield name, b"", f"the chunk {_printable(name)} of {length >> 20} MiB"
            continue
        stream.seek(offset)
        content, check = stream.read(length), stream.read(4)
        is_damaged = zlib.crc32(name + content) != int.from_bytes(check, "big") or _is_broken_text((name, content))
        yield name, content, f"the damaged chunk {_printable(name)}" * (is_damaged and name != b"IHDR")


def _is_broken_text(chunk: Chunk) -> bool:
    return chunk[0] in png_texts.KINDS and png_texts.text_of(chunk) is None


def _is_kept(name: bytes) -> bool:
    """Tell whether a chunk stays: of those that nobody knows here, what says itself that any editor may copy it."""
    safe_to_copy = bool(name[3] & 0x20)
    return name in (*KEPT, *png_texts.KINDS) or (safe_to_copy and name not in (*PLACES, *ENCODING))


def _fits_samples(chunk: Chunk, color_type: int, depth: int) -> bool:
    """Tell whether what a chunk says in samples is true of them at 8 or 16 bits without a palette."""
    name, content = chunk
    if name == b"sBIT":
        return len(content) == SAMPLE_COUNTS.get(color_type)
    return name != b"bKGD" or (color_type != PALETTE and depth >= 8)


def _printable(name: bytes) -> str:
    return name.decode("ascii", "replace")


def _resolution(chunks: tuple[Chunk, ...]) -> Resolution | None:
    content = dict(chunks).get(b"pHYs", b"")
    if len(content) != 9:
        return None
    x, y, unit = struct.unpack(">IIB", content)
    return Resolution(x, y, "meter" if unit == 1 else "") if x and y else None


def _with_raw_profiles(facts: ContainerFacts) -> ContainerFacts:
    """Return the facts with the blocks that older programs put into texts in their own places."""
    exif, xmp, carried = facts.exif, facts.xmp, facts.carried
    chunks = []
    for chunk in carried.chunks:
        block = png_texts.raw_profile(chunk) if chunk[0] in png_texts.KINDS else None
        name = png_texts.key_of(chunk[1]).removeprefix(png_texts.RAW_PROFILE)
        if block and name in (b"exif", b"APP1") and block.startswith(EXIF_PREFIX):
            exif = exif or block[len(EXIF_PREFIX) :]
        elif block and name in (b"xmp", b"APP1") and block.removeprefix(XMP_PREFIX).lstrip().startswith(b"<"):
            xmp = xmp or block.removeprefix(XMP_PREFIX)
        elif block and name in (b"iptc", b"8bim") and carried.iptc is None:
            iptc, others, gone = photoshop_resources.split(block)
            carried = replace(carried, iptc=iptc, photoshop=others, outdated=gone)
        else:
            chunks.append(chunk)
    return replace(facts, exif=exif, xmp=xmp, carried=replace(carried, chunks=tuple(chunks)))


def finish(path: Path, exif: bytes | None, xmp: bytes | None, icc: bytes | None, carried: Carried) -> None:
    """Put all that is told about the PNG at `path` before its image data; but for the pixels, its encoder's goes.

    A colour profile is written only where no chunk says what the colours mean.
    """
    told = list(carried.chunks)
    names = {name for name, _ in told}
    if icc and not names & set(COLORS):
        told.insert(0, (b"iCCP", b"ICC profile\0\0" + zlib.compress(icc)))
    if carried.resolution and b"pHYs" not in names:
        told.append((b"pHYs", _pixels_per_unit(carried.resolution)))
    told += [(b"eXIf", exif)] if exif else []
    told += [(png_texts.INTERNATIONAL, png_texts.XMP_KEY + b"\0\0\0\0\0" + xmp)] if xmp else []
    resources = photoshop_resources.join(carried.iptc, carried.photoshop)
    told += [png_texts.as_raw_profile(b"iptc", resources)] if resources else []
    data = path.read_bytes()
    parts = [png.SIGNATURE]
    position = len(png.SIGNATURE)
    while position < len(data):
        length, name = struct.unpack_from(">I4s", data, position)
        end = position + 12 + length
        if name == b"IDAT":
            parts += (png.chunk(*chunk) for chunk in _after_palette(told))
            told = []
        if name in PIXELS:
            parts.append(data[position:end])
        if name == b"IHDR":
            parts += (png.chunk(*chunk) for chunk in told if chunk[0] in (*COLORS, b"sBIT"))
        position = end
    path.write_bytes(b"".join(parts))


def _after_palette(chunks: list[Chunk]) -> Iterator[Chunk]:
    return (chunk for chunk in chunks if chunk[0] not in (*COLORS, b"sBIT"))


def _pixels_per_unit(resolution: Resolution) -> bytes:
    if not resolution.unit:
        return struct.pack(">IIB", round(resolution.x), round(resolution.y), 0)
    meter = resolution.per("meter")
    return struct.pack(">IIB", round(meter.x), round(meter.y), 1)
