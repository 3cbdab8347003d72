"""What a TIFF's first directory says about the picture, and how that goes back into one (TIFF 6.0, Exif 2.32)."""

from __future__ import annotations

import io
from fractions import Fraction
from pathlib import Path
from typing import BinaryIO

import numpy as np

from foveate_server.picture_files import photoshop_resources, tiff, xmp
from foveate_server.picture_files.container_facts import Carried, ContainerFacts, Resolution

DNG = range(0xC612, 0xC800)  # of a camera's raw picture
IIM_MARKER = b"\x1c"  # begins each of IPTC's records
UNITS = {"": 1, "inch": 2, "cm": 3}


def inspect(stream: BinaryIO) -> ContainerFacts:
    """Return the facts of a TIFF."""
    found = tiff.read_descriptive(stream)
    if found is None:  # the decoder tells what is wrong
        return ContainerFacts("tiff")
    layout, fields, packet = found
    outdated = []
    if fields.pop(tiff.LAYERS, None):
        outdated.append("Photoshop's layers")
    if fields.pop(tiff.SUBDIRECTORIES, None):
        outdated.append(xmp.FURTHER)
    raw = [tag for tag in fields if tag in DNG]
    for tag in raw:
        del fields[tag]
    outdated += ["what DNG says about its samples"] * bool(raw)
    iptc, others, gone = photoshop_resources.split(_data(fields.pop(tiff.PHOTOSHOP, None)))
    iptc = _records(_data(fields.pop(tiff.IPTC, None))) or iptc
    carried = Carried(iptc=iptc, photoshop=others, outdated=(*outdated, *gone))
    return ContainerFacts("tiff", tiff.exif_block(layout, fields), packet, carried)


def _data(field: tiff.TiffField | tiff.Directory | None) -> bytes:
    return field.data if isinstance(field, tiff.TiffField) else b""


def _records(data: bytes) -> bytes | None:
    """Return IPTC's records, which some programs write as numbers of four bytes and others as bytes of that type."""
    if not data.startswith(IIM_MARKER) and len(data) % 4 == 0:
        data = np.frombuffer(data, "<u4").byteswap().tobytes()
    return data.rstrip(b"\0") or None if data.startswith(IIM_MARKER) else None


def finish(path: Path, exif: bytes | None, packet: bytes | None, carried: Carried, *, has_date: bool) -> None:
    """Put all that is told into the directory of the TIFF at `path`; what the encoder made up goes.

    `has_date` where the encoder was given one.
    """
    found = tiff.read_descriptive(io.BytesIO(exif)) if exif else None
    fields: tiff.Directory = found[1] if found else {}
    if carried.resolution and tiff.X_RESOLUTION not in fields:
        fields |= _resolution(carried.resolution)
    if packet:
        fields[tiff.XMP] = tiff.TiffField(tiff.BYTE, packet)
    if carried.iptc:
        fields[tiff.IPTC] = tiff.TiffField(tiff.UNDEFINED, carried.iptc)
    if carried.photoshop:
        fields[tiff.PHOTOSHOP] = tiff.TiffField(tiff.BYTE, carried.photoshop)
    with path.open("r+b") as stream:
        tiff.add_fields(stream, fields, without=(tiff.XMP,) if has_date else (tiff.XMP, tiff.DATE_TIME))


def _resolution(resolution: Resolution) -> tiff.Directory:
    if resolution.unit == "meter":
        resolution = resolution.per("inch")
    sides = (Fraction(side).limit_denominator(10_000) for side in (resolution.x, resolution.y))
    x, y = (np.array([side.numerator, side.denominator], "<u4").tobytes() for side in sides)
    return {
        tiff.X_RESOLUTION: tiff.TiffField(tiff.RATIONAL, x),
        tiff.Y_RESOLUTION: tiff.TiffField(tiff.RATIONAL, y),
        tiff.RESOLUTION_UNIT: tiff.TiffField(tiff.SHORT, np.uint16(UNITS[resolution.unit]).tobytes()),
    }


def resolution_in(exif: bytes) -> Resolution | None:
    """Return the resolution that an Exif block tells; None where it tells none."""
    found = tiff.read_descriptive(io.BytesIO(exif))
    fields = found[1] if found else {}
    sides = [_ratio(fields.get(tag)) for tag in (tiff.X_RESOLUTION, tiff.Y_RESOLUTION)]
    unit = int.from_bytes(_data(fields.get(tiff.RESOLUTION_UNIT))[:2], "little") or UNITS["inch"]
    names = {number: name for name, number in UNITS.items()}
    return Resolution(sides[0], sides[1], names[unit]) if all(sides) and unit in names else None


def _ratio(field: tiff.TiffField | tiff.Directory | None) -> float:
    data = _data(field)
    numerator, denominator = np.frombuffer(data, "<u4").tolist() if len(data) == 8 else (0, 0)
    return numerator / denominator if denominator else 0.0
